"""Working days of both sides."""

import numpy as np

from crmsync.forecast.workdays import Workdays
from crmsync.records import Side
from tests.forecast.conftest import START

BUYER, SELLER = np.array([Side.BUYER]), np.array([Side.SELLER])


def on(day: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A day after a Monday."""
    return np.array([START + day])


def test_promise_for_a_weekend_counts_as_one_for_monday() -> None:
    """Saturday and Sunday have the number of the Monday after."""
    workdays = Workdays()
    monday = workdays.number(BUYER, on(7))
    assert all(workdays.number(BUYER, on(day)) == monday for day in (5, 6))
    assert workdays.day(BUYER, monday) == on(7)


def test_holidays_are_those_of_the_side() -> None:
    """The buyer's holiday moves the buyer's promise to the next day, and not the seller's."""
    workdays = Workdays(buyer_holidays=(START + 1,))
    assert workdays.day(BUYER, workdays.number(BUYER, on(1))) == on(2)
    assert workdays.day(SELLER, workdays.number(SELLER, on(1))) == on(1)


def test_weekend_is_what_the_calendar_says() -> None:
    """Where Friday and Saturday are free, Sunday is a working day."""
    workdays = Workdays(weekend=(4, 5))
    assert workdays.day(SELLER, workdays.number(SELLER, on(4))) == on(6)


def test_absurd_date_is_no_fault() -> None:
    """A year that no calendar knows counts as far away."""
    assert Workdays().number(BUYER, np.array([2**40])) > Workdays().number(BUYER, on(0))
