"""Training: a logistic regression with an L2 penalty, from facts to a `Fit`. The only file that imports scikit-learn.

Rows stand in canonical order and numbers are rounded, so equal facts give equal bytes in whatever order they came.
"""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from crmsync.clock import MICROS_PER_DAY
from crmsync.errors import BadConfig, Stopped
from crmsync.forecast import trials
from crmsync.forecast.channels import STAGE
from crmsync.forecast.dataset import STILL_OPEN, Ends, Examples, examples, snapshots, weights
from crmsync.forecast.design import Table
from crmsync.forecast.evaluate import stage_rates
from crmsync.forecast.facts import Floats
from crmsync.forecast.features import FEATURES
from crmsync.forecast.history import NO_NAME, History
from crmsync.forecast.logistic import Fit, Formula, Trained
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.scaling import Scaled, round_one
from crmsync.forecast.timing import Timing

TOLERANCE = 1e-8
MAX_ITERATIONS = 200


class Training:
    """Snapshots and features of a history, computed once; fits for as many instants as wanted."""

    def __init__(self, history: History, recipe: Recipe, *, until: int) -> None:
        """`until`: the latest instant that a fit will be asked for. Raises BadConfig E405 for an unknown feature."""
        for name in recipe.features:
            if name not in FEATURES:
                raise BadConfig("E405", f"no feature {name!r}", remedy=f"one of: {', '.join(sorted(FEATURES))}")
        self.history, self.recipe = history, recipe
        self.found = snapshots(history, by=until, every_days=recipe.every_days, created_from=recipe.created_from)
        self.table = Table(history.as_of(history.deals[self.found.deal], self.found.at))

    def fit(self, as_of: int) -> Fit:
        """A fit that has seen only what was known at the instant.

        Raises Stopped: E401 too few closed deals, E402 too few of them won or lost, E403 no convergence, E404 a feature
        that isn't finite.
        """
        sample = examples(self.history, self.found, by=as_of)
        _enough(sample, self.recipe)
        terms = self.table.learn(self.recipe, sample.rows)
        scaled = Scaled.of(self.table, terms, sample.rows, sample.weight)
        tried = trials.run(scaled.columns, sample, self.recipe, solve)
        penalty = trials.best_penalty(tried, sample, self.recipe)
        formula = scaled.formula(terms, *solve(scaled.columns, sample.won, sample.weight, penalty))
        stage = self.table.asof.of(STAGE).latest("name", missing=NO_NAME)[sample.rows]
        return Fit(
            formula,
            self._trained(sample, stage_rates(stage, sample.won, sample.weight), as_of=as_of, penalty=penalty),
            self.recipe.horizon_days,
            self._timing(formula, as_of=as_of, won=sample.deals_won),
            trials.verdict(tried, sample, stage, penalty=penalty, recipe=self.recipe),
        ).sealed()

    def _timing(self, formula: Formula, *, as_of: int, won: int) -> Timing:
        """Days to the win, learnt from every snapshot up to the instant, of open deals too."""
        ends = Ends.of(self.history, by=as_of)
        rows = np.flatnonzero((self.found.at < as_of) & ends.counted[self.found.deal])
        deal = self.found.deal[rows]
        until = np.where(ends.won[deal] == STILL_OPEN, as_of, ends.closed_at[deal])
        return Timing.learn(
            probability=formula.probability(formula.contributions(self.table, rows)),
            age_days=self.table.asof.age_days[rows],
            days=(until - self.found.at[rows]) / MICROS_PER_DAY,
            end=ends.won[deal].astype(np.int64),
            weight=weights(deal),
            won=won,
        )

    def _trained(self, sample: Examples, by_stage: dict[int, float], *, as_of: int, penalty: float) -> Trained:
        labels = self.history.labels
        return Trained(
            as_of=as_of,
            from_at=int(sample.at.min()),
            until_at=int(sample.at.max()),
            deals=sample.deals,
            deals_won=sample.deals_won,
            snapshots=len(sample),
            base_rate=round_one(float(np.average(sample.won, weights=sample.weight))),
            penalty=penalty,
            stage_rates={"" if code < 0 else labels[code]: round_one(rate) for code, rate in by_stage.items()},
        )


def train(history: History, recipe: Recipe, *, as_of: int) -> Fit:
    """One fit, from what was known at the instant. Raises as `Training`."""
    return Training(history, recipe, until=as_of).fit(as_of)


def solve(columns: Floats, won: Floats, weight: Floats, penalty: float) -> tuple[Floats, float]:
    """Coefficients and intercept of the penalised fit. Raises Stopped E403 when the solver doesn't converge."""
    model = LogisticRegression(C=penalty, solver="newton-cholesky", tol=TOLERANCE, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(columns, won, sample_weight=weight)
        except ConvergenceWarning:
            raise Stopped(
                "E403", "training did not converge", remedy="try smaller values of C in the model's TOML"
            ) from None
    return model.coef_[0], float(model.intercept_[0])


def _enough(sample: Examples, recipe: Recipe) -> None:
    won, lost = sample.deals_won, sample.deals - sample.deals_won
    if sample.deals < recipe.min_closed:
        raise Stopped(
            "E401",
            f"too few closed deals to learn from: {sample.deals} of {recipe.min_closed}",
            remedy="wait for more outcomes, or pull a longer past",
        )
    if min(won, lost) < recipe.min_each:
        raise Stopped(
            "E402",
            f"too few outcomes of one kind to learn from: {won} won, {lost} lost, {recipe.min_each} of each needed",
            remedy="wait for more outcomes, or widen the population",
        )
