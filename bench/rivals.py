"""What the model is measured against: rates, a plain logit of a dozen columns, and boosted trees on the model's own columns."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from crmsync.forecast.channels import ACTS, AMOUNT, STAGE, STEP_DONE, TALKS
from crmsync.forecast.dataset import Examples
from crmsync.forecast.evaluate import stage_rates
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.fit import Training, solve
from crmsync.forecast.history import NO_NAME, AsOf

PLAIN_PENALTY = 1.0
RIVALS = ("base_rate", "stage_rate", "plain_logit", "boosting")


class Rivals:
    """Probabilities of the snapshots of a `Training` by plainer and by heavier means, learnt from the same examples."""

    def __init__(self, training: Training, names: tuple[str, ...]) -> None:
        self._names = names
        asof = training.table.asof
        self._stage = asof.of(STAGE).latest("name", missing=NO_NAME)
        self._dozen = _dozen(asof)
        every = np.arange(len(asof))
        self._all = training.table.matrix(training.table.learn(training.recipe, every), every)

    def tell(self, chance: dict[str, Floats], sample: Examples, late: Ints) -> None:
        """Writes what each rival says of these snapshots, learnt from the examples, beside its name."""
        for name in self._names:
            chance[name][late] = getattr(self, name)(sample, late)

    def base_rate(self, sample: Examples, late: Ints) -> Floats:
        """The share won."""
        return np.full(len(late), np.average(sample.won, weights=sample.weight))

    def stage_rate(self, sample: Examples, late: Ints) -> Floats:
        """The share won by stage, as CRMs have it."""
        rates = stage_rates(self._stage[sample.rows], sample.won, sample.weight)
        base = float(np.average(sample.won, weights=sample.weight))
        return np.array([rates.get(int(code), base) for code in self._stage[late]])

    def plain_logit(self, sample: Examples, late: Ints) -> Floats:
        """A logistic regression on a dozen columns."""
        early = self._dozen[sample.rows]
        mean, spread = early.mean(axis=0), early.std(axis=0) + 1e-9
        coefficients, base = solve((early - mean) / spread, sample.won, sample.weight, PLAIN_PENALTY)
        return np.asarray(1 / (1 + np.exp(-(base + (self._dozen[late] - mean) / spread @ coefficients))))

    def boosting(self, sample: Examples, late: Ints) -> Floats:
        """Boosted trees on all columns of the model; columns without outcomes, so learnt from all snapshots."""
        model = HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.05, max_leaf_nodes=15, min_samples_leaf=40, l2_regularization=1.0
        )
        early = np.nan_to_num(
            self._all[sample.rows], nan=-1.0
        )  # the tree learner can't take a column of nothing but nan
        model.fit(early, sample.won, sample_weight=sample.weight)
        return np.asarray(model.predict_proba(np.nan_to_num(self._all[late], nan=-1.0))[:, 1])


def _dozen(asof: AsOf) -> Floats:
    """Age, stage time and moves, amount, activity in all and of late, idleness, steps, load."""
    amount = np.log1p(np.maximum(np.nan_to_num(asof.of(AMOUNT).latest_value()), 0))
    columns = [
        np.log1p(asof.age_days),
        np.log1p(asof.of(STAGE).days_since_last()),
        asof.of(STAGE).count(),
        amount,
        np.log1p(asof.of(ACTS).count()),
        np.log1p(asof.of(ACTS).recent(7)),
        np.log1p(asof.of(ACTS).recent(28)),
        np.log1p(asof.of(ACTS).days_since_last()),
        np.log1p(asof.of(TALKS).count()),
        asof.of(STEP_DONE).count(),
        np.log1p(asof.of(STEP_DONE).days_since_last()),
        np.log1p(asof.owner_load),
    ]
    return np.asarray(np.nan_to_num(np.stack(columns, axis=1), nan=5.0))
