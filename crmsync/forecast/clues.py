"""What the time of an end hangs on, besides the chance of winning: a few numbers for each deal and instant."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.channels import ACTS, CLOSE_ON
from crmsync.forecast.facts import Floats
from crmsync.forecast.history import AsOf

FAR = 6.0  # log-odds: beyond it one deal is as good as another


@dataclass(frozen=True, slots=True)
class Clues:
    """All of shape (m,). Days count from the instant; nan: there is no such day."""

    odds: Floats  # log-odds of winning
    pace: Floats  # log-odds of ending soon
    age: Floats  # days
    idle: Floats  # days without any activity
    promise: Floats  # days to the last promised day of the plan's open steps, negative when it has passed
    close_date: Floats  # days to the CRM's expected close date
    kept: Floats  # share of promises kept
    weekday: Floats  # 0 is Monday, at midnight UTC

    @classmethod
    def of(cls, asof: AsOf, *, odds: Floats, pace: Floats) -> Self:
        """From what was known."""
        today = asof.at / MICROS_PER_DAY
        last = asof.plan.last_due.max(axis=0)
        idle = asof.of(ACTS).days_since_last()
        kept, missed = asof.plan.kept.sum(axis=0), asof.plan.missed.sum(axis=0)
        return cls(
            np.clip(odds, -FAR, FAR),
            np.clip(pace, -FAR, FAR),
            np.nan_to_num(asof.age_days),
            np.where(np.isnan(idle), np.nan_to_num(asof.age_days), idle),
            np.where(last > 0, last - today, np.nan),
            asof.of(CLOSE_ON).latest_value() - today,
            (kept + 1) / (kept + missed + 2),
            np.mod(today - 4, 7),  # 1970-01-05 was a Monday
        )

    def take(self, rows: ArrayLike) -> Self:
        """The clues at these rows."""
        return type(self)(*(getattr(self, column.name)[rows] for column in fields(self)))

    def lasting(self) -> Floats:
        """Columns that stay as they are for the whole time ahead, shape (m, 9)."""
        promised, dated = ~np.isnan(self.promise), ~np.isnan(self.close_date)
        return np.stack(
            [
                self.odds,
                self.pace,
                np.log1p(self.age),
                np.log1p(self.idle),
                promised.astype(np.float64),
                np.log1p(np.clip(np.nan_to_num(self.promise), 0, None)),
                dated.astype(np.float64),
                np.log1p(np.clip(np.nan_to_num(self.close_date), 0, None)),
                self.kept,
            ],
            axis=1,
        )

    def passing(self, begin: float, end: float) -> Floats:
        """Columns of a stretch of days ahead: promise and close date behind it, the share of weekends in it; shape (m, 3)."""
        middle = (begin + end) / 2
        weekend = _weekend_days(self.weekday + end) - _weekend_days(self.weekday + begin)
        return np.stack(
            [
                (middle >= self.promise).astype(np.float64),
                (middle >= self.close_date).astype(np.float64),
                weekend / (end - begin),
            ],
            axis=1,
        )


def _weekend_days(days: Floats) -> Floats:
    """Days of weekends from a Monday on."""
    weeks = np.floor(days / 7)
    return np.asarray(weeks * 2 + np.clip(days - weeks * 7 - 5, 0, 2))
