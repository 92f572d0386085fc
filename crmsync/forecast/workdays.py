"""Working days of both sides: promises are kept and missed on days on which people work.

A promise for a weekend or a holiday counts as one for the next working day of the side that gave it. Of a step whose side isn't
known only weekends are left out. Days are integer days since 1970.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmsync.forecast.facts import Ints
from crmsync.records import Side

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_DAY = 200_000  # the year 2517: a date beyond is a slip of the pen
_EPOCH = np.datetime64(0, "D")
_Ask = Callable[[np.busdaycalendar, NDArray[np.bool_]], Ints]


@dataclass(frozen=True, slots=True)
class Workdays:
    """What is no working day. Weekdays count from Monday, 0."""

    weekend: tuple[int, ...] = (5, 6)
    buyer_holidays: tuple[int, ...] = ()
    seller_holidays: tuple[int, ...] = ()

    def number(self, side: Ints, day: Ints) -> Ints:
        """How many working days of a side lie between 1970 and a day that isn't counted: its number, if it is one."""
        dates = np.clip(day, 0, LAST_DAY).astype("datetime64[D]")
        return self._by_side(side, lambda free, some: np.busday_count(_EPOCH, dates[some], busdaycal=free))

    def day(self, side: Ints, number: Ints) -> Ints:
        """The day of a working day's number."""

        def found(free: np.busdaycalendar, some: NDArray[np.bool_]) -> Ints:
            dates = np.busday_offset(_EPOCH, number[some], roll="forward", busdaycal=free)
            return np.asarray(dates.astype(np.int64))

        return self._by_side(side, found)

    def _by_side(self, side: Ints, ask: _Ask) -> Ints:
        """The answers of each side's calendar, put together."""
        given = np.zeros(len(side), dtype=np.int64)
        for each in Side:
            some = side == each
            if some.any():
                given[some] = ask(self._calendar(each), some)
        return given

    def _calendar(self, side: Side) -> np.busdaycalendar:
        works = [weekday not in self.weekend for weekday in range(len(WEEKDAYS))]
        free = {Side.BUYER: self.buyer_holidays, Side.SELLER: self.seller_holidays}.get(side, ())
        return np.busdaycalendar(weekmask=works, holidays=np.array(free, dtype=np.int64).astype("datetime64[D]"))
