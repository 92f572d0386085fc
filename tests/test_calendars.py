"""Fiscal quarters and months."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmsync.calendars import month, quarter
from crmsync.clock import to_date, to_day

DAYS = st.integers(to_day(date(1971, 1, 1)), to_day(date(2199, 12, 31)))
MONTHS = st.integers(1, 12)


@pytest.mark.parametrize(
    ("day", "first_month", "begins", "ends"),
    [
        ("2026-01-01", 1, "2026-01-01", "2026-03-31"),
        ("2026-12-31", 1, "2026-10-01", "2026-12-31"),
        ("2024-02-29", 1, "2024-01-01", "2024-03-31"),
        ("2026-01-15", 2, "2025-11-01", "2026-01-31"),
        ("2026-02-01", 2, "2026-02-01", "2026-04-30"),
        ("2024-02-29", 12, "2023-12-01", "2024-02-29"),
        ("2026-01-31", 12, "2025-12-01", "2026-02-28"),
        ("2026-07-31", 7, "2026-07-01", "2026-09-30"),
    ],
)
def test_quarter_holds_the_day(day: str, first_month: int, begins: str, ends: str) -> None:
    """Fiscal years may begin in any month, and quarters may cross the turn of the year."""
    first, last = quarter(to_day(date.fromisoformat(day)), first_month=first_month)
    assert (to_date(first).isoformat(), to_date(last).isoformat()) == (begins, ends)


@given(DAYS, MONTHS)
def test_quarters_follow_each_other_without_gap(day: int, first_month: int) -> None:
    """Every day is in its quarter, and the day after its end begins the next one."""
    first, last = quarter(day, first_month=first_month)
    assert first <= day <= last
    assert quarter(last + 1, first_month=first_month)[0] == last + 1


@given(DAYS, MONTHS)
def test_quarters_begin_in_the_fiscal_years_months(day: int, first_month: int) -> None:
    """Each quarter begins on the first of a month that is a whole number of quarters from the year's beginning."""
    first = to_date(quarter(day, first_month=first_month)[0])
    assert (first.day, (first.month - first_month) % 3) == (1, 0)


@given(DAYS, MONTHS)
def test_quarter_is_the_same_for_all_its_days(day: int, first_month: int) -> None:
    """The first and the last day of a quarter are in that quarter."""
    whole = quarter(day, first_month=first_month)
    assert {quarter(edge, first_month=first_month) for edge in whole} == {whole}


@given(DAYS)
def test_months_follow_each_other_without_gap(day: int) -> None:
    """Every day is in its month, which begins on a first and ends the day before the next one."""
    first, last = month(day)
    assert first <= day <= last
    assert (to_date(first).day, to_date(last + 1).day, month(last + 1)[0]) == (1, 1, last + 1)
