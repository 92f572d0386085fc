"""The model on past days beside its baselines: each day scored by a fit that knew nothing later, held against what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from crmsync import past
from crmsync.errors import Stopped
from crmsync.forecast.backtest import Span, backtest
from crmsync.forecast.dataset import STILL_OPEN, Ends
from crmsync.forecast.evaluate import Quality, quality
from crmsync.forecast.score import Scores
from crmsync.store import deals
from crmsync.store.engine import Store
from crmsync.views.export import PREDICTION
from crmsync.views.files import csv_file
from crmsync.workspace import ModelSpec

HORIZON_DAYS = 28  # of the column won_28d
RIVALS = ("model", "stage rate", "base rate")  # the baselines are learnt with each fit, from the same past
COLUMNS = (*PREDICTION, "deal_id", "stage_rate", "base_rate", "won")
DIGEST_CHARS = 16


@dataclass(slots=True)
class Backtest:
    """The predictions, and the figures over those whose outcome is known by now."""

    model: str
    dates: int = 0
    snapshots: int = 0  # those of open deals included
    quality: dict[str, Quality] = field(default_factory=dict)  # by rival; empty when no outcome is known
    rows: list[dict[str, Any]] = field(default_factory=list)


def run(store: Store, spec: ModelSpec, span: Span) -> Backtest:
    """Makes the forecasts of past days again. Raises Stopped E409 when there was too little to learn from on all of them."""
    known_by = past.newest(store, spec.population.crms)
    history = past.history(store, known_by=known_by, crms=spec.population.crms)
    ends = Ends.of(history, by=known_by)
    won = dict(zip(history.deals.tolist(), ends.won.tolist(), strict=True))
    ids = deals.ids(store)
    found = Backtest(spec.name)
    for scores in backtest(history, past.recipe(spec), span):
        found.dates += 1
        found.rows += _rows(scores, ids, won)
    if not found.rows:
        what = "on none of these days was there enough to learn from and a deal to score"
        raise Stopped("E409", what, remedy="later dates, or pull a longer past")
    found.snapshots = len(found.rows)
    found.quality = _figures([row for row in found.rows if row["won"] is not None])
    return found


def _rows(scores: Scores, ids: dict[int, tuple[str, str]], won: dict[int, int]) -> Iterator[dict[str, Any]]:
    soon = scores.fit.horizon_days == HORIZON_DAYS
    for place, deal_id in enumerate(scores.deal.tolist()):
        crm, crm_id = ids[deal_id]
        yield {
            "crm": crm,
            "crm_id": crm_id,
            "as_of": scores.as_of,
            "fit_id": scores.fit.digest[:DIGEST_CHARS],  # of a fit that isn't stored
            "probability": float(scores.probability[place]),
            "close_p20": int(scores.close_p20[place]),
            "close_p50": int(scores.close_p50[place]),
            "close_p80": int(scores.close_p80[place]),
            "won_28d": float(scores.won_soon[place]) if soon else None,
            "deal_id": deal_id,
            "stage_rate": float(scores.stage_rate[place]),
            "base_rate": scores.fit.trained.base_rate,
            "won": None if won[deal_id] == STILL_OPEN else won[deal_id],
        }


def _figures(rows: list[dict[str, Any]]) -> dict[str, Quality]:
    if not rows:
        return {}
    outcome = np.array([row["won"] for row in rows], dtype=np.float64)
    deal = np.array([row["deal_id"] for row in rows], dtype=np.int64)
    columns = dict(zip(RIVALS, ("probability", "stage_rate", "base_rate"), strict=True))
    return {
        rival: quality(np.array([row[column] for row in rows], dtype=np.float64), outcome, deal)
        for rival, column in columns.items()
    }


def to_file(found: Backtest, out: Path) -> None:
    """Writes each dated prediction as CSV. Raises BadConfig, RetryLater."""
    csv_file(out, COLUMNS, found.rows)


def summary(found: Backtest) -> dict[str, Any]:
    """The figures without the predictions."""
    return {name: getattr(found, name) for name in ("model", "dates", "snapshots", "quality")}


def table(found: Backtest) -> list[tuple[str, ...]]:
    """The figures as rows of text, a head first."""
    head = ("", "log loss", "Brier", "AUC", "ECE", "slope")
    return [head, *((rival, *_figure_texts(figures)) for rival, figures in found.quality.items())]


def _figure_texts(figures: Quality) -> tuple[str, ...]:
    return (
        f"{figures.log_loss:.4f} ± {figures.log_loss_se:.4f}",
        f"{figures.brier:.4f} ± {figures.brier_se:.4f}",
        *("-" if np.isnan(number) else f"{number:.3f}" for number in (figures.auc, figures.ece, figures.slope)),
    )


def closing_line(found: Backtest) -> str:
    """What the figures are over."""
    told = f"backtest {found.model}: {found.dates:,} dates, {found.snapshots:,} predictions"
    if not found.quality:
        return f"{told}, none with a known outcome yet"
    known = found.quality[RIVALS[0]]
    counts = f"{known.snapshots:,} with a known outcome ({known.deals:,} deals, {100 * known.won:.1f} % won)"
    return f"{told}, {counts}; ±: standard error, deals resampled"
