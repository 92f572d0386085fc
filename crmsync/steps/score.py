"""score: the newest fit and the facts known by an instant -> a score of each deal that was open then."""

import json
import os
import pickle
from collections.abc import Iterator
from math import isnan
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from crmsync import past
from crmsync.calendars import quarter
from crmsync.clock import MICROS_PER_DAY
from crmsync.config import StoreConfig
from crmsync.crew import together
from crmsync.errors import BadConfig
from crmsync.forecast import verdict
from crmsync.forecast.dataset import open_deals
from crmsync.forecast.logistic import from_json, sigmoid
from crmsync.forecast.points import points, tenths
from crmsync.forecast.reasons import Reasons
from crmsync.forecast.score import NO_DUE, Scores
from crmsync.forecast.score import score as score_deals
from crmsync.store import fits, runs, scores
from crmsync.store.engine import Store, open_store
from crmsync.store.fits import FitRow
from crmsync.workspace import ModelSpec

HORIZON_DAYS = 28  # of the column won_28d
MANY_RANGES, MOST_PROCESSES = 8, 4

Told = dict[str, Any]  # columns that are the same in all rows of a run


def score(store: Store, spec: ModelSpec, *, run_id: int, as_of: int | None = None) -> dict[str, int]:
    """Scores the deals that were open at the instant (None: at the newest pull) by the newest used fit that knew nothing later.

    Raises BadConfig E406 when there is no such fit, E410 when no pull has reached the instant.
    """
    at = past.instant(store, spec, as_of=as_of)
    row = fits.newest_used(store, spec.name, as_of=at)
    if row is None:
        what = f"no fit of the model {spec.name!r} that may score" + (
            "" if as_of is None else " and knew nothing later"
        )
        raise BadConfig("E406", what, remedy=f"crmsync train --model {spec.name}")
    told = {
        "run_id": run_id,
        "fit_id": row.fit_id,
        "model": spec.name,
        "as_of": at,
        "pull_run_id": runs.newest_pull(store),
    }
    book, count = past.book(store, known_by=at, crms=spec.population.crms), 0
    with TemporaryFile() as spool:  # the store is written to when all is done, in one go, however many there are
        for batch in _batches(store, book, spec, row, told):
            pickle.dump(batch, spool)
            count += len(batch)
        scores.save(store, _unspooled(spool))
    return {"open": count, "scored": count}


def _batches(store: Store, book: past.Book, spec: ModelSpec, fit: FitRow, told: Told) -> Iterator[list[dict[str, Any]]]:
    """The rows of the deals, in processes side by side where there are so many that it pays."""
    if len(book.ranges) < MANY_RANGES:
        return _scored(store, book, spec, fit, told)
    shares = book.shares(min(os.cpu_count() or 1, MOST_PROCESSES))
    return together(_scored_elsewhere, [(store.config, share, spec, fit, told) for share in shares])


def _scored_elsewhere(config: StoreConfig, *share: Any) -> Iterator[list[dict[str, Any]]]:
    store = open_store(config)
    yield from _scored(store, *share)
    store.close()


def _scored(store: Store, book: past.Book, spec: ModelSpec, row: FitRow, told: Told) -> Iterator[list[dict[str, Any]]]:
    """The rows of the deals of each range."""
    fit, at, created_from = (
        from_json(row.body, where=f"fit {row.fit_id}"),
        told["as_of"],
        past.recipe(spec).created_from,
    )
    for history in past.parts(store, book, known_by=at, crms=spec.population.crms):
        deals = open_deals(history, created_from=created_from, as_of=at)
        found = score_deals(fit, history, deals, as_of=at)
        yield [{**told, "kind": fit.gate.kind, **rest} for rest in _rows(found, spec)]


def _unspooled(spool: IO[bytes]) -> Iterator[dict[str, Any]]:
    size = spool.seek(0, os.SEEK_END)
    spool.seek(0)
    while spool.tell() < size:
        yield from pickle.load(spool)  # noqa: S301 - our own file, which nobody else can open


def _rows(found: Scores, spec: ModelSpec) -> Iterator[dict[str, Any]]:
    """The columns of table `score` that differ from deal to deal."""
    today = found.as_of // MICROS_PER_DAY
    _, period_ends = quarter(today, first_month=spec.target.fiscal_year_starts)
    thresholds = verdict.Thresholds(**spec.categories.model_dump())
    base_rate, reasons = found.fit.trained.base_rate, Reasons(found)
    probability, overdue, next_on = found.probability.tolist(), found.overdue.tolist(), found.next_step_on.tolist()
    soon = found.won_soon.tolist() if found.fit.horizon_days == HORIZON_DAYS else [None] * len(found)
    columns = {
        "deal_id": found.deal.tolist(),
        "probability": probability,
        "close_p20": found.close_p20.tolist(),
        "close_p50": found.close_p50.tolist(),
        "close_p80": found.close_p80.tolist(),
        "won_28d": soon,
        "won_in_period": found.won_by(period_ends).tolist(),
        "risk": [verdict.risk(p, base_rate=base_rate, overdue=n) for p, n in zip(probability, overdue, strict=True)],
        "category": [verdict.category(each, thresholds) for each in probability],
        "expected_minor": list(map(_expected, found.amount_minor.tolist(), probability)),
        "currency": found.currency,
        "milestones_done": found.steps_done.tolist(),
        "milestones_total": found.steps.tolist(),
        "next_step": found.next_step,
        "next_step_on": [None if day == NO_DUE else day for day in next_on],
        "reasons": list(_parts(found)),
        "text": [reasons.text(row) for row in range(len(found))],
    }
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _expected(amount: float, probability: float) -> int | None:
    """The amount times its chance, in minor units; None for a deal without an amount."""
    return None if isnan(amount) else round(amount * probability)


def _parts(found: Scores) -> Iterator[str]:
    """The base and each part as JSON, in log-odds, and beside it in tenths of a percentage point; both sum to the score.

    Written out here, as `json.dumps` would: most of the time of a million scores would go into it.
    """
    keys = [f"{json.dumps(part)}:" for part in found.parts]
    base_tenths = int(tenths(sigmoid(np.array([found.base])))[0])
    head, between = f'{{"base":{found.base!r},"parts":{{', f'}},"base_tenths":{base_tenths},"tenths":{{'
    told = points(found.base, found.contributions)
    for log_odds, shown in zip(found.contributions.tolist(), told.tolist(), strict=True):
        some = [(key, value, tenth) for key, value, tenth in zip(keys, log_odds, shown, strict=True) if value]
        values = ",".join([f"{key}{value!r}" for key, value, _ in some])
        yield f"{head}{values}{between}{','.join([f'{key}{tenth}' for key, _, tenth in some])}}}}}"
