"""Trained fits: what `train` writes and `score` reads."""

from dataclasses import dataclass

from sqlalchemy import insert, select

from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.upsert import table_of

_fit = table_of(tables.Fit)
_NEWEST = (_fit.c.as_of.desc(), _fit.c.fit_id.desc())  # one of a past day that was made today is no newer for it


@dataclass(frozen=True, slots=True)
class FitRow:
    """A fit as stored. `body` is its JSON; `used`: the gate let it score; `verdict`: what the gate said."""

    fit_id: int
    model: str
    run_id: int
    as_of: int
    digest: str
    used: bool
    verdict: str
    body: str


def save(store: Store, *, model: str, run_id: int, as_of: int, digest: str, used: bool, verdict: str, body: str) -> int:
    """Stores a fit and gives its id."""
    row = {
        "model": model,
        "run_id": run_id,
        "as_of": as_of,
        "digest": digest,
        "used": used,
        "verdict": verdict,
        "body": body,
    }
    with store.write() as connection:
        return int(connection.execute(insert(_fit).values(row).returning(_fit.c.fit_id)).scalar_one())


def newest_used(store: Store, model: str, *, as_of: int | None = None) -> FitRow | None:
    """The fit of a model that knows most of those that the gate let through, or of those made with nothing later than `as_of`."""
    query = select(_fit).where(_fit.c.model == model, _fit.c.used).order_by(*_NEWEST).limit(1)
    if as_of is not None:
        query = query.where(_fit.c.as_of <= as_of)
    with store.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else FitRow(*row)


def newest(store: Store, model: str) -> FitRow | None:
    """The newest fit of a model, whatever the gate said of it."""
    query = select(_fit).where(_fit.c.model == model).order_by(*_NEWEST).limit(1)
    with store.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else FitRow(*row)


def newest_waiting(store: Store, model: str, *, verdict: str, after: int, as_of: int) -> FitRow | None:
    """The newest fit whose verdict begins with a text, made as of an instant or earlier, but after another one."""
    query = select(_fit).where(_fit.c.model == model, _fit.c.verdict.startswith(verdict), _fit.c.as_of <= as_of)
    query = query.where(_fit.c.as_of > after).order_by(*_NEWEST).limit(1)
    with store.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else FitRow(*row)


def get(store: Store, fit_id: int) -> FitRow:
    """A fit by its id."""
    with store.read() as connection:
        return FitRow(*connection.execute(select(_fit).where(_fit.c.fit_id == fit_id)).one())
