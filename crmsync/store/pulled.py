"""What a pull writes: deals, milestones, people, stages, facts, held values, cursors, and what had to be set aside.

A page and its cursor are stored in one transaction, and every write is idempotent: a page may come twice, whole or in part.
"""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from crmsync.records import DEAL_SOURCE, Cursor, FactRecord, GoneRecord, Kind, Page, Phase, Side
from crmsync.store import held, tables
from crmsync.store.engine import Store
from crmsync.store.numbers import Numbers, parts
from crmsync.store.texts import make_storable
from crmsync.store.upsert import insert_new_values, table_of, upsert

CLOCK = "clock"  # the cursor that holds a CRM's own clock as of its newest complete pull
_deal, _milestone, _fact = table_of(tables.Deal), table_of(tables.Milestone), table_of(tables.Fact)
_stage = table_of(tables.Stage)
_cursor, _quarantine = table_of(tables.Cursor), table_of(tables.Quarantine)
FACT = tuple(_fact.c.keys())
STAGE, MILESTONE = Kind.STAGE, Kind.MILESTONE  # asked of each fact, and an enum takes its time to tell


@dataclass(slots=True)
class Stored:
    """What storing one page changed. `read`: records that the CRM gave, of which one may become several rows.

    Each row that could be used was stored (deals, milestones, facts, gone) or is unchanged; `quarantined`: records set aside.
    """

    read: int = 0
    deals: int = 0
    milestones: int = 0
    facts: int = 0
    gone: int = 0
    unchanged: int = 0
    quarantined: int = 0

    def add(self, other: "Stored") -> None:
        """Sums up pages."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def cursor(store: Store, crm: str, stream: str) -> Cursor | None:
    """How far a stream has been read, None if never."""
    with store.read() as connection:
        row = connection.execute(select(_cursor).where(_cursor.c.crm == crm, _cursor.c.stream == stream)).one_or_none()
    return None if row is None else Cursor(row.stamp, row.crm_id, row.resume, row.asked or "")


def complete_until(store: Store, crms: Collection[str] = ()) -> int | None:
    """The latest instant, on a CRM's own clock, up to which a pull is complete; None before the first."""
    query = select(func.max(_cursor.c.stamp)).where(_cursor.c.stream == CLOCK)
    if crms:
        query = query.where(_cursor.c.crm.in_(crms))
    with store.read() as connection:
        return connection.execute(query).scalar()


def stage_labels(store: Store) -> dict[str, str]:
    """What people call each stage, by its id."""
    with store.read() as connection:
        return {row.crm_id: row.label for row in connection.execute(select(_stage.c.crm_id, _stage.c.label))}


def save_page(store: Store, crm: str, page: Page, *, run_id: int, numbers: Numbers | None = None) -> Stored:
    """Stores a page and its cursor, all or nothing. `numbers`: those of the pages that this pull has stored before."""
    make_storable(page)
    numbers = numbers or Numbers(crm)
    numbers.forget_many()
    with store.write() as connection:
        return _Writer(connection, crm, run_id, numbers).save(page)


@dataclass(slots=True)
class _Writer:
    """One page's way into the tables. Ids of the CRM become ours through `numbers`."""

    connection: Connection
    crm: str
    run_id: int
    numbers: Numbers
    bad: dict[tuple[str, str], str] = field(default_factory=dict)
    homeless: int = 0  # rows whose deal isn't stored

    def save(self, page: Page) -> Stored:
        stored = Stored(read=page.read)
        self.bad = {(row["source"], row["crm_id"]): row["reason"] for row in page.bad}
        self._people_and_stages(page)
        stored.deals = self._deals(page)
        named = {row["deal"] for rows in (page.milestones, page.held) for row in rows}
        self.numbers.know_deals(self.connection, {fact["deal"] for fact in page.facts} | named)
        stored.milestones = self._milestones(page)
        stored.facts = self._facts(page.facts)
        self._held(page)
        stored.gone = self._gone(page.gone)
        stored.unchanged = self._usable(page) - stored.deals - stored.milestones - stored.facts - stored.gone
        stored.quarantined = self._set_aside(page)
        cursors = [{"crm": self.crm, "stream": page.stream, **_columns(page.cursor)}] if page.stream else []
        upsert(self.connection, tables.Cursor, cursors, key=("crm", "stream"))
        return stored

    def _usable(self, page: Page) -> int:
        """How many of a page's rows have a deal to belong to."""
        return len(page.deals) + len(page.gone) + len(page.milestones) + len(page.facts) - self.homeless

    def _people_and_stages(self, page: Page) -> None:
        people = [{"crm": self.crm, **row} for row in page.people]
        upsert(self.connection, tables.Person, people, key=("crm", "crm_id"))
        stages = [{"crm": self.crm, **row} for row in page.stages]
        upsert(self.connection, tables.Stage, stages, key=("crm", "pipeline", "crm_id"))

    def _deals(self, page: Page) -> int:
        if not page.deals:
            return 0
        ids = [row["crm_id"] for row in page.deals]
        left_at = self.numbers.gone_before(self.connection, ids)
        rows = [{"crm": self.crm, **row, "gone_at": None} for row in page.deals]
        changed = upsert(self.connection, tables.Deal, rows, key=("crm", "crm_id"), silent=("modified_at",))
        self.numbers.know_deals(self.connection, ids)
        # Not every CRM stamps a return: then all that is known is that it came after the leaving.
        back_at = {row["crm_id"]: row["modified_at"] for row in page.deals if row["crm_id"] in left_at}
        self._facts([_life(deal, max(at, left_at[deal] + 1), Phase.REOPENED) for deal, at in back_at.items()])
        return changed

    def _milestones(self, page: Page) -> int:
        rows: list[dict[str, Any]] = []
        for record in page.milestones:
            deal_id = self._deal_id(record["deal"], record["source"], record["crm_id"])
            if deal_id is not None:
                kept = {name: value for name, value in record.items() if name != "deal"}
                rows.append({"crm": self.crm, "deal_id": deal_id, **kept, "gone_at": None})
        return upsert(self.connection, tables.Milestone, rows, key=("crm", "source", "crm_id"), silent=("modified_at",))

    def _deal_id(self, deal: str, source: str, crm_id: str) -> int | None:
        """Our id of a deal; a record whose deal isn't stored is set aside, and comes right when the deal does."""
        deal_id = self.numbers.deals.get(deal)
        if deal_id is None:
            self.homeless += 1
            self.bad[source, crm_id] = f"its deal {deal or '(none)'} isn't stored"
        return deal_id

    def _facts(self, facts: list[FactRecord]) -> int:
        self.numbers.know_people(self.connection, {fact["person"] for fact in facts if fact["person"]})
        self.numbers.know_labels(self.connection, {fact["source"] for fact in facts} | {fact["name"] for fact in facts})
        self.numbers.know_milestones(self.connection, [fact for fact in facts if fact["kind"] is MILESTONE])
        return insert_new_values(self.connection, tables.Fact, FACT, list(self._rows(facts)))

    def _rows(self, facts: list[FactRecord]) -> Iterator[tuple[int | str, ...]]:
        """The values of each fact whose deal is stored, under the names of FACT."""
        labels, people, milestones = self.numbers.labels, self.numbers.people, self.numbers.milestones
        for fact in facts:
            source, source_id, kind = fact["source"], fact["source_id"], fact["kind"]
            deal_id = self._deal_id(fact["deal"], source, source_id)
            if deal_id is None:
                continue
            name = labels[fact["name"]]
            yield (
                deal_id,
                fact["at"],
                int(kind),
                int(fact["phase"]),
                labels[source],
                source_id,
                # Two stages may be entered in one second of the CRM's clock: the stage itself tells them apart.
                name if kind is STAGE else fact["value"],
                name,
                fact["known_at"],
                int(fact["side"]),
                people.get(fact["person"], 0),
                milestones.get((source, source_id), 0) if kind is MILESTONE else 0,
                self.run_id,
            )

    def _held(self, page: Page) -> None:
        rows = [
            {
                "deal_id": self.numbers.deals[row["deal"]],
                "result": row["result"],
                "value": row["value"],
                "set_by": row["set_by"],
                "set_at": row["set_at"],
                "seen_run_id": self.run_id,
            }
            for row in page.held
            if row["deal"] in self.numbers.deals
        ]
        held.save(self.connection, rows)

    def _gone(self, gone: list[GoneRecord]) -> int:
        return sum(self._deal_gone(row) if row["source"] == DEAL_SOURCE else self._milestone_gone(row) for row in gone)

    def _deal_gone(self, row: GoneRecord) -> int:
        self.numbers.know_deals(self.connection, [row["crm_id"]])
        if row["survivor"]:
            alias = {"crm": self.crm, "crm_id": row["crm_id"], "survivor": row["survivor"]}
            upsert(self.connection, tables.Alias, [alias], key=("crm", "crm_id"))
        where = (_deal.c.crm == self.crm, _deal.c.crm_id == row["crm_id"], _deal.c.gone_at.is_(None))
        if not self.connection.execute(update(_deal).where(*where).values(gone_at=row["gone_at"])).rowcount:
            return 0
        self._facts([_life(row["crm_id"], row["gone_at"], Phase.REMOVED)])
        return 1

    def _milestone_gone(self, row: GoneRecord) -> int:
        where = (
            _milestone.c.crm == self.crm,
            _milestone.c.source == row["source"],
            _milestone.c.crm_id == row["crm_id"],
            _milestone.c.gone_at.is_(None),
        )
        found = self.connection.execute(
            select(_deal.c.crm_id, _milestone.c.name, _milestone.c.side).join_from(_milestone, _deal).where(*where)
        ).one_or_none()
        if found is None:
            return 0
        self.connection.execute(update(_milestone).where(*where).values(gone_at=row["gone_at"]))
        self.numbers.know_deals(self.connection, [found.crm_id])
        removed: FactRecord = {
            **_life(found.crm_id, row["gone_at"], Phase.REMOVED),
            "kind": Kind.MILESTONE,
            "source": row["source"],
            "source_id": row["crm_id"],
            "name": found.name,
            "side": Side(found.side),
        }
        self._facts([removed])
        return 1

    def _set_aside(self, page: Page) -> int:
        """Keeps what couldn't be used, and lets go what can be used now."""
        if self.connection.execute(select(_quarantine.c.crm).where(_quarantine.c.crm == self.crm).limit(1)).first():
            self._let_go(page)
        rows = [
            {"crm": self.crm, "source": source, "crm_id": crm_id, "reason": reason, "run_id": self.run_id}
            for (source, crm_id), reason in self.bad.items()
        ]
        upsert(self.connection, tables.Quarantine, rows, key=("crm", "source", "crm_id"), silent=("run_id",))
        return len(rows)

    def _let_go(self, page: Page) -> None:
        """Takes what a page could use out of the quarantine."""
        kept = {(DEAL_SOURCE, row["crm_id"]) for row in page.deals}
        kept |= {(row["source"], row["crm_id"]) for row in page.milestones}
        kept |= {(fact["source"], fact["source_id"]) for fact in page.facts}
        by_source: dict[str, list[str]] = {}
        for source, crm_id in kept - self.bad.keys():
            by_source.setdefault(source, []).append(crm_id)
        for source, ids in by_source.items():
            for part in parts(ids):
                where = (_quarantine.c.crm == self.crm, _quarantine.c.source == source, _quarantine.c.crm_id.in_(part))
                self.connection.execute(delete(_quarantine).where(*where))


def _life(crm_id: str, at: int, phase: Phase) -> FactRecord:
    """A deal left the CRM, or came back."""
    return FactRecord(
        deal=crm_id,
        at=at,
        known_at=at,
        source=DEAL_SOURCE,
        source_id=crm_id,
        kind=Kind.DELETED,
        phase=phase,
        name="",
        value=0,
        side=Side.UNKNOWN,
        person="",
    )


def _columns(cursor: Cursor) -> dict[str, Any]:
    return {**asdict(cursor), "asked": cursor.asked or None}
