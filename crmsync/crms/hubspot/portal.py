"""What holds for the whole account: its id, zone and currency, stages, owners, properties and custom object types. Asked once."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import tzinfo
from threading import RLock
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crmsync.crms.hubspot.client import Client
from crmsync.crms.hubspot.refusals import Json
from crmsync.crms.hubspot.roster import Roster
from crmsync.errors import BadConfig, RetryLater
from crmsync.once import alone, forget, once
from crmsync.records import PersonRecord, StageRecord

DEALS, CONTACTS, COMPANIES = "deals", "contacts", "companies"
TASKS, CALLS, MEETINGS, EMAILS = "tasks", "calls", "meetings", "emails"
STANDARD = {DEALS, CONTACTS, COMPANIES, TASKS, CALLS, MEETINGS, EMAILS, "notes", "tickets", "line_items", "products"}
PAGE = 100


class Portal:
    """The account that a token belongs to."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.locks: dict[str, RLock] = {}
        self._properties: dict[str, dict[str, Json]] = {}
        self._unknown_stages: set[str] = set()
        self._pipelines = Roster(self._read_pipelines, ids=_ids_of_pipeline)
        self._people = Roster(self._read_owners, ids=lambda row: [str(row["id"])])

    def now(self) -> int:
        """The CRM's clock, by a call that costs little and tells the account's zone and currency too."""
        self.details = self._read_details()
        forget(self, "zone", "currency")
        if not self.client.seen_at:
            remedy = "let the proxy in between leave the header Date in"
            raise RetryLater("E201", "HubSpot's answers carry no Date", where=self.client.config.name, remedy=remedy)
        return self.client.seen_at

    @once
    def details(self) -> Json:
        """portalId, timeZone, companyCurrency."""
        return self._read_details()

    def _read_details(self) -> Json:
        details = self.client.one(self.client.paths.account())
        self.client.allowance.zone = _zone(details)
        return details

    @once
    def zone(self) -> tzinfo:
        """The zone whose days the account's people see; UTC where HubSpot names one that isn't known here."""
        return _zone(self.details)

    @once
    def currency(self) -> str:
        """The company's own currency: that of every deal where only one is in use."""
        return self.details.get("companyCurrency") or ""

    @property
    def place(self) -> str:
        """ "sandbox" or "production", "" where HubSpot doesn't tell. Its other types (test, developer) are no company's own."""
        kind = str(self.details.get("accountType") or "")
        return {"": "", "STANDARD": "production"}.get(kind, "sandbox")

    @once
    def stages(self) -> dict[str, StageRecord]:
        """The stages of all deal pipelines by id, retired ones included."""
        retired, active = self._pipelines.rows()
        found: dict[str, StageRecord] = {}
        for pipeline in (*retired, *active):  # an active definition replaces a retired one of the same id
            stages = [_stage(pipeline["id"], stage) for stage in pipeline.get("stages") or ()]
            found.update((stage["crm_id"], stage) for stage in stages)
        return found

    def _read_pipelines(self, archived: str) -> list[Json]:
        answer = self.client.get(self.client.paths.pipelines(DEALS), [("archived", archived)])
        return list(answer.get("results") or ())

    @once
    def owners(self) -> list[PersonRecord]:
        """The owners that deals may point to, deactivated ones included."""
        return [_owner(row) for row in self._owner_rows]

    @once
    def _owner_rows(self) -> list[Json]:
        retired, active = self._people.rows()
        return [*({**row, "archived": True} for row in retired), *({**row, "archived": False} for row in active)]

    def _read_owners(self, archived: str) -> Iterator[Json]:
        return self.pages(self.client.paths.owners(), [("archived", archived)])

    @once
    def _owner_of_user(self) -> dict[str, str]:
        return {
            str(row.get("userId") or row.get("userIdIncludingInactive") or ""): str(row["id"])
            for row in self._owner_rows
        }

    def person(self, user: str) -> str:
        """The owner id behind a user id of a history, "" if nobody is."""
        return self._owner_of_user.get(user, "") if user else ""

    def stage(self, crm_id: str) -> StageRecord | None:
        """A stage by its id; one made since the stages were read is looked for once."""
        if crm_id not in self.stages and crm_id not in self._unknown_stages:
            self._pipelines.forget()
            self.reread_stages()
            self._unknown_stages.add(crm_id)
        return self.stages.get(crm_id)

    def reread_stages(self) -> list[StageRecord]:
        """The stages as they are now."""
        forget(self, "stages")
        return list(self.stages.values())

    def reread_owners(self) -> list[PersonRecord]:
        """The owners as they are now."""
        forget(self, "_owner_rows", "_owner_of_user", "owners")
        return self.owners

    def pages(self, path: str, query: Iterable[tuple[str, str]]) -> Iterator[Json]:
        """All rows of a list that is read whole."""
        after = ""
        while True:
            answer = self.client.get(path, [*query, ("limit", str(PAGE)), *([("after", after)] if after else [])])
            yield from answer.get("results") or ()
            after = next_page(answer, after)
            if not after:
                return

    def properties(self, kind: str) -> dict[str, Json]:
        """The property definitions of an object type, by name."""
        with alone(self, kind):
            if kind not in self._properties:
                answer = self.client.get(self.client.paths.properties(kind))
                self._properties[kind] = {row["name"]: row for row in answer.get("results") or ()}
            return self._properties[kind]

    def forget_properties(self) -> None:
        """Some have just been made."""
        self._properties.clear()

    def require(self, kind: str, names: Iterable[str], *, key: str, remedy: str = "") -> None:
        """Raises BadConfig for a configured property that isn't there: HubSpot would leave it out of its answers without a word."""
        known = self.properties(kind)
        for name in names:
            if name not in known:
                where = self.client.config.where(key)
                what = f"HubSpot has no property {name!r} on {kind}, or the token may not see it"
                raise BadConfig("E203", what, where=where, remedy=remedy or f"correct {key}")

    @once
    def _custom(self) -> dict[str, str]:
        """Object type ids of custom objects, by each name they go by."""
        found: dict[str, str] = {}
        for schema in self.client.get(self.client.paths.schemas()).get("results") or ():
            for name in ("fullyQualifiedName", "name", "objectTypeId"):
                if schema.get(name):
                    found[schema[name]] = schema["objectTypeId"]
        return found

    def object_type(self, name: str, *, key: str) -> str:
        """What stands for an object in paths. Raises BadConfig when there is no such object."""
        if name in STANDARD or name.startswith("0-"):
            return name
        if name not in self._custom:
            what = f"HubSpot has no object {name!r}, or the token may not see it"
            remedy = "correct its name, or add crm.schemas.custom.read and crm.objects.custom.read to the service key"
            raise BadConfig("E203", what, where=self.client.config.where(key), remedy=remedy)
        return self._custom[name]


def next_page(answer: Json, after: str = "") -> str:
    """The `after` of a list's next page, "" at its end. Raises RetryLater where that is the page that was just read by `after`."""
    following = str(((answer.get("paging") or {}).get("next") or {}).get("after") or "")
    if following and following == after:
        raise RetryLater(
            "E211", "HubSpot's list points back to the page that was just read", remedy="wait; the next run goes on"
        )
    return following


def _zone(details: Json) -> tzinfo:
    try:
        return ZoneInfo(details.get("timeZone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _ids_of_pipeline(row: Json) -> list[str]:
    return [str(row["id"]), *(str(stage["id"]) for stage in row.get("stages") or ())]


def _stage(pipeline: str, stage: Json) -> StageRecord:
    metadata = stage.get("metadata") or {}
    probability = 0.0
    with suppress(ValueError):
        probability = float(metadata.get("probability") or 0)
    probability = probability if 0 <= probability <= 1 else 0.0  # NaN isn't
    closed = str(metadata.get("isClosed")).lower() == "true"
    return StageRecord(
        pipeline=str(pipeline),
        crm_id=str(stage["id"]),
        label=stage.get("label") or "",
        position=int(stage.get("displayOrder") or 0),
        closed=closed,
        won=closed and probability == 1,
        probability=probability,
    )


def _owner(row: Json) -> PersonRecord:
    name = " ".join(part for part in (row.get("firstName"), row.get("lastName")) if part)
    return PersonRecord(
        crm_id=str(row["id"]), role="owner", name=name, email=row.get("email") or "", active=not row["archived"]
    )
