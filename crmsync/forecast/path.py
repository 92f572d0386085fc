"""The penalised logistic regression for several penalties in a row, fast enough to be tried on many dates: plain numpy.

Newton's method from the strongest penalty to the weakest, each from where the last one ended. The Hessian is the dear part, so
it is made anew only when a step with the old one no longer shrinks the gradient well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crmsync.errors import Stopped
from crmsync.forecast.facts import Floats, Ints

TOLERANCE = 1e-7  # of the gradient for each unit of weight
MAX_STEPS = 200
AT_ONCE = 10_000  # rows of a Hessian: bounds the memory
ROUNDS = 6  # of evidence; more change no forecast that was tried
WIDE = 0.1  # the variance that every feature begins with
NARROWEST, WIDEST = 1e-5, 1.0  # variances of a coefficient of a column with spread 1
LEAST_DETERMINED = 1e-3
FAINT = 1e-12  # a penalty on all, the intercept too, that keeps the Hessian from being singular
GOOD_STEP = 0.3  # a step that leaves more of the gradient than this wants a new Hessian


def solve_path(columns: Floats, won: Floats, weight: Floats, penalties: Sequence[float]) -> Iterator[Floats]:
    """For each penalty C, in ascending order: the coefficients, and last the intercept, which isn't penalised.

    Raises Stopped E403 when it doesn't converge.
    """
    problem = _Problem(columns, won, weight)
    found = problem.start
    for penalty in sorted(penalties):
        found = problem.solve(found, np.full(columns.shape[1], 1 / penalty))
        yield found


def relevance(columns: Floats, won: Floats, weight: Floats, feature: Ints) -> Floats:
    """How much each column may count: the prior variance of its coefficient, alike for all columns of a feature.

    `feature` numbers the feature of each column. Evidence maximisation (MacKay, "Bayesian interpolation", 1992): a feature's
    variance is the sum of its squared coefficients over how many of them the data determine, round after round. What tells
    nothing sinks to NARROWEST, so it can't add noise to what tells something. Raises Stopped E403 when it doesn't converge.
    """
    problem = _Problem(columns, won, weight)
    found, variance = problem.start, np.full(feature.max(initial=-1) + 1, WIDE)
    for _ in range(ROUNDS):
        ridge = 1 / variance[feature]
        found = problem.solve(found, ridge)
        determined = np.bincount(feature, weights=1 - ridge * problem.uncertainty(found, ridge))
        squares = np.bincount(feature, weights=found[:-1] ** 2)
        variance = np.clip(squares / np.maximum(determined, LEAST_DETERMINED), NARROWEST, WIDEST)
    return variance[feature]


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

    def __init__(self, columns: Floats, won: Floats, weight: Floats) -> None:
        self._columns, self._won, self._weight = columns, won, weight
        share = float(np.average(won, weights=weight))
        self.start = np.append(np.zeros(columns.shape[1]), np.log(share) - np.log1p(-share))
        self._curved: Floats | None = None  # the Hessian without the penalty

    def solve(self, start: Floats, ridge: Floats) -> Floats:
        """From a start to where the gradient vanishes; `ridge` is the penalty on each column."""
        ridge = np.append(ridge, 0.0)
        here = self._at(start, ridge)
        for _ in range(MAX_STEPS):
            if here.steepness <= TOLERANCE * self._weight.sum():
                return here.place
            fresh = self._curved is None
            if self._curved is None:
                self._curved = self._curvature(here.fitted)
            step = np.asarray(np.linalg.solve(self._curved + np.diag(ridge + FAINT), here.slope), dtype=np.float64)
            there = self._walk(here, step, ridge)
            if there.steepness > GOOD_STEP * here.steepness:
                self._curved = None
            if there.loss > here.loss and not fresh:
                continue
            here = there
        raise Stopped("E403", "training did not converge", remedy="try smaller values of C in the model's TOML")

    def uncertainty(self, place: Floats, ridge: Floats) -> Floats:
        """The variance that is left of each coefficient near a solution, by the Hessian that was last made."""
        ridge = np.append(ridge, 0.0)
        if self._curved is None:
            self._curved = self._curvature(self._at(place, ridge).fitted)
        left = np.linalg.inv(self._curved + np.diag(ridge + FAINT))
        return np.asarray(np.diag(left)[:-1], dtype=np.float64)

    def _walk(self, here: "_Point", step: Floats, ridge: Floats) -> "_Point":
        """The step, or as large a part of it as lessens the loss (to rounding)."""
        there = here
        for part in 0.5 ** np.arange(12):
            there = self._at(here.place - part * step, ridge)
            if there.loss <= here.loss * (1 + 1e-13):
                break
        return there

    def _at(self, place: Floats, ridge: Floats) -> "_Point":
        odds = self._columns @ place[:-1] + place[-1]
        small = np.exp(-np.abs(odds))
        fitted = np.where(odds >= 0, 1.0, small) / (1 + small)
        over = self._weight * (fitted - self._won)
        slope = np.append(self._columns.T @ over, over.sum()) + ridge * place
        losses = np.log1p(small) + np.maximum(odds, 0) - self._won * odds
        return _Point(place, slope, fitted, float(self._weight @ losses + ridge @ place**2 / 2))

    def _curvature(self, fitted: Floats) -> Floats:
        root = np.sqrt(self._weight * fitted * (1 - fitted))[:, None]
        curved = np.zeros((len(self.start), len(self.start)))
        for first in range(0, len(root), AT_ONCE):
            some = slice(first, first + AT_ONCE)
            scaled = np.hstack([self._columns[some] * root[some], root[some]])
            curved += scaled.T @ scaled
        return curved
