"""The text of each result, as the CRM will show it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmsync.records import TEXT_LIMIT, Result
from crmsync.writeback.values import impossible, of_score, percent, without_forecast

SCORE: dict[str, Any] = {
    "probability": 0.6321,
    "expected_minor": 1_250_000,
    "currency": "EUR",
    "close_p20": 20_000,
    "close_p50": 20_030,
    "close_p80": 20_090,
    "won_in_period": 0.25,
    "risk": "low",
    "category": "Commit",
    "kind": "model",
    "text": "+ Three steps done",
    "milestones_done": 5,
    "milestones_total": 9,
    "next_step": "Security review",
    "next_step_on": 20_010,
    "deciding_step": "Legal review",
    "deciding_step_on": 20_020,
    "as_of": 1_790_000_000_000_000,
    "run_id": 7,
}
EMPTY = {"expected_minor": None, "close_p20": None, "close_p50": None, "close_p80": None, "won_in_period": None}
EMPTY |= {"text": "", "next_step": "", "next_step_on": None, "deciding_step": None, "deciding_step_on": None}


def said(result: Result, *, ago: float | None = None, **different: Any) -> str | None:
    """One result of a score that differs in some columns."""
    return of_score({**SCORE, **different}, probability_7d_ago=ago)[result]


def test_of_score_gives_every_result_its_canonical_text() -> None:
    """These are the very texts that the store compares and the CRM shows."""
    assert of_score(SCORE, probability_7d_ago=0.6) == {
        Result.PROBABILITY: "63.2",
        Result.EXPECTED_AMOUNT: "12500.00",
        Result.CLOSE_DATE: "2024-11-03",
        Result.CLOSE_DATE_P20: "2024-10-04",
        Result.CLOSE_DATE_P80: "2025-01-02",
        Result.WON_IN_PERIOD: "25.0",
        Result.RISK: "low",
        Result.CATEGORY: "Commit",
        Result.KIND: "model",
        Result.REASONS: "+ Three steps done",
        Result.MILESTONES: "5 of 9",
        Result.NEXT_STEP: "Security review",
        Result.NEXT_STEP_ON: "2024-10-14",
        Result.DECIDING_STEP: "Legal review",
        Result.DECIDING_STEP_ON: "2024-10-24",
        Result.CHANGE_7D: "3.2",
        Result.SCORED_AT: "2026-09-21T14:13:20Z",
        Result.RUN_ID: "7",
    }


def test_of_score_clears_what_it_cant_say() -> None:
    """A deal without an amount, a next step or a score of last week shows blanks, not zeros."""
    blank = {result for result, value in of_score(SCORE | EMPTY, probability_7d_ago=None).items() if value is None}
    assert blank == {
        Result.EXPECTED_AMOUNT,
        Result.CLOSE_DATE,
        Result.CLOSE_DATE_P20,
        Result.CLOSE_DATE_P80,
        Result.WON_IN_PERIOD,
        Result.REASONS,
        Result.NEXT_STEP,
        Result.NEXT_STEP_ON,
        Result.DECIDING_STEP,
        Result.DECIDING_STEP_ON,
        Result.CHANGE_7D,
    }


def test_of_score_by_rules_says_nothing_that_a_chance_would() -> None:
    """A score by rules has its kind, risk, reasons and plan; every field of a forecast is blank."""
    by_rules = {**EMPTY, "text": "55 of 100 points", "probability": None, "category": "", "kind": "rules"}
    told = of_score(SCORE | by_rules, probability_7d_ago=0.6)
    blank = {result for result, value in told.items() if value is None}
    dates = {Result.CLOSE_DATE, Result.CLOSE_DATE_P20, Result.CLOSE_DATE_P80}
    chances = {Result.PROBABILITY, Result.WON_IN_PERIOD, Result.CHANGE_7D, Result.EXPECTED_AMOUNT, Result.CATEGORY}
    assert chances | dates <= blank
    assert (told[Result.KIND], told[Result.RISK], told[Result.REASONS]) == ("rules", "low", "55 of 100 points")


def test_without_forecast_keeps_the_kind_and_the_plan() -> None:
    """A score that isn't to be written as a forecast leaves no chance, date or sentence of one."""
    told = without_forecast(of_score(SCORE, probability_7d_ago=0.6))
    left = {result for result, value in told.items() if value is not None}
    plan = {Result.MILESTONES, Result.NEXT_STEP, Result.NEXT_STEP_ON}
    assert left == {Result.KIND, *plan, Result.SCORED_AT, Result.RUN_ID}


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(1_250_000, "EUR", "12500.00"), (12_500, "JPY", "12500.00"), (1_234, "KWD", "1.23"), (0, "EUR", "0.00")],
)
def test_of_score_gives_amounts_two_decimals(minor: int, currency: str, text: str) -> None:
    """A CRM's money field shows two decimals, whatever the currency has."""
    assert said(Result.EXPECTED_AMOUNT, expected_minor=minor, currency=currency) == text


@pytest.mark.parametrize(("ago", "text"), [(0.7, "-6.8"), (0.6321, "0.0"), (0.63214, "0.0"), (0.0, "63.2")])
def test_of_score_tells_the_change_in_percentage_points(ago: float, text: str) -> None:
    """A change too small to show is a plain zero, without a sign that no CRM would keep."""
    assert said(Result.CHANGE_7D, ago=ago) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Sign\n the  order ", "Sign the order"),
        (" \t ", None),
        ("x" * 300, "x" * TEXT_LIMIT),
        ("x" * (TEXT_LIMIT - 1) + " y", "x" * (TEXT_LIMIT - 1)),
    ],
)
def test_of_score_gives_texts_as_a_text_field_keeps_them(text: str, kept: str | None) -> None:
    """What a CRM would cut or trim would look changed for ever."""
    assert said(Result.REASONS, text=text) == kept
    assert said(Result.NEXT_STEP, next_step=text) == kept


def test_of_score_tells_the_instant_in_whole_seconds() -> None:
    """Not every CRM keeps fractions of a second."""
    assert said(Result.SCORED_AT, as_of=SCORE["as_of"] + 999_999) == "2026-09-21T14:13:20Z"


@given(st.floats(0, 1))
def test_percent_stays_within_its_scale(share: float) -> None:
    """Rounding never leaves 0 to 100, and moves a share by half a tenth of a percent at most."""
    text = percent(share)
    assert text is not None
    assert 0 <= float(text) <= 100
    assert abs(float(text) - 100 * share) <= 0.05 + 1e-9


def test_percent_of_nothing_is_nothing() -> None:
    """A chance that isn't known is no zero."""
    assert percent(None) is None


SHARES = st.floats(0, 1)
DAYS = st.none() | st.integers(0, 2_900_000)
SCORES = st.fixed_dictionaries(
    {
        "probability": SHARES,
        "won_in_period": st.none() | SHARES,
        "expected_minor": st.none() | st.integers(-(10**15), 10**15),
        "currency": st.sampled_from(["EUR", "JPY", "KWD", "XXX", ""]),
        "close_p50": DAYS,
        "next_step_on": DAYS,
        "risk": st.sampled_from(["low", "medium", "high"]),
        "text": st.text(),
        "next_step": st.text(),
        "deciding_step": st.none() | st.text(),
    }
)


@given(SCORES, st.none() | SHARES)
def test_impossible_lets_every_score_out(score: dict[str, Any], ago: float | None) -> None:
    """Whatever a score says within its bounds may leave."""
    told = of_score({**SCORE, **score}, probability_7d_ago=ago)
    assert {result: why for result, text in told.items() if (why := impossible(result, text))} == {}


@given(st.floats().filter(lambda share: not -0.0005 <= share <= 1.0005))
def test_impossible_keeps_what_is_no_probability(share: float) -> None:
    """NaN, an infinity, 101 % and less than nothing never leave."""
    assert impossible(Result.PROBABILITY, percent(share))


@given(st.text(alphabet="0123456789.-+eE nNaAiIfF_,%\n٣"))
def test_impossible_lets_only_the_grid_out(text: str) -> None:
    """What leaves as a probability reads back as that very text, between 0.0 and 100.0."""
    if not impossible(Result.PROBABILITY, text):
        assert f"{float(text):z.1f}" == text
        assert 0 <= float(text) <= 100


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (Result.KIND, None),
        (Result.PROBABILITY, "-0.0"),
        (Result.PROBABILITY, "100.1"),
        (Result.CHANGE_7D, "-100.1"),
        (Result.EXPECTED_AMOUNT, "NaN"),
        (Result.EXPECTED_AMOUNT, "-0.00"),
        (Result.EXPECTED_AMOUNT, "1e9"),
        (Result.CLOSE_DATE, "2026-02-01T00:00:00Z"),
        (Result.SCORED_AT, "2026-02-01"),
        (Result.RISK, "none"),
        (Result.REASONS, ""),
        (Result.REASONS, "x" * (TEXT_LIMIT + 1)),
        (Result.NEXT_STEP, "two\nlines"),
    ],
)
def test_impossible_knows_each_kind_of_value(result: Result, text: str | None) -> None:
    """Each type has its form, its bounds, and where there are few of them its words."""
    assert impossible(result, text)
