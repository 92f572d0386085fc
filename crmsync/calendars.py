"""Fiscal periods. Days are integer days since 1970 (see `clock`)."""

from datetime import date, timedelta

from crmsync.clock import to_date, to_day

MONTHS_A_QUARTER = 3


def quarter(day: int, *, first_month: int = 1) -> tuple[int, int]:
    """The fiscal quarter that holds a day, as its first day and its last; the fiscal year begins in `first_month`."""
    held = to_date(day)
    months_in = (held.month - first_month) % MONTHS_A_QUARTER
    start = _plus_months(held.replace(day=1), -months_in)
    return to_day(start), to_day(_plus_months(start, MONTHS_A_QUARTER) - timedelta(days=1))


def month(day: int) -> tuple[int, int]:
    """The calendar month that holds a day, as its first day and its last."""
    start = to_date(day).replace(day=1)
    return to_day(start), to_day(_plus_months(start, 1)) - 1


def _plus_months(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)
