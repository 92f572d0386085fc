"""Past forecasts made again: each as-of date is scored by a fit that saw only what was known by then."""

from collections.abc import Iterator
from dataclasses import dataclass

from crmsync.clock import MICROS_PER_DAY
from crmsync.errors import TooFew
from crmsync.forecast.dataset import open_deals
from crmsync.forecast.fit import Training
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.score import Scores, score

REFIT_DAYS = 7  # a fit scores the dates of a week, as the weekly training job has it


@dataclass(frozen=True, slots=True)
class Span:
    """As-of dates: from, to (it included), every so many days; instants in micros."""

    from_at: int
    to_at: int
    every_days: int

    def instants(self) -> range:
        """The as-of instants."""
        return range(self.from_at, self.to_at + 1, self.every_days * MICROS_PER_DAY)


def backtest(history: History, recipe: Recipe, span: Span, *, refit_days: int = REFIT_DAYS) -> Iterator[Scores]:
    """The scores of the deals that were open at each as-of date. Dates before there was enough to learn from are left out.

    The fit is made anew on the first date and whenever the newest is `refit_days` old.
    """
    training = Training(history, recipe, until=span.to_at)
    fit: Fit | None = None
    for as_of in span.instants():
        if fit is None or as_of - fit.trained.as_of >= refit_days * MICROS_PER_DAY:
            fit = _fit(training, as_of)
        if fit is not None:
            yield score(fit, history, open_deals(history, created_from=recipe.created_from, as_of=as_of), as_of=as_of)


def _fit(training: Training, as_of: int) -> Fit | None:
    try:
        return training.fit(as_of)
    except TooFew:
        return None
