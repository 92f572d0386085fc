"""Our numbers of a CRM's deals, milestones and people and of repeated texts: looked up in bulk, kept for one page."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, select

from crmsync.records import FactRecord
from crmsync.store import tables
from crmsync.store.upsert import insert_new, table_of

Id = TypeVar("Id", str, int)
IN_LIST = 500  # ids in one IN (...)
_deal, _milestone = table_of(tables.Deal), table_of(tables.Milestone)
_label, _person = table_of(tables.Label), table_of(tables.Person)


@dataclass(slots=True)
class Numbers:
    """What is known so far. `know_...` looks up what isn't; an id without a number is absent afterwards."""

    connection: Connection
    crm: str
    deals: dict[str, int] = field(default_factory=dict)
    milestones: dict[tuple[str, str], int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)

    def gone_before(self, ids: list[str]) -> dict[str, int]:
        """Those of the deals that had left the CRM and now are back, with the instant of their leaving."""
        found: dict[str, int] = {}
        for part in parts(ids):
            query = select(_deal.c.crm_id, _deal.c.gone_at).where(
                _deal.c.crm == self.crm, _deal.c.crm_id.in_(part), _deal.c.gone_at.is_not(None)
            )
            found.update((crm_id, gone_at) for crm_id, gone_at in self.connection.execute(query))
        return found

    def know_deals(self, ids: Collection[str]) -> None:
        for part in parts([crm_id for crm_id in ids if crm_id not in self.deals]):
            query = select(_deal.c.crm_id, _deal.c.deal_id).where(_deal.c.crm == self.crm, _deal.c.crm_id.in_(part))
            self.deals.update((crm_id, deal_id) for crm_id, deal_id in self.connection.execute(query))

    def know_people(self, ids: Collection[str]) -> None:
        for part in parts(list(ids)):
            query = select(_person.c.crm_id, _person.c.person_id).where(
                _person.c.crm == self.crm, _person.c.crm_id.in_(part)
            )
            self.people.update((crm_id, person_id) for crm_id, person_id in self.connection.execute(query))

    def know_labels(self, texts: set[str]) -> None:
        new = sorted(texts - self.labels.keys())
        for part in parts(new):
            query = select(_label.c.text, _label.c.label_id).where(_label.c.text.in_(part))
            self.labels.update((text, label_id) for text, label_id in self.connection.execute(query))
        missing = [text for text in new if text not in self.labels]
        if missing:
            self._alone_with_labels()
            insert_new(self.connection, tables.Label, [{"text": text} for text in missing])
            self.know_labels(set(missing))

    def _alone_with_labels(self) -> None:
        """Two pulls that add the same texts in another order would deadlock on PostgreSQL; SQLite takes one writer at a time."""
        if self.connection.dialect.name == "postgresql":
            self.connection.exec_driver_sql("LOCK TABLE label IN SHARE ROW EXCLUSIVE MODE")

    def know_milestones(self, facts: Iterable[FactRecord]) -> None:
        by_source: dict[str, set[str]] = {}
        for fact in facts:
            by_source.setdefault(fact["source"], set()).add(fact["source_id"])
        for source, ids in by_source.items():
            for part in parts([crm_id for crm_id in ids if (source, crm_id) not in self.milestones]):
                query = select(_milestone.c.crm_id, _milestone.c.milestone_id).where(
                    _milestone.c.crm == self.crm, _milestone.c.source == source, _milestone.c.crm_id.in_(part)
                )
                self.milestones.update(((source, crm_id), number) for crm_id, number in self.connection.execute(query))


def parts(ids: list[Id]) -> Iterable[list[Id]]:
    return (ids[start : start + IN_LIST] for start in range(0, len(ids), IN_LIST))
