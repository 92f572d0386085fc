"""What is worth a write, and what only wobbles."""

import pytest

from crmsync.config import BandConfig
from crmsync.records import Result
from crmsync.writeback.band import Change, worth

BAND = BandConfig()
R = Result


def moved(*changes: tuple[Result, str | None, str | None], age_days: float | None = 1.0) -> bool:
    """Whether a deal with these changes, all of values written so long ago, is written."""
    return worth({result: Change(old, new, age_days) for result, old, new in changes}, BAND)


@pytest.mark.parametrize(
    ("result", "old", "new"),
    [
        (R.PROBABILITY, "50.0", "50.9"),
        (R.WON_IN_PERIOD, "50.0", "49.1"),
        (R.EXPECTED_AMOUNT, "1000.00", "1020.00"),
        (R.CLOSE_DATE, "2026-06-01", "2026-06-03"),
        (R.REASONS, "a", "b"),
        (R.CHANGE_7D, "-5.0", "5.0"),
        (R.SCORED_AT, "a", "b"),
    ],
)
def test_worth_leaves_a_wobble(result: Result, old: str, new: str) -> None:
    """A move below the band's width, and texts that only follow the numbers, are no reason to write."""
    assert not moved((result, old, new))


@pytest.mark.parametrize(
    ("result", "old", "new"),
    [
        (R.PROBABILITY, "50.0", "51.0"),
        (R.EXPECTED_AMOUNT, "1000.00", "1020.01"),
        (R.CLOSE_DATE_P80, "2026-06-04", "2026-06-01"),
        (R.NEXT_STEP_ON, "2026-06-01", "2026-06-02"),
        (R.MILESTONES, "3 of 9", "4 of 9"),
        (R.RISK, "low", "high"),
        (R.CATEGORY, "Pipeline", "Commit"),
        (R.PROBABILITY, None, "0.1"),
        (R.EXPECTED_AMOUNT, "0.01", None),
        (R.PROBABILITY, "about half", "50.0"),
    ],
)
def test_worth_writes_what_is_news(result: Result, old: str | None, new: str | None) -> None:
    """A move as wide as the band, a promise, a verdict, and a blank that fills or a value that goes."""
    assert moved((result, old, new))


@pytest.mark.parametrize("verdict", [R.RISK, R.CATEGORY])
def test_worth_takes_a_verdict_at_its_edge_for_a_wobble(verdict: Result) -> None:
    """A probability that flaps around a threshold takes its category and risk along, and nothing is written."""
    assert not moved((R.PROBABILITY, "49.9", "50.1"), (verdict, "a", "b"))


@pytest.mark.parametrize(("age_days", "written"), [(6.9, False), (7.0, True), (None, True)])
def test_worth_renews_what_is_old(age_days: float | None, written: bool) -> None:
    """A small change of an old value, or of one that isn't ours, is written; stamps alone never are."""
    assert moved((R.PROBABILITY, "50.0", "50.1"), age_days=age_days) == written
    assert not moved((R.SCORED_AT, "a", "b"), age_days=age_days)
