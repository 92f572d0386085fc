"""The weighted forecast's way from one date to another, with the fits that scored and the chances that people put in."""

from sqlalchemy import select

from crmsync import past
from crmsync.forecast.fit import train
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit, from_json
from crmsync.forecast.waterfall import Date, Waterfall, waterfall
from crmsync.records import OURSELVES, Result
from crmsync.store import fits, frames, tables
from crmsync.store.engine import Store
from crmsync.store.upsert import table_of
from crmsync.workspace import ModelSpec

_held = table_of(tables.Held)


def between(
    store: Store, spec: ModelSpec, history: History, *, from_at: int, to_at: int, until_on: int | None = None
) -> list[Waterfall]:
    """One waterfall for each currency; `until_on`: of what is won by that day. Raises Stopped with too few outcomes."""
    ends = [Date(at, fit_of(store, spec, history, at=at), overrides(store, by=at)) for at in (from_at, to_at)]
    return waterfall(history, *ends, until_on=until_on)


def fit_of(store: Store, spec: ModelSpec, history: History, *, at: int) -> Fit:
    """The newest used fit that knew nothing later; without one, it is made as of the instant. Raises Stopped."""
    row = fits.newest_used(store, spec.name, as_of=at)
    return (
        train(history, past.recipe(spec), as_of=at) if row is None else from_json(row.body, where=f"fit {row.fit_id}")
    )


def overrides(store: Store, *, by: int) -> dict[int, float]:
    """The chances that people had put in the field of ours by an instant, by deal; of those since replaced nothing is known."""
    query = select(_held.c.deal_id, _held.c.value).where(
        _held.c.result == Result.PROBABILITY,
        _held.c.value.is_not(None),
        _held.c.set_by.not_in(("", OURSELVES)),
        _held.c.set_at <= by,
    )
    return {row["deal_id"]: float(row["value"]) / 100 for row in frames.rows(store, query)}
