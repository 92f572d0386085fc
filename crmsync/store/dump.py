"""The canonical dump: what was pulled, keyed by crm and crm_id, without our row numbers and stamps. Equal pulls give equal digests,
whatever the database, the order of arrival or the number of runs.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, select

from crmsync.records import Kind
from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.frames import rows
from crmsync.store.upsert import table_of

_deal, _milestone, _person = table_of(tables.Deal), table_of(tables.Milestone), table_of(tables.Person)
_stage, _fact, _held = table_of(tables.Stage), table_of(tables.Fact), table_of(tables.Held)
_quarantine, _alias, _label = table_of(tables.Quarantine), table_of(tables.Alias), table_of(tables.Label)
_OURS = {"deal_id", "milestone_id", "person_id", "run_id", "seen_run_id"}


def lines(store: Store) -> Iterator[str]:
    """The dump, a JSON object a line, in an order that doesn't depend on the database."""
    for table in (_person, _stage, _deal, _alias, _quarantine):
        yield from _sorted(store, table.name, select(*(column for column in table.c if column.name not in _OURS)))
    of_deal = (_deal.c.crm, _deal.c.crm_id.label("deal"))
    steps = (column for column in _milestone.c if column.name not in _OURS | {"crm"})
    yield from _sorted(store, "milestone", select(*of_deal, *steps).join_from(_milestone, _deal))
    held = (_held.c.result, _held.c.value, _held.c.set_by, _held.c.set_at)
    yield from _sorted(
        store, "held", select(*of_deal, *held).join_from(_held, _deal, _held.c.deal_id == _deal.c.deal_id)
    )
    yield from _sorted(store, "fact", _facts())


def _facts() -> Select[Any]:
    source, name = _label.alias("source"), _label.alias("named")
    return (
        select(
            _deal.c.crm,
            _deal.c.crm_id.label("deal"),
            *(_fact.c[column] for column in ("at", "known_at", "kind", "phase", "side", "source_id")),
            source.c.text.label("source"),
            name.c.text.label("name"),
            _fact.c.value,
            _person.c.crm_id.label("person"),
        )
        .join_from(_fact, _deal, _fact.c.deal_id == _deal.c.deal_id)
        .join(source, source.c.label_id == _fact.c.source)
        .join(name, name.c.label_id == _fact.c.name)
        .outerjoin(_person, _person.c.person_id == _fact.c.person_id)
    )


def _sorted(store: Store, table: str, query: Select[Any]) -> Iterator[str]:
    told = []
    for row in rows(store, query):
        if row.get("kind") == Kind.STAGE:
            row["value"] = 0  # the stage's label number, which is ours
        told.append(json.dumps({**row, "table": table}, sort_keys=True, ensure_ascii=False))
    yield from sorted(told)


def digest(store: Store) -> str:
    """SHA-256 of the dump, in hex."""
    found = hashlib.sha256()
    for line in lines(store):
        found.update(line.encode() + b"\n")
    return found.hexdigest()
