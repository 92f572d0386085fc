"""How close a model comes to what can be known: a world whose truth is known, pulled from the local CRMs and scored on past dates.

The truth of a deal at an instant is its chance of being won given all that the CRMs show then, by the law of the world. Nothing
beats it but by luck; base rate and stage rate are what needs no model. Only here the ends that a world's open deals will have
are used.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from crmsync import config as configs
from crmsync import past
from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.backtest import Span, backtest
from crmsync.forecast.evaluate import Quality, quality
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.score import Scores
from crmsync.pipeline import Pipeline
from crmsync.sandbox import guide
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import Law
from crmsync.sandbox.local import LocalCrms
from crmsync.store import deals
from crmsync.store.engine import Store, open_store
from crmsync.workspace import ModelSpec

WEEKS = 13  # of past dates that are scored
EVERY_DAYS = 7
REFIT_DAYS = 28
WAYS = ("base rate", "stage rate", "model", "truth")
NOW = 1_767_600_000_000_000  # 2026-01-05 08:00 UTC, a Monday: worlds are the same on every day


@dataclass(frozen=True, slots=True)
class Predictions:
    """What each way of forecasting said of the same open deals on the same dates, and how they ended. All of shape (m,)."""

    deal: Ints
    won: Floats
    base: Floats
    stage: Floats
    model: Floats
    truth: Floats

    def qualities(self) -> dict[str, Quality]:
        """The figures of each of WAYS."""
        ways = zip(WAYS, (self.base, self.stage, self.model, self.truth), strict=True)
        return {name: quality(probability, self.won, self.deal) for name, probability in ways}


def prove(law: Law, spec: ModelSpec, folder: Path, *, deals: int, seed: int) -> Predictions:
    """A world of that law through the local CRMs, in an empty folder: pull all, then score past dates."""
    world = generate(deals=deals, seed=seed, law=law, now=NOW)
    with LocalCrms(world, folder, frozen=True, paced=False) as local:
        (folder / configs.DEFAULT_FILE).write_text(guide.config(local), encoding="utf-8")
        config = configs.load(folder / configs.DEFAULT_FILE)
        store = open_store(config.store)
        pipeline = Pipeline(config, store)
        for name in config.crm:
            pipeline.connect(name).create_fields()
        pipeline.pull()
        found = predict(store, spec, local)
        store.close()
    return found


def predict(store: Store, spec: ModelSpec, local: LocalCrms) -> Predictions:
    """Past dates of a store that was filled from local CRMs, scored by fits that saw only what was known by then."""
    last = past.newest(store)
    span = Span(last - WEEKS * 7 * MICROS_PER_DAY, last, EVERY_DAYS)
    ours = {there: deal_id for deal_id, there in deals.ids(store).items()}
    shown = ((ours.get((crm, crm_id)), row) for crm, crm_id, row in local.ids())
    ends = {deal: float(local.world.deals.won[row] == 1) for deal, row in shown if deal is not None}
    parts = [
        _of_date(scores, {ours[crm, crm_id]: chance for crm, crm_id, chance in local.truth(scores.as_of)}, ends)
        for scores in backtest(past.history(store), past.recipe(spec), span, refit_days=REFIT_DAYS)
    ]
    return Predictions(
        *(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Predictions))
    )


def _of_date(scores: Scores, truth: dict[int, float], ends: dict[int, float]) -> Predictions:
    """One date: the deals that both the store and the world call open."""
    both = np.array([deal in truth for deal in scores.deal.tolist()], dtype=np.bool_)
    deal = scores.deal[both]
    return Predictions(
        deal=deal,
        won=np.array([ends[each] for each in deal.tolist()]),
        base=np.full(len(deal), scores.fit.trained.base_rate),
        stage=scores.stage_rate[both],
        model=scores.probability[both],
        truth=np.array([truth[each] for each in deal.tolist()]),
    )
