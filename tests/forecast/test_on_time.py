"""Whether the CRM's own close date still holds."""

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.logistic import Fit
from crmsync.forecast.on_time import on_time
from crmsync.forecast.score import score
from tests.forecast.conftest import Past


@pytest.mark.parametrize("ahead", [0, 5, 60])
def test_on_time_is_the_part_of_the_wins_that_come_by_the_dates_end(rich: Past, rich_fit: Fit, ahead: int) -> None:
    """Of all ways to win, those that end by the last moment of the close date; without such a date nothing is said."""
    found = score(rich_fit, rich.history, rich.history.deals[:20], as_of=rich.now)
    close_on = rich.now // DAY + ahead
    dates = np.append(np.full(19, float(close_on)), np.nan)
    told = on_time(found, dates)
    assert told[:19] == pytest.approx((found.won_by(close_on) / found.probability)[:19], abs=1e-12)
    assert (told[:19] > 0).all()
    assert np.isnan(told[19])
