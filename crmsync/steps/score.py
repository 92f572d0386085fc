"""score: the newest fit and the facts known by an instant -> a score of each deal that was open then.

While too few deals have closed to learn from, deals are scored by stated rules instead: points, and no probability.
"""

import json
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from math import isnan
from tempfile import TemporaryFile
from typing import IO, Any, TypeVar

from crmsync import past
from crmsync.calendars import quarter
from crmsync.clock import MICROS_PER_DAY
from crmsync.config import StoreConfig
from crmsync.crew import shares, together
from crmsync.errors import BadConfig
from crmsync.forecast import enough, rules, verdict
from crmsync.forecast.book import Book
from crmsync.forecast.dataset import examples, open_deals, snapshots
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit, from_json
from crmsync.forecast.parts import as_bytes
from crmsync.forecast.plans import told_of_plans
from crmsync.forecast.reasons import Reasons
from crmsync.forecast.score import NO_DUE, Scores
from crmsync.forecast.score import score as score_deals
from crmsync.records import RULES
from crmsync.store import fits, parts, runs, scores
from crmsync.store.engine import Store, open_store
from crmsync.store.fits import FitRow
from crmsync.store.parts import Parts
from crmsync.store.upsert import Columns
from crmsync.workspace import ModelSpec

HORIZON_DAYS = 28  # of the column won_28d
MANY_BATCHES, MOST_PROCESSES = 8, 4

T = TypeVar("T")
Deals = Sequence[list[int]]  # numbers of deals, so many at a time
Batch = tuple[int, bytes]  # how many scores, and their columns as they are spooled

ONLY_FORECAST = (
    "probability",
    "close_p20",
    "close_p50",
    "close_p80",
    "won_28d",
    "won_in_period",
    "won_next_period",
    "expected_minor",
    "on_time",
    "on_time_text",
    "deciding_step",
    "deciding_step_on",
    "promises",
)


def score(store: Store, spec: ModelSpec, *, run_id: int, as_of: int | None = None) -> dict[str, int]:
    """Scores the deals that were open at the instant (None: at the newest pull) by the newest used fit that knew nothing later.

    Raises BadConfig E406 when there is no such fit though enough deals have closed for one, E410 when no pull has reached the
    instant.
    """
    at = past.instant(store, spec, as_of=as_of)
    row = fits.newest_used(store, spec.name, as_of=at)
    told = {"run_id": run_id, "model": spec.name, "as_of": at, "pull_run_id": runs.newest_pull(store)}
    batches = _by_rules(store, spec, at) if row is None else _by_fit(store, spec, row, at)
    told |= _told_by_rules() if row is None else _told_by_fit(store, row)
    count = 0
    with TemporaryFile() as spool:  # the store is written to when all is done, in one go, however many there are
        for scored, columns in batches:
            spool.write(columns)
            count += scored
        scores.save(store, _unspooled(spool, told))
    return {"open": count, "scored": count}


def _told_by_rules() -> dict[str, Any]:
    """What the scores of a run by rules have in common; what only a probability could tell stays empty."""
    return {"fit_id": None, "kind": RULES, **dict.fromkeys(ONLY_FORECAST), "category": "", "currency": ""}


def _told_by_fit(store: Store, row: FitRow) -> dict[str, Any]:
    """What the scores of a run by a fit have in common."""
    fit = _fit(row)
    parts_id = parts.number(store, row.fit_id, Parts(fit.formula.base, tuple(fit.formula.parts)))
    return {"fit_id": row.fit_id, "kind": fit.gate.kind, "points": None, "parts_id": parts_id, "reasons": ""}


def _fit(row: FitRow) -> Fit:
    return from_json(row.body, where=f"fit {row.fit_id}")


def _by_rules(store: Store, spec: ModelSpec, at: int) -> Iterator[Batch]:
    """All deals in one batch."""
    history, recipe = past.history(store, known_by=at, crms=spec.population.crms), past.recipe(spec)
    _require_rules(store, history, spec, at)
    deals = open_deals(history, created_from=recipe.created_from, as_of=at)
    yield len(deals), pickle.dumps(_columns_by_rules(rules.apply(history, deals, as_of=at)))


def _by_fit(store: Store, spec: ModelSpec, row: FitRow, at: int) -> Iterator[Batch]:
    """First what has to be known of all deals, then the scores of those that had not ended."""
    view, slips = past.View.of(store, at, spec.population.crms), _fit(row).slips
    book = Book.of(_shared(past.pages, store, past.batches(store, view.crms), view, slips), slips)
    return _shared(_scored, store, book.batches(past.DEALS_AT_ONCE), view, book, spec, row)


def _scored(store: Store, batches: Deals, view: past.View, book: Book, spec: ModelSpec, row: FitRow) -> Iterator[Batch]:
    """The deals of each batch."""
    fit, created_from = _fit(row), past.recipe(spec).created_from
    for history in past.parts(store, batches, view, book):
        found = score_deals(fit, history, open_deals(history, created_from=created_from, as_of=view.at), as_of=view.at)
        yield len(found), pickle.dumps({**_columns(found, spec), **told_of_plans(found, history, book.kept)})


def _shared(work: Callable[..., Iterator[T]], store: Store, batches: Deals, *told: Any) -> Iterator[T]:
    """What is made of batches of deals, in processes side by side where there are so many that it pays."""
    if len(batches) < MANY_BATCHES:
        return work(store, batches, *told)
    given = shares(batches, min(os.cpu_count() or 1, MOST_PROCESSES))
    return together(_elsewhere, [(work, store.config, some, *told) for some in given])


def _elsewhere(work: Callable[..., Iterator[T]], config: StoreConfig, *told: Any) -> Iterator[T]:
    store = open_store(config)
    yield from work(store, *told)
    store.close()


def _require_rules(store: Store, history: History, spec: ModelSpec, at: int) -> None:
    """Raises BadConfig E406 where a fit could be learnt: rules stand in for too short a past, not for a fit that is missing."""
    recipe = past.recipe(spec)
    found = snapshots(history, by=at, every_days=recipe.every_days, created_from=recipe.created_from)
    if not enough.missing(examples(history, found, by=at), recipe):
        what = f"no fit of the model {spec.name!r} that may score and knew nothing later"
        newest = fits.newest(store, spec.name)
        held_back = newest is not None and not newest.used and newest.as_of <= at
        raise BadConfig("E406", what, remedy=f"crmsync {'card' if held_back else 'train'} --model {spec.name}")


def _columns_by_rules(found: rules.Ruled) -> Columns:
    """What differs from deal to deal."""
    points, every = found.points.tolist(), range(len(found))
    return {
        "deal_id": found.deal.tolist(),
        "points": points,
        "risk": [rules.risk(total) for total in points],
        "milestones_done": found.steps_done.tolist(),
        "milestones_total": found.steps.tolist(),
        "next_step": list(found.next_step),
        "next_step_on": [rules.dated(day) for day in found.next_step_on.tolist()],
        "reasons": [_by_rules_as_json(found.parts(place)) for place in every],
        "text": [found.text(place) for place in every],
    }


def _by_rules_as_json(points: dict[str, int]) -> str:
    return json.dumps({"start": rules.START, "points": points}, separators=(",", ":"))


def _unspooled(spool: IO[bytes], told: dict[str, Any]) -> Iterator[Columns]:
    """The columns of each batch, with those that are alike in all rows."""
    size = spool.seek(0, os.SEEK_END)
    spool.seek(0)
    while spool.tell() < size:
        columns: Columns = pickle.load(spool)  # noqa: S301 - our own file, which nobody else can open
        yield {name: [value] * len(columns["deal_id"]) for name, value in told.items()} | columns


def _columns(found: Scores, spec: ModelSpec) -> Columns:
    """What differs from deal to deal, but for what is told of plans."""
    today = found.as_of // MICROS_PER_DAY
    _, period_ends = quarter(today, first_month=spec.target.fiscal_year_starts)
    _, next_ends = quarter(period_ends + 1, first_month=spec.target.fiscal_year_starts)
    in_period = found.won_by(period_ends)
    thresholds = verdict.Thresholds(**spec.categories.model_dump())
    base_rate, reasons = found.fit.trained.base_rate, Reasons(found)
    probability, overdue, next_on = found.probability.tolist(), found.overdue.tolist(), found.next_step_on.tolist()
    soon = found.won_soon.tolist() if found.fit.horizon_days == HORIZON_DAYS else [None] * len(found)
    return {
        "deal_id": found.deal.tolist(),
        "probability": probability,
        "close_p20": found.close_p20.tolist(),
        "close_p50": found.close_p50.tolist(),
        "close_p80": found.close_p80.tolist(),
        "won_28d": soon,
        "won_in_period": in_period.tolist(),
        "won_next_period": (found.won_by(next_ends) - in_period).tolist(),
        "risk": [verdict.risk(p, base_rate=base_rate, overdue=n) for p, n in zip(probability, overdue, strict=True)],
        "category": [verdict.category(each, thresholds) for each in probability],
        "expected_minor": list(map(_expected, found.amount_minor.tolist(), probability)),
        "currency": list(found.currency),
        "milestones_done": found.steps_done.tolist(),
        "milestones_total": found.steps.tolist(),
        "next_step": list(found.next_step),
        "next_step_on": [None if day == NO_DUE else day for day in next_on],
        "added": as_bytes(found.contributions),
        "text": [reasons.text(row) for row in range(len(found))],
    }


def _expected(amount: float, probability: float) -> int | None:
    """The amount times its chance, in minor units; None for a deal without an amount."""
    return None if isnan(amount) else round(amount * probability)
