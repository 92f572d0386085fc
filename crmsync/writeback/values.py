"""What a score says in each CRM field, as the canonical text that is stored, compared and sent.

It has to be the text that the CRM shows afterwards: what the CRM would trim, round or cut is so here already. Else a value
would look changed for ever, and be written again every night.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crmsync.clock import MICROS_PER_SECOND, iso, to_date
from crmsync.money import to_major
from crmsync.records import Result

CENT = Decimal("0.01")
TEXT_LIMIT = 255  # characters that a plain text field takes in both CRMs


def percent(share: float | None) -> str | None:
    """A share of one as percent with one decimal; a zero has no sign."""
    return None if share is None else f"{100 * share:z.1f}"


def of_score(score: Mapping[str, Any], *, probability_7d_ago: float | None) -> dict[Result, str | None]:
    """Every result of a score row. None clears the field."""
    change = None if probability_7d_ago is None else score["probability"] - probability_7d_ago
    return {
        Result.PROBABILITY: percent(score["probability"]),
        Result.EXPECTED_AMOUNT: _money(score["expected_minor"], score["currency"]),
        Result.CLOSE_DATE: _day(score["close_p50"]),
        Result.CLOSE_DATE_P20: _day(score["close_p20"]),
        Result.CLOSE_DATE_P80: _day(score["close_p80"]),
        Result.WON_IN_PERIOD: percent(score["won_in_period"]),
        Result.RISK: score["risk"],
        Result.CATEGORY: score["category"],
        Result.KIND: score["kind"],
        Result.REASONS: _line(score["text"]),
        Result.MILESTONES: f"{score['milestones_done']} of {score['milestones_total']}",
        Result.NEXT_STEP: _line(score["next_step"]),
        Result.NEXT_STEP_ON: _day(score["next_step_on"]),
        Result.CHANGE_7D: None if change is None else percent(change),
        Result.SCORED_AT: iso(score["as_of"] // MICROS_PER_SECOND * MICROS_PER_SECOND),
        Result.RUN_ID: str(score["run_id"]),
    }


def _money(minor: int | None, currency: str) -> str | None:
    return None if minor is None else str(to_major(minor, currency).quantize(CENT))


def _line(text: str) -> str | None:
    """A text as a plain text field keeps it: one line, without blanks at its ends."""
    return " ".join(text.split())[:TEXT_LIMIT].rstrip() or None


def _day(day: int | None) -> str | None:
    return None if day is None else to_date(day).isoformat()
