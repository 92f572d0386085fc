"""Relative date literals."""

from datetime import date

import pytest

from crmsync.sandbox.salesforce.periods import period

TODAY = date(2026, 11, 24)  # a Tuesday


@pytest.mark.parametrize(
    ("literal", "first", "end"),
    [
        ("TODAY", "2026-11-24", "2026-11-25"),
        ("YESTERDAY", "2026-11-23", "2026-11-24"),
        ("TOMORROW", "2026-11-25", "2026-11-26"),
        ("THIS_WEEK", "2026-11-22", "2026-11-29"),
        ("LAST_WEEK", "2026-11-15", "2026-11-22"),
        ("THIS_MONTH", "2026-11-01", "2026-12-01"),
        ("NEXT_MONTH", "2026-12-01", "2027-01-01"),
        ("THIS_QUARTER", "2026-10-01", "2027-01-01"),
        ("LAST_FISCAL_QUARTER", "2026-07-01", "2026-10-01"),
        ("LAST_YEAR", "2025-01-01", "2026-01-01"),
        ("LAST_90_DAYS", "2026-08-26", "2026-11-25"),
        ("LAST_N_DAYS:30", "2026-10-25", "2026-11-25"),
        ("NEXT_N_DAYS:7", "2026-11-25", "2026-12-02"),
        ("N_DAYS_AGO:2", "2026-11-22", "2026-11-23"),
        ("LAST_N_WEEKS:2", "2026-11-08", "2026-11-22"),
        ("LAST_N_MONTHS:3", "2026-08-01", "2026-11-01"),
        ("NEXT_N_QUARTERS:2", "2027-01-01", "2027-07-01"),
        ("N_YEARS_AGO:1", "2025-01-01", "2026-01-01"),
    ],
)
def test_period_covers_the_days_that_its_name_says(literal: str, first: str, end: str) -> None:
    """A literal is a range of days, the last one excluded."""
    assert period(literal, TODAY) == (date.fromisoformat(first), date.fromisoformat(end))


@pytest.mark.parametrize("literal", ["SOON", "LAST_N_DAYS", "TODAY:3"])
def test_period_knows_no_other_words(literal: str) -> None:
    """What isn't a literal gives nothing, so that the query is refused."""
    assert period(literal, TODAY) is None
