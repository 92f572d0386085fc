"""Scores: what `score` writes, and what is read of them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, Select, func, select

from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.upsert import Columns, insert_all, table_of

_score, _deal = table_of(tables.Score), table_of(tables.Deal)
_LATEST_FIRST = (_score.c.as_of.desc(), _score.c.score_id.desc())  # a past day may be scored later on


def save(store: Store, batches: Iterable[Columns]) -> None:
    """Stores the scores of one run, all or none."""
    with store.write() as connection:
        for columns in batches:
            insert_all(connection, tables.Score, columns)


def _newest(*, until: int | None = None) -> Select[Any]:
    """The ids of each deal's newest score: the one of the latest as-of."""
    place = func.row_number().over(partition_by=_score.c.deal_id, order_by=_LATEST_FIRST).label("place")
    query = select(_score.c.score_id, place)
    ranked = (query if until is None else query.where(_score.c.as_of <= until)).subquery("ranked")
    return select(ranked.c.score_id).where(ranked.c.place == 1)


def newest_of_open(crm: str | None = None) -> Select[Any]:
    """The query for the newest score of each deal that its CRM shows as open, with the deal's own columns."""
    open_now = (_deal.c.closed_at.is_(None), _deal.c.gone_at.is_(None))
    query = (
        select(_score, _deal.c.crm, _deal.c.crm_id, _deal.c.name)
        .join_from(_score, _deal, _score.c.deal_id == _deal.c.deal_id)
        .where(_score.c.score_id.in_(_newest()), *open_now)
        .order_by(_deal.c.crm, _deal.c.crm_id)
    )
    return query if crm is None else query.where(_deal.c.crm == crm)


def newest(store: Store, deal_id: int) -> Row[Any] | None:
    """The newest score of one deal."""
    query = select(_score).where(_score.c.deal_id == deal_id).order_by(*_LATEST_FIRST).limit(1)
    with store.read() as connection:
        return connection.execute(query).one_or_none()


def before(store: Store, as_of: int) -> dict[int, float]:
    """Each deal's probability by its newest score as of an instant or earlier, if that has one: what `change_7d` compares with."""
    query = select(_score.c.deal_id, _score.c.probability).where(
        _score.c.score_id.in_(_newest(until=as_of)), _score.c.probability.is_not(None)
    )
    with store.read() as connection:
        return {row.deal_id: row.probability for row in connection.execute(query)}
