"""The model on past days beside its baselines: each day scored by a fit that knew nothing later, held against what came of it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from crmsync import past
from crmsync.errors import Stopped
from crmsync.forecast.backtest import Span, backtest
from crmsync.forecast.dataset import STILL_OPEN, Ends
from crmsync.forecast.evaluate import Quality
from crmsync.forecast.facts import Ints
from crmsync.forecast.score import Scores
from crmsync.store import deals
from crmsync.store.engine import Store
from crmsync.views.export import PREDICTION
from crmsync.views.files import csv_file
from crmsync.views.graded import Card, Grading, Known
from crmsync.words import many, percent
from crmsync.workspace import ModelSpec

HORIZON_DAYS = 28  # of the column won_28d
RIVALS = ("model", "stage rate", "base rate")  # the baselines are learnt with each fit, from the same past
COLUMNS = (*PREDICTION, "kind", "deal_id", "stage_rate", "base_rate", "won")
DIGEST_CHARS = 16


@dataclass(slots=True)
class Backtest:
    """What a run of it counted, and the figures over those predictions whose outcome is known by now."""

    model: str
    dates: int = 0
    snapshots: int = 0  # those of deals that are still open included
    quality: dict[str, Quality] = field(default_factory=dict)  # by rival; empty when no outcome is known
    graded: list[Card] = field(default_factory=list)  # of fields of the CRM, on the deals of which they said something


def run(store: Store, spec: ModelSpec, span: Span, *, out: Path | None = None) -> Backtest:
    """Makes the forecasts of past days again; `out` takes each of them as CSV.

    Days after the newest pull are left out. Raises Stopped E409 when on none of the others there was enough to learn from.
    """
    found = Backtest(spec.name)
    predictions = _predictions(store, spec, span, found)
    if out is None:
        deque(predictions, maxlen=0)
    else:
        csv_file(out, COLUMNS, predictions)
    return found


def _predictions(store: Store, spec: ModelSpec, span: Span, found: Backtest) -> Iterator[dict[str, Any]]:
    """Each prediction in turn; at the end `found` is filled."""
    known_by = past.newest(store, spec.population.crms)
    history = past.history(store, known_by=known_by, crms=spec.population.crms)
    ends, ids, known = Ends.of(history, by=known_by), deals.ids(store), Known()
    grading = Grading(history, past.recipe(spec), until=known_by)
    seen = replace(span, to_at=min(span.to_at, known_by))  # of a day that no pull has reached there is nothing to know
    for scores in backtest(history, past.recipe(spec), seen):
        won = ends.won[np.searchsorted(history.deals, scores.deal)].astype(np.int64)
        base = np.full(len(scores), scores.fit.trained.base_rate)
        said = (scores.probability, scores.stage_rate, base)
        known.add(scores.deal, won, dict(zip(RIVALS, said, strict=True)))
        grading.add(scores, won)
        found.dates += 1
        found.snapshots += len(scores)
        yield from _rows(scores, ids, won)
    if not found.snapshots:
        what = "on none of these days was there enough to learn from and a deal to score"
        raise Stopped("E409", what, remedy="later dates, or pull a longer past")
    found.quality, found.graded = known.figures(), grading.cards()


def _rows(scores: Scores, ids: dict[int, tuple[str, str]], won: Ints) -> Iterator[dict[str, Any]]:
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
            "kind": scores.fit.gate.kind,
            "deal_id": deal_id,
            "stage_rate": float(scores.stage_rate[place]),
            "base_rate": scores.fit.trained.base_rate,
            "won": None if won[place] == STILL_OPEN else int(won[place]),
        }


def table(found: Backtest) -> list[tuple[str, ...]]:
    """The figures as rows of text, a head first."""
    head = ("", "log loss", "Brier", "AUC", "ECE", "slope")
    rows = [(rival, *_figure_texts(figures)) for rival, figures in found.quality.items()]
    for card in found.graded:
        rows.append((f"{card.field}, {card.how}", *_figure_texts(card.theirs)))
        rows.append((f"  model on the same {card.ours.snapshots:,}", *_figure_texts(card.ours)))
    return [head, *rows]


def _figure_texts(figures: Quality) -> tuple[str, ...]:
    return (
        f"{figures.log_loss:.4f} ± {figures.log_loss_se:.4f}",
        f"{figures.brier:.4f} ± {figures.brier_se:.4f}",
        *("-" if np.isnan(number) else f"{number:.3f}" for number in (figures.auc, figures.ece, figures.slope)),
    )


def closing_line(found: Backtest) -> str:
    """What the figures are over."""
    told = f"backtest {found.model}: {many(found.dates, 'date')}, {many(found.snapshots, 'prediction')}"
    if not found.quality:
        return f"{told}, none with a known outcome yet"
    known = found.quality[RIVALS[0]]
    counts = (
        f"{known.snapshots:,} with a known outcome ({many(known.deals, 'deal')}, {percent(known.won, places=1)} won)"
    )
    return f"{told}, {counts}; ±: standard error, deals resampled"
