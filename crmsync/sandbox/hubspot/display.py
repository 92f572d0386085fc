"""Shows records as JSON: their properties, and where asked for the properties' histories and what they are associated with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.hubspot.history import history
from crmsync.sandbox.hubspot.kind import OWN_CREATED, Kind
from crmsync.sandbox.hubspot.moments import instant_text
from crmsync.sandbox.hubspot.portal import Portal
from crmsync.sandbox.records import Change

VERSIONS_KEPT = 20
LINKS_SHOWN = 100  # of each type; the rest must be asked for by id
API_WRITER = "api"  # who writes by the token
API_APP, PLAN_TOOL = "9800001", "9800002"  # apps that histories name: the token's, and the one that acts by itself

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What to show of records. Nothing asked for: the type's own few properties."""

    properties: Sequence[str] = ()
    histories: Sequence[str] = ()
    associations: Sequence[str] = ()


class Display:
    """Shows records of a portal."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def show(self, kind: Kind, rows: Ints, now: int, shape: Shape) -> list[Record]:
        """Records as JSON, one for each row."""
        shown = self.shown_properties(kind, shape)
        columns = kind.columns([*shown, "hs_createdate", kind.schema.modified], rows, now)
        records = []
        for place, row in enumerate(rows.tolist()):
            record: Record = {
                "id": kind.records.make_id(row),
                "properties": {name: columns[name][place] for name in shown},
                "createdAt": columns["hs_createdate"][place],
                "updatedAt": columns[kind.schema.modified][place],
                "archived": kind.records.deleted(row) <= now,
            }
            self._add_rest(record, kind, row, now, shape)
            records.append(record)
        return records

    def shown_properties(self, kind: Kind, shape: Shape) -> list[str]:
        """What a record shows: those asked for that exist, and a few always. An unknown name is left out without a word."""
        asked = [*shape.properties, *shape.histories] or kind.schema.defaults
        always = (OWN_CREATED, kind.schema.modified, "hs_object_id")
        return [name for name in dict.fromkeys([*asked, *always]) if name in kind.schema.properties]

    def _add_rest(self, record: Record, kind: Kind, row: int, now: int, shape: Shape) -> None:
        if record["archived"]:
            record["archivedAt"] = instant_text(kind.records.deleted(row))
        if shape.histories:
            known = [name for name in shape.histories if name in kind.schema.properties]
            record["propertiesWithHistory"] = {name: self._history(kind, name, row, now) for name in known}
        if shape.associations:
            blocks = self._associations(kind, row, now, shape.associations)
            record.update({"associations": blocks} if blocks else {})
        record["url"] = (
            f"https://app.hubspot.com/contacts/{self.portal.portal_id}/record/{kind.schema.type_id}/{record['id']}"
        )

    def _history(self, kind: Kind, name: str, row: int, now: int) -> list[Record]:
        """The newest versions of a property, newest first."""
        newest = history(kind, name, row, now)[-VERSIONS_KEPT:]
        return [_version(change, computed=name in kind.computed) for change in reversed(newest)]

    def _associations(self, kind: Kind, row: int, now: int, names: Iterable[str]) -> Record:
        blocks = {}
        for name in names:
            other = self.portal.kind(name)
            linked = self.portal.linked(kind, row, other, now)
            if linked:
                word = f"{kind.schema.single}_to_{other.schema.single}"
                shown = [{"id": other.records.make_id(link.row), "type": word} for link in linked[:LINKS_SHOWN]]
                blocks[other.name] = {"results": shown, **_paging(linked, other)}
        return blocks


def _paging(linked: Sequence[Any], other: Kind) -> Record:
    if len(linked) <= LINKS_SHOWN:
        return {}
    return {"paging": {"next": {"after": other.records.make_id(linked[LINKS_SHOWN - 1].row)}}}


def _version(change: Change, *, computed: bool) -> Record:
    """One value of a history: when, and by whom or what."""
    version: Record = {
        "value": "" if change.value is None else str(change.value),
        "timestamp": instant_text(change.at),
    }
    if change.who.isdigit():
        version |= {"sourceType": "CRM_UI", "sourceId": f"userId:{change.who}", "updatedByUserId": int(change.who)}
    elif computed:
        version |= {"sourceType": "CALCULATED", "sourceId": "CalculatedPropertyComputer"}
    else:
        version |= {"sourceType": "INTEGRATION", "sourceId": API_APP if change.who == API_WRITER else PLAN_TOOL}
    return version
