"""score: the newest fit and the facts known by an instant -> a score of each deal that was open then.

While too few deals have closed to learn from, deals are scored by stated rules instead: points, and no probability.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from crmsync import past
from crmsync.calendars import quarter
from crmsync.clock import MICROS_PER_DAY
from crmsync.errors import BadConfig
from crmsync.forecast import enough, rules, verdict
from crmsync.forecast.dataset import examples, open_deals, snapshots
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit, from_json, sigmoid
from crmsync.forecast.plans import Plans
from crmsync.forecast.points import points, tenths
from crmsync.forecast.reasons import Reasons
from crmsync.forecast.score import NO_DUE, Scores
from crmsync.forecast.score import score as score_deals
from crmsync.records import RULES
from crmsync.store import fits, runs, scores
from crmsync.store.engine import Store
from crmsync.workspace import ModelSpec

HORIZON_DAYS = 28  # of the column won_28d
ONLY_FORECAST = (
    *(
        "probability",
        "close_p20",
        "close_p50",
        "close_p80",
        "won_28d",
        "won_in_period",
        "won_next_period",
        "expected_minor",
    ),
    *("on_time", "on_time_text", "deciding_step", "deciding_step_on", "promises"),
)


def score(store: Store, spec: ModelSpec, *, run_id: int, as_of: int | None = None) -> dict[str, int]:
    """Scores the deals that were open at the instant (None: at the newest pull) by the newest used fit that knew nothing later.

    Raises BadConfig E406 when there is no such fit though enough deals have closed for one, E410 when no pull has reached the
    instant.
    """
    at = past.instant(store, spec, as_of=as_of)
    row = fits.newest_used(store, spec.name, as_of=at)
    fit = None if row is None else from_json(row.body, where=f"fit {row.fit_id}")
    history = past.history(store, known_by=at, crms=spec.population.crms)
    deals = open_deals(history, created_from=past.recipe(spec).created_from, as_of=at)
    told = {"run_id": run_id, "model": spec.name, "as_of": at, "pull_run_id": runs.newest_pull(store)}
    if row is None or fit is None:
        _require_rules(history, spec, at)
        told |= {"fit_id": None, "kind": RULES}
        rows = _rows_by_rules(rules.apply(history, deals, as_of=at))
    else:
        told |= {"fit_id": row.fit_id, "kind": fit.gate.kind}
        rows = _rows(score_deals(fit, history, deals, as_of=at), history, spec)
    scores.save(store, [{**told, **rest} for rest in rows])
    return {"open": len(deals), "scored": len(deals)}


def _require_rules(history: History, spec: ModelSpec, at: int) -> None:
    """Raises BadConfig E406 where a fit could be learnt: rules stand in for too short a past, not for a fit that is missing."""
    recipe = past.recipe(spec)
    found = snapshots(history, by=at, every_days=recipe.every_days, created_from=recipe.created_from)
    if not enough.missing(examples(history, found, by=at), recipe):
        what = f"no fit of the model {spec.name!r} that may score and knew nothing later"
        raise BadConfig("E406", what, remedy=f"crmsync train --model {spec.name}")


def _rows_by_rules(found: rules.Ruled) -> Iterator[dict[str, Any]]:
    """The columns of table `score` that differ from deal to deal; what only a probability could tell stays empty."""
    for place, total in enumerate(found.points.tolist()):
        yield {
            **dict.fromkeys(ONLY_FORECAST),
            "deal_id": int(found.deal[place]),
            "points": total,
            "risk": rules.risk(total),
            "category": "",
            "currency": "",
            "milestones_done": int(found.steps_done[place]),
            "milestones_total": int(found.steps[place]),
            "next_step": found.next_step[place],
            "next_step_on": rules.dated(int(found.next_step_on[place])),
            "reasons": json.dumps({"start": rules.START, "points": found.parts(place)}, separators=(",", ":")),
            "text": found.text(place),
        }


def _rows(found: Scores, history: History, spec: ModelSpec) -> Iterator[dict[str, Any]]:
    """The columns of table `score` that differ from deal to deal."""
    today = found.as_of // MICROS_PER_DAY
    _, period_ends = quarter(today, first_month=spec.target.fiscal_year_starts)
    _, next_ends = quarter(period_ends + 1, first_month=spec.target.fiscal_year_starts)
    in_period, in_both = found.won_by(period_ends), found.won_by(next_ends)
    told = points(found.base, found.contributions)
    reasons, plans, thresholds = (
        Reasons(found),
        Plans(found, history),
        verdict.Thresholds(**spec.categories.model_dump()),
    )
    for place in range(len(found)):
        probability = float(found.probability[place])
        overdue = int(found.overdue[place])
        yield {
            "deal_id": int(found.deal[place]),
            "probability": probability,
            "points": None,
            "close_p20": int(found.close_p20[place]),
            "close_p50": int(found.close_p50[place]),
            "close_p80": int(found.close_p80[place]),
            "won_28d": _won_soon(found.fit, found, place),
            "won_in_period": float(in_period[place]),
            "won_next_period": float(in_both[place] - in_period[place]),
            "risk": verdict.risk(probability, base_rate=found.fit.trained.base_rate, overdue=overdue),
            "category": verdict.category(probability, thresholds),
            "expected_minor": _expected(found, place),
            "currency": found.currency[place],
            "milestones_done": int(found.steps_done[place]),
            "milestones_total": int(found.steps[place]),
            "next_step": found.next_step[place],
            "next_step_on": None if found.next_step_on[place] == NO_DUE else int(found.next_step_on[place]),
            "reasons": _parts(found, found.contributions[place], told[place]),
            "text": reasons.text(place),
            **plans.told(place),
        }


def _won_soon(fit: Fit, found: Scores, place: int) -> float | None:
    return float(found.won_soon[place]) if fit.horizon_days == HORIZON_DAYS else None


def _expected(found: Scores, place: int) -> int | None:
    """The amount times its chance, in minor units; None for a deal without an amount."""
    amount = found.amount_minor[place]
    return None if np.isnan(amount) else round(float(amount) * float(found.probability[place]))


def _parts(found: Scores, row: Floats, told: Ints) -> str:
    """The base and each part as JSON, in log-odds, and beside it in tenths of a percentage point; both sum to the score."""
    some = np.flatnonzero(row)
    body = {
        "base": found.base,
        "parts": {found.parts[number]: float(row[number]) for number in some},
        "base_tenths": int(tenths(sigmoid(np.array([found.base])))[0]),
        "tenths": {found.parts[number]: int(told[number]) for number in some},
    }
    return json.dumps(body, separators=(",", ":"))
