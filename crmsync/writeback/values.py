"""What a score says in each CRM field, as the canonical text that is stored, compared and sent."""

from collections.abc import Mapping
from typing import Any

from crmsync.clock import iso, to_date
from crmsync.money import to_major
from crmsync.records import Result

TEXT_LIMIT = 255  # characters that a plain text field takes in both CRMs


def percent(share: float | None) -> str | None:
    """A share of one as percent with one decimal."""
    return None if share is None else f"{100 * share:.1f}"


def of_score(score: Mapping[str, Any], *, probability_7d_ago: float | None) -> dict[Result, str | None]:
    """Every result of a score row. None clears the field."""
    change = None if probability_7d_ago is None else score["probability"] - probability_7d_ago
    expected = score["expected_minor"]
    return {
        Result.PROBABILITY: percent(score["probability"]),
        Result.EXPECTED_AMOUNT: None if expected is None else str(to_major(expected, score["currency"])),
        Result.CLOSE_DATE: _day(score["close_p50"]),
        Result.CLOSE_DATE_P20: _day(score["close_p20"]),
        Result.CLOSE_DATE_P80: _day(score["close_p80"]),
        Result.WON_IN_PERIOD: percent(score["won_in_period"]),
        Result.RISK: score["risk"],
        Result.CATEGORY: score["category"],
        Result.KIND: score["kind"],
        Result.REASONS: score["text"][:TEXT_LIMIT] or None,
        Result.MILESTONES: f"{score['milestones_done']} of {score['milestones_total']}",
        Result.NEXT_STEP: score["next_step"][:TEXT_LIMIT] or None,
        Result.NEXT_STEP_ON: _day(score["next_step_on"]),
        Result.CHANGE_7D: None if change is None else percent(change),
        Result.SCORED_AT: iso(score["as_of"]),
        Result.RUN_ID: str(score["run_id"]),
    }


def _day(day: int | None) -> str | None:
    return None if day is None else to_date(day).isoformat()
