"""Is it worth a write? A deal whose values only wobble is left as it is, all of it, so that its fields stay of one score.

A verdict wobbles with the probability that it names: a category that flips while its probability stays within the band is no
news, one that changes beside the same probability is (a threshold, or promises that fell overdue).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from crmsync.config import BandConfig
from crmsync.records import RESULT_TYPES, TRAVELLERS, Result, ValueType

VERDICTS = (Result.RISK, Result.CATEGORY)
FOLLOWERS = (*TRAVELLERS, Result.REASONS, Result.CHANGE_7D)  # they tell of the others, and go along with them
FORECAST_DATES = (Result.CLOSE_DATE, Result.CLOSE_DATE_P20, Result.CLOSE_DATE_P80, Result.DECIDING_STEP_ON)


@dataclass(frozen=True, slots=True)
class Change:
    """A value that differs from the one that the CRM shows. `age_days`: since we wrote that one; None: we never did."""

    old: str | None
    new: str | None
    age_days: float | None = None


def worth(changes: Mapping[Result, Change], band: BandConfig) -> bool:
    """Whether a deal's changed values are to be written: all of them or none."""
    told = {result: change for result, change in changes.items() if result not in TRAVELLERS}
    if any(change.age_days is None or change.age_days >= band.age_days for change in told.values()):
        return True
    wobbling = (*FOLLOWERS, *VERDICTS) if Result.PROBABILITY in told else FOLLOWERS
    return any(result not in wobbling and _outside(result, change, band) for result, change in told.items())


def _outside(result: Result, change: Change, band: BandConfig) -> bool:
    """Whether one value moves further than the band is wide. A blank that fills and a value that goes always do."""
    if change.old is None or change.new is None:
        return True
    try:
        if RESULT_TYPES[result] is ValueType.PERCENT:
            return abs(Decimal(change.new) - Decimal(change.old)) >= Decimal(str(band.points))
        if RESULT_TYPES[result] is ValueType.MONEY:
            width = abs(Decimal(change.old)) * Decimal(str(band.share))
            return abs(Decimal(change.new) - Decimal(change.old)) > width
        if result in FORECAST_DATES:
            return abs((date.fromisoformat(change.new) - date.fromisoformat(change.old)).days) >= band.days
    except (ArithmeticError, ValueError):  # what stands there is of another kind than ours
        return True
    return True
