"""Working time: what people do in a world happens from Monday to Friday, within office hours (UTC).

Every rate of a law is per working day and every process of a world runs on this clock, so nights and weekends need no
rates of their own. A point of it is a float: working days since 1970, of which one is an office day from first to last hour.
"""

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import Ints

Floats = NDArray[np.float64]
SECOND = 1_000_000
DAY = 86_400 * SECOND
OPENS_S, OFFICE_S = 8 * 3_600, 9 * 3_600  # the office opens at 08:00 for nine hours
_MONDAY = 3  # 1970-01-01 was a Thursday
_TICK = 1e-3  # seconds; keeps a whole second whole through the float


def to_working(at: Ints) -> Floats:
    """Instants in micros as working days. A night or weekend is the moment at which work stopped."""
    day, rest = np.divmod(at, DAY)
    week, weekday = np.divmod(day + _MONDAY, 7)
    within = np.clip((rest / SECOND - OPENS_S) / OFFICE_S, 0.0, 1.0)
    return np.asarray(week * 5 + np.where(weekday < 5, weekday + within, 5.0), dtype=np.float64)


def from_working(moment: Floats) -> Ints:
    """Working days as instants in micros, at whole seconds."""
    day, second = np.divmod(np.floor(moment * OFFICE_S + _TICK).astype(np.int64), OFFICE_S)
    return np.asarray((calendar_day(day) * 86_400 + OPENS_S + second) * SECOND, dtype=np.int64)


def calendar_day(working_day: Ints) -> Ints:
    """The number of a working day as days since 1970."""
    week, weekday = np.divmod(working_day, 5)
    return np.asarray(week * 7 + weekday - _MONDAY, dtype=np.int64)


def end_of_day(day: Ints) -> Floats:
    """When work stops on a calendar day: the moment from which a promise for that day is overdue."""
    return to_working((day + 1) * DAY)
