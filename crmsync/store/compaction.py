"""Finds what is spent of a CRM's scores, plans and receipts, a range of deals at a time, and deletes it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, delete, func, select

from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.numbers import parts
from crmsync.store.outbox import IN_FLIGHT, UNCLEAR, UNDO, newest_stage
from crmsync.store.spent import OldScore, Value, kept_values, spent_receipts, spent_scores
from crmsync.store.upsert import table_of

_score, _deal, _run = table_of(tables.Score), table_of(tables.Deal), table_of(tables.Run)
_outbox, _receipt = table_of(tables.Outbox), table_of(tables.Receipt)
_BY_FIELD = (_outbox.c.deal_id, _outbox.c.result, _outbox.c.outbox_id, _receipt.c.receipt_id)


@dataclass(frozen=True, slots=True)
class Until:
    """Instants: what is younger stays, all of it. 0: everything does."""

    scores: int
    values: int


@dataclass(frozen=True, slots=True)
class Spent:
    """The numbers of rows that nothing asks for any more."""

    scores: list[int]
    values: list[int]
    receipts: list[int]


def newest_score(store: Store, crm: str) -> int | None:
    """The latest instant as of which an open deal of a CRM was scored; None before the first."""
    open_now = (_deal.c.crm == crm, _deal.c.closed_at.is_(None), _deal.c.gone_at.is_(None))
    query = select(func.max(_score.c.as_of)).join_from(_score, _deal, _score.c.deal_id == _deal.c.deal_id)
    with store.read() as connection:
        return connection.execute(query.where(*open_now)).scalar()


def find(connection: Connection, crm: str, deals: tuple[int, int], until: Until) -> Spent:
    """What is spent of a CRM's deals from a number to another."""
    found = Spent([], [], [])
    for line in _fields(connection, crm, deals) if until.values else ():
        kept = kept_values(line, until=until.values)
        staying = {value.outbox_id for value in kept}
        gone = [value for value in line if value.outbox_id not in staying]
        found.values.extend(value.outbox_id for value in gone)
        found.receipts.extend(each for value in gone for each in value.receipts)
        found.receipts.extend(each for value in kept for each in spent_receipts(value, until=until.values))
    if until.scores:
        named = _named(connection, deals, besides=set(found.values))
        found.scores.extend(spent_scores(_old_scores(connection, crm, deals, until.scores), named))
    return found


def drop(connection: Connection, spent: Spent) -> None:
    """Deletes what is spent, whatever refers to a row before that row."""
    for column, numbers in (
        (_receipt.c.receipt_id, spent.receipts),
        (_outbox.c.outbox_id, spent.values),
        (_score.c.score_id, spent.scores),
    ):
        for part in parts(numbers):
            connection.execute(delete(column.table).where(column.in_(part)))


def _named(connection: Connection, deals: tuple[int, int], *, besides: set[int]) -> set[int]:
    """The scores that plans for some deals name, but for some of the planned values."""
    query = select(_outbox.c.outbox_id, _outbox.c.score_id).where(_outbox.c.deal_id.between(*deals))
    return {row.score_id for row in connection.execute(query) if row.outbox_id not in besides}


def _old_scores(connection: Connection, crm: str, deals: tuple[int, int], until: int) -> Iterator[OldScore]:
    columns = (_score.c.score_id, _score.c.deal_id, _score.c.model, _score.c.as_of)
    query = select(*columns).join_from(_score, _deal, _score.c.deal_id == _deal.c.deal_id)
    query = query.where(_deal.c.crm == crm, _score.c.deal_id.between(*deals), _score.c.as_of <= until)
    query = query.order_by(_score.c.deal_id, _score.c.model, _score.c.as_of, _score.c.score_id)
    return (OldScore(*row) for row in connection.execute(query))


def _fields(connection: Connection, crm: str, deals: tuple[int, int]) -> Iterator[list[Value]]:
    """The planned values of each field of each deal, as they were planned."""
    planned_by, noted_by = _run.alias("planned_by"), _run.alias("noted_by")
    query = (
        select(_outbox, _receipt.c.receipt_id, _receipt.c.state)
        .add_columns(planned_by.c.started_at.label("planned_at"), noted_by.c.started_at.label("noted_at"))
        .outerjoin(planned_by, planned_by.c.run_id == _outbox.c.run_id)
        .outerjoin(_receipt, _receipt.c.outbox_id == _outbox.c.outbox_id)
        .outerjoin(noted_by, noted_by.c.run_id == _receipt.c.run_id)
        .where(_outbox.c.crm == crm, _outbox.c.deal_id.between(*deals))
        .order_by(*_BY_FIELD)
    )
    to_send = newest_stage(connection, crm)
    rows = connection.execute(query)
    for _, of_field in groupby(rows, key=lambda row: (row.deal_id, row.result)):
        yield [_value(each, to_send) for _, each in groupby(of_field, key=lambda row: row.outbox_id)]


def _value(rows: Iterable[Any], to_send: int | None) -> Value:
    """A value from its row of the outbox, which comes once for each receipt, the oldest first."""
    every = list(rows)
    first, last = every[0], every[-1]
    settled = first.run_id != to_send and last.state not in (IN_FLIGHT, UNCLEAR)
    begun = first.planned_at if first.state is None else first.noted_at
    return Value(
        outbox_id=first.outbox_id,
        old=first.old,
        new=first.new,
        by_undo=first.reason.startswith(UNDO),
        state=last.state or "",
        receipts=tuple(row.receipt_id for row in every if row.receipt_id is not None),
        at=begun if settled else None,
    )
