"""What a score says in each CRM field, as the canonical text that is stored, compared and sent.

It has to be the text that the CRM shows afterwards: what the CRM would trim, round or cut is so here already. Else a value
would look changed for ever, and be written again every night.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crmsync.clock import MICROS_PER_SECOND, iso, to_date
from crmsync.money import to_major
from crmsync.records import RESULT_TYPES, RESULT_WORDS, TEXT_LIMIT, Result, ValueType

CENT = Decimal("0.01")
FORMS = {
    ValueType.PERCENT: re.compile(r"(?!-0\.0$)-?[0-9]{1,3}\.[0-9]"),
    ValueType.MONEY: re.compile(r"(?!-0\.00$)-?[0-9]+\.[0-9]{2}"),
    ValueType.DATE: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    ValueType.TEXT: re.compile(rf"\S(.{{0,{TEXT_LIMIT - 2}}}\S)?"),
    ValueType.INSTANT: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"),
}
UNFORECAST = (  # what holds whatever a deal's chance is
    Result.KIND,
    Result.MILESTONES,
    Result.NEXT_STEP,
    Result.NEXT_STEP_ON,
    Result.SCORED_AT,
    Result.RUN_ID,
)
BOUNDS = {
    Result.PROBABILITY: (50, 50),
    Result.WON_IN_PERIOD: (50, 50),
    Result.CHANGE_7D: (0, 100),
}  # middle, half-width
ALWAYS = (Result.KIND, Result.MILESTONES, Result.SCORED_AT, Result.RUN_ID)  # every score has them


def percent(share: float | None) -> str | None:
    """A share of one as percent with one decimal; a zero has no sign."""
    return None if share is None else f"{100 * share:z.1f}"


def of_score(score: Mapping[str, Any], *, probability_7d_ago: float | None) -> dict[Result, str | None]:
    """Every result of a score row. None clears the field."""
    chance = score["probability"]  # None of a score by rules, as all that follows from a chance
    change = None if chance is None or probability_7d_ago is None else chance - probability_7d_ago
    return {
        Result.PROBABILITY: percent(chance),
        Result.EXPECTED_AMOUNT: _money(score["expected_minor"], score["currency"]),
        Result.CLOSE_DATE: _day(score["close_p50"]),
        Result.CLOSE_DATE_P20: _day(score["close_p20"]),
        Result.CLOSE_DATE_P80: _day(score["close_p80"]),
        Result.WON_IN_PERIOD: percent(score["won_in_period"]),
        Result.RISK: score["risk"],
        Result.CATEGORY: score["category"] or None,
        Result.KIND: score["kind"],
        Result.REASONS: _line(score["text"]),
        Result.MILESTONES: f"{score['milestones_done']} of {score['milestones_total']}",
        Result.NEXT_STEP: _line(score["next_step"]),
        Result.NEXT_STEP_ON: _day(score["next_step_on"]),
        Result.DECIDING_STEP: _line(score["deciding_step"] or ""),
        Result.DECIDING_STEP_ON: _day(score["deciding_step_on"]),
        Result.CHANGE_7D: None if change is None else percent(change),
        Result.SCORED_AT: iso(score["as_of"] // MICROS_PER_SECOND * MICROS_PER_SECOND),
        Result.RUN_ID: str(score["run_id"]),
    }


def without_forecast(told: Mapping[Result, str | None]) -> dict[Result, str | None]:
    """The results of a score that isn't to be written as a forecast: its kind and the plan stay, what a chance tells is blank."""
    return {result: text if result in UNFORECAST else None for result, text in told.items()}


def _money(minor: int | None, currency: str) -> str | None:
    return None if minor is None else str(to_major(minor, currency).quantize(CENT))


def _line(text: str) -> str | None:
    """A text as a plain text field keeps it: one line, without blanks at its ends."""
    return " ".join(text.split())[:TEXT_LIMIT].rstrip() or None


def _day(day: int | None) -> str | None:
    return None if day is None else to_date(day).isoformat()


def impossible(result: Result, text: str | None) -> str:
    """Why a text can't be what a score says, "" where it can: the last look at a value before it leaves.

    A number has to stand on its grid and within its bounds, so that no NaN, no -0.0 and no 101 % ever reaches a CRM.
    """
    if text is None:
        return "every score has one" if result in ALWAYS else ""
    if not FORMS[RESULT_TYPES[result]].fullmatch(text):
        return "it isn't in the form that is written"
    if result in BOUNDS and abs(Decimal(text) - BOUNDS[result][0]) > BOUNDS[result][1]:
        return "it is out of bounds"
    words = RESULT_WORDS.get(result, (text,))
    return "" if text in words else f"it is none of {', '.join(words)}"
