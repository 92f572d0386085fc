"""Past forecasts made again."""

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.errors import BadConfig
from crmsync.forecast.backtest import Span, backtest
from crmsync.forecast.history import History
from crmsync.forecast.recipe import Recipe
from tests.forecast.conftest import START, Past

RECIPE = Recipe(("age", "stage", "step_done", "buyer_idle", "overdue"), penalties=(0.03,))


def span(past: Past, *, back: int, ahead: int) -> Span:
    """Dates every four weeks, from so many days before the end to so many."""
    return Span(past.now - back * DAY, past.now - ahead * DAY, 28)


def test_backtest_knows_nothing_later(rich: Past) -> None:
    """Predictions for a date are the same when all later facts are deleted."""
    dates = span(rich, back=100, ahead=72)
    seen = np.maximum(rich.facts.at, rich.facts.known_at) <= dates.to_at
    early = backtest(History(rich.facts.take(seen), rich.labels), RECIPE, dates)
    for ours, theirs in zip(early, backtest(rich.history, RECIPE, dates), strict=True):
        assert ours.deal.tolist() == theirs.deal.tolist()
        assert ours.probability.tolist() == theirs.probability.tolist()


def test_backtest_fits_end_before_their_dates(rich: Past) -> None:
    """Every date is scored by a fit made as of it or, within the refit time, shortly before."""
    dates = span(rich, back=120, ahead=0)
    ages = [
        (scores.as_of - scores.fit.trained.as_of) // DAY
        for scores in backtest(rich.history, RECIPE, dates, refit_days=56)
    ]
    assert ages == [0, 28, 0, 28, 0]


def test_backtest_leaves_out_dates_without_enough_outcomes(rich: Past) -> None:
    """Before there is enough to learn from there are no predictions, and no fault."""
    dates = Span(START * DAY, rich.now, 28)
    found = [scores.as_of for scores in backtest(rich.history, RECIPE, dates)]
    assert found[0] > START * DAY
    assert found[-1] + 28 * DAY > rich.now


def test_backtest_scores_only_open_deals(rich: Past) -> None:
    """Each date's deals are those that were open then."""
    for scores in backtest(rich.history, RECIPE, span(rich, back=60, ahead=32)):
        assert scores.table.asof.is_open.all()


def test_backtest_refuses_an_unknown_feature(rich: Past) -> None:
    """A fault of the recipe isn't taken for a lack of outcomes."""
    with pytest.raises(BadConfig, match="E405"):
        list(backtest(rich.history, Recipe(("agee",)), span(rich, back=60, ahead=32)))
