"""Forecasts as an analyst gets them."""

import numpy as np
import pandas as pd

from crmsync.clock import to_date
from crmsync.forecast.dataset import STILL_OPEN, Ends, open_deals
from crmsync.forecast.fit import train
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.score import score
from crmsync.views.as_frames import forecasts
from tests.forecast.conftest import random_past
from tests.views.conftest import DAY


def test_forecasts_are_the_scores_own_numbers_and_what_came() -> None:
    """Chance and days are those of the score, the CRM's date stands beside them, and an end that isn't known yet is missing."""
    past = random_past(deals=120, seed=3)
    history, then = past.history, past.now - 60 * DAY
    found = score(
        train(history, Recipe(("age",), penalties=(0.03,)), as_of=then),
        history,
        open_deals(history, as_of=then),
        as_of=then,
    )
    ends = Ends.of(history, by=past.now)
    told = forecasts(found, ends)
    won = ends.won[np.searchsorted(history.deals, found.deal)]
    assert told.probability.tolist() == found.probability.tolist()
    assert [day.date() for day in told.close_p50] == [to_date(day) for day in found.close_p50.tolist()]
    assert {STILL_OPEN, 0, 1} == set(won.tolist())
    assert told.won.isna().tolist() == told.closed_at.isna().tolist() == (won == STILL_OPEN).tolist()
    assert (told.closed_at.dropna() > pd.Timestamp(then, unit="us", tz="UTC")).all()
    assert told.close_on.notna().all()
