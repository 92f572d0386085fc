"""The penalised logistic regression for several penalties in a row, fast enough to be tried on many dates: plain numpy.

Newton's method from the strongest penalty to the weakest, each from where the last one ended. The Hessian is the dear part, so
it is made anew only when a step with the old one no longer shrinks the gradient well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crmsync.errors import Stopped
from crmsync.forecast.facts import Floats

TOLERANCE = 1e-7  # of the gradient for each unit of weight
MAX_STEPS = 200
GOOD_STEP = 0.3  # a step that leaves more of the gradient than this wants a new Hessian


def solve_path(columns: Floats, won: Floats, weight: Floats, penalties: Sequence[float]) -> Iterator[Floats]:
    """For each penalty C, in ascending order: the coefficients, and last the intercept, which isn't penalised.

    Raises Stopped E403 when it doesn't converge.
    """
    problem = _Problem(np.hstack([columns, np.ones((len(columns), 1))]), won, weight)
    share = float(np.average(won, weights=weight))
    found = np.zeros(columns.shape[1] + 1)
    found[-1] = np.log(share) - np.log1p(-share)
    for penalty in sorted(penalties):
        found = problem.solve(found, penalty)
        yield found


@dataclass(frozen=True, slots=True)
class _Point:
    """Coefficients with the penalised loss there, its gradient, and the probabilities."""

    place: Floats
    slope: Floats
    fitted: Floats
    loss: float

    @property
    def steepness(self) -> float:
        """The largest part of the gradient."""
        return float(np.abs(self.slope).max())


class _Problem:
    """Rows, outcomes and weights, with the Hessian that was last made."""

    def __init__(self, rows: Floats, won: Floats, weight: Floats) -> None:
        self._rows, self._won, self._weight = rows, won, weight
        self._curved: Floats | None = None  # the Hessian without the penalty

    def solve(self, start: Floats, penalty: float) -> Floats:
        """From a start to where the gradient vanishes."""
        ridge = np.full(len(start), 1 / penalty)
        ridge[-1] = 0.0
        here = self._at(start, ridge)
        for _ in range(MAX_STEPS):
            if here.steepness <= TOLERANCE * self._weight.sum():
                return here.place
            fresh = self._curved is None
            if self._curved is None:
                self._curved = self._curvature(here.fitted)
            step = np.asarray(np.linalg.solve(self._curved + np.diag(ridge + 1e-12), here.slope), dtype=np.float64)
            there = self._walk(here, step, ridge)
            if there.steepness > GOOD_STEP * here.steepness:
                self._curved = None
            if there.loss > here.loss and not fresh:
                continue
            here = there
        raise Stopped("E403", "training did not converge", remedy="try smaller values of C in the model's TOML")

    def _walk(self, here: "_Point", step: Floats, ridge: Floats) -> "_Point":
        """The step, or as large a part of it as lessens the loss (to rounding)."""
        there = here
        for part in 0.5 ** np.arange(12):
            there = self._at(here.place - part * step, ridge)
            if there.loss <= here.loss * (1 + 1e-13):
                break
        return there

    def _at(self, place: Floats, ridge: Floats) -> "_Point":
        odds = self._rows @ place
        small = np.exp(-np.abs(odds))
        fitted = np.where(odds >= 0, 1.0, small) / (1 + small)
        slope = self._rows.T @ (self._weight * (fitted - self._won)) + ridge * place
        losses = np.log1p(small) + np.maximum(odds, 0) - self._won * odds
        return _Point(place, slope, fitted, float(self._weight @ losses + ridge @ place**2 / 2))

    def _curvature(self, fitted: Floats) -> Floats:
        root = np.sqrt(self._weight * fitted * (1 - fitted))
        scaled = self._rows * root[:, None]
        return np.asarray(scaled.T @ scaled)
