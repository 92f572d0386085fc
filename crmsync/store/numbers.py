"""Our numbers of a CRM's deals, milestones and people and of repeated texts: looked up in bulk, kept from one page to the next."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, Table, select

from crmsync.records import FactRecord
from crmsync.store import tables
from crmsync.store.upsert import insert_new, table_of

Id = TypeVar("Id", str, int)
IN_LIST = 500  # ids in one IN (...)
MOST = 50_000  # of each kind, kept from one page to the next
_deal, _milestone = table_of(tables.Deal), table_of(tables.Milestone)
_label, _person = table_of(tables.Label), table_of(tables.Person)


@dataclass(slots=True)
class Numbers:
    """What is known so far. `know_...` looks up what isn't; an id without a number is absent afterwards.

    They hold as long as every page that they were asked for is stored: after one that is not, none of them may be used.
    """

    crm: str
    deals: dict[str, int] = field(default_factory=dict)
    milestones: dict[tuple[str, str], int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)

    def forget_many(self) -> None:
        """Keeps memory bounded: steps hardly come twice, and of the rest so many are enough."""
        self.milestones.clear()
        for known in (self.deals, self.people, self.labels):
            if len(known) > MOST:
                known.clear()

    def gone_before(self, connection: Connection, ids: list[str]) -> dict[str, int]:
        """Those of the deals that had left the CRM and now are back, with the instant of their leaving."""
        found: dict[str, int] = {}
        for part in parts(ids):
            query = select(_deal.c.crm_id, _deal.c.gone_at).where(
                _deal.c.crm == self.crm, _deal.c.crm_id.in_(part), _deal.c.gone_at.is_not(None)
            )
            found.update((crm_id, gone_at) for crm_id, gone_at in connection.execute(query))
        return found

    def know_deals(self, connection: Connection, ids: Collection[str]) -> None:
        new = [crm_id for crm_id in ids if crm_id not in self.deals]
        self.deals.update(_found(connection, _deal, new, crm=self.crm))

    def know_people(self, connection: Connection, ids: Collection[str]) -> None:
        new = [crm_id for crm_id in ids if crm_id not in self.people]
        self.people.update(_found(connection, _person, new, crm=self.crm))

    def know_labels(self, connection: Connection, texts: set[str]) -> None:
        new = sorted(texts - self.labels.keys())
        for part in parts(new):
            query = select(_label.c.text, _label.c.label_id).where(_label.c.text.in_(part))
            self.labels.update((text, label_id) for text, label_id in connection.execute(query))
        missing = [text for text in new if text not in self.labels]
        if missing:
            _alone_with_labels(connection)
            insert_new(connection, tables.Label, [{"text": text} for text in missing])
            self.know_labels(connection, set(missing))

    def know_milestones(self, connection: Connection, facts: Iterable[FactRecord]) -> None:
        by_source: dict[str, set[str]] = {}
        for fact in facts:
            by_source.setdefault(fact["source"], set()).add(fact["source_id"])
        for source, ids in by_source.items():
            new = [crm_id for crm_id in ids if (source, crm_id) not in self.milestones]
            found = _found(connection, _milestone, new, crm=self.crm, source=source)
            self.milestones.update(((source, crm_id), number) for crm_id, number in found)


def _found(connection: Connection, table: Table, ids: Sequence[str], **same: str) -> Iterator[tuple[str, int]]:
    """The CRM's ids and our numbers of those rows that are there. A statement made for each list would take as long again."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    (number,) = table.primary_key.columns.keys()
    where = "".join(f"{name} = {mark} AND " for name in same)
    for part in parts(ids):
        marks = ", ".join([mark] * len(part))
        text = f"SELECT crm_id, {number} FROM {table.name} WHERE {where}crm_id IN ({marks})"  # noqa: S608 - our own names
        yield from map(tuple, connection.exec_driver_sql(text, (*same.values(), *part)))


def _alone_with_labels(connection: Connection) -> None:
    """Two pulls that add the same texts in another order would deadlock on PostgreSQL; SQLite takes one writer at a time."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE label IN SHARE ROW EXCLUSIVE MODE")


def parts(ids: Sequence[Id]) -> Iterable[Sequence[Id]]:
    return (ids[start : start + IN_LIST] for start in range(0, len(ids), IN_LIST))
