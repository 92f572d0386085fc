"""Reading many records or associations by id in few calls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from crmsync.crms.hubspot.client import Client
from crmsync.crms.hubspot.portal import next_page
from crmsync.crms.hubspot.refusals import Json
from crmsync.crms.hubspot.values import Row

READ_INPUTS = 100
READ_INPUTS_WITH_HISTORY = 50
BLOCK = 100  # associations in a list's block: it may end there without a word
PRIMARY = "Primary"


@dataclass(frozen=True, slots=True)
class Link:
    """One associated record: its id, the label that people gave to the association, and whether it is the primary one."""

    id: str
    label: str
    primary: bool


def parts(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The ids in slices."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def read(
    client: Client, kind: str, ids: Sequence[str], *, properties: Sequence[str], histories: Sequence[str] = ()
) -> Iterator[Row]:
    """The records that still live under these ids. The id of a merged one gives the survivor, under the survivor's id."""
    return chain.from_iterable(answers(client, kind, ids, properties=properties, histories=histories))


def answers(
    client: Client, kind: str, ids: Sequence[str], *, properties: Sequence[str], histories: Sequence[str] = ()
) -> Iterator[list[Row]]:
    """The same, call by call."""
    path = client.paths.objects(kind, "batch/read")
    for part in parts(ids, READ_INPUTS_WITH_HISTORY if histories else READ_INPUTS):
        body: Json = {"inputs": [{"id": crm_id} for crm_id in part], "properties": list(properties)}
        if histories:
            body["propertiesWithHistory"] = list(histories)
        yield [Row(raw) for raw in client.post(path, body).get("results") or ()]


def archived(client: Client, kind: str, ids: Sequence[str]) -> Iterator[Row]:
    """Those of the ids that lie in the archive."""
    path = client.paths.objects(kind, "batch/read") + "?archived=true"
    for part in parts(ids, READ_INPUTS):
        body: Json = {"inputs": [{"id": crm_id} for crm_id in part], "properties": ["hs_object_id"]}
        yield from map(Row, client.post(path, body).get("results") or ())


def associated(client: Client, kind: str, to: str, ids: Sequence[str]) -> dict[str, list[Link]]:
    """The records of type `to` that belong to each of these; one without any is left out.

    Asked by id, and page by page: the blocks inside list answers end at 100 without a word.
    """
    path = client.paths.associations(kind, to)
    found: dict[str, list[Link]] = {}
    waiting = [{"id": crm_id} for crm_id in ids]
    while waiting:
        size = client.settings.association_inputs
        now, waiting = waiting[:size], waiting[size:]
        asked = {one["id"]: one.get("after", "") for one in now}
        for result in client.post(path, {"inputs": now}).get("results") or ():
            crm_id = str(result["from"]["id"])
            found.setdefault(crm_id, []).extend(_link(link) for link in result.get("to") or ())
            if after := next_page(result, asked.get(crm_id, "")):
                waiting.append({"id": crm_id, "after": after})
    return found


def listed_row(raw: Json) -> Row:
    """A record of a list that was asked for associations: HubSpot leaves their block out where there are none."""
    return Row({**raw, "associations": raw.get("associations") or {}})


def linked_ids(client: Client, kind: str, to: str, rows: Sequence[Row]) -> dict[str, list[str]]:
    """The ids of the `to` records of each row, sorted.

    From the blocks that a list brought along; asked for where there was no list, or a block may not be whole.
    """
    found: dict[str, list[str]] = {}
    for row in rows:
        block = row.raw["associations"].get(to, {}) if "associations" in row.raw else None
        ids = [str(link["id"]) for link in (block or {}).get("results") or ()]
        if block is not None and len(ids) < BLOCK and not next_page(block):
            found[row.id] = sorted(set(ids))
    links = associated(client, kind, to, [row.id for row in rows if row.id not in found])
    return found | {crm_id: sorted(link.id for link in linked) for crm_id, linked in links.items()}


def _link(link: Json) -> Link:
    labels = [kind.get("label") or "" for kind in link.get("associationTypes") or ()]
    given = [label for label in labels if label and not label.startswith(PRIMARY)]
    primary = any(label.startswith(PRIMARY) for label in labels)
    return Link(str(link["toObjectId"]), given[0] if given else "", primary=primary)
