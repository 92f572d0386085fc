"""Training: a logistic regression with an L2 penalty, from facts to a `Fit`. The only file that imports scikit-learn.

Rows stand in canonical order and numbers are rounded, so equal facts give equal bytes in whatever order they came.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from crmsync.clock import MICROS_PER_DAY
from crmsync.errors import BadConfig, Stopped
from crmsync.forecast import drift, enough, leaks, trials
from crmsync.forecast.channels import AMOUNT, OWNER, STAGE
from crmsync.forecast.clues import Clues
from crmsync.forecast.dataset import STILL_OPEN, Ends, Examples, examples, snapshots
from crmsync.forecast.design import Table, Term
from crmsync.forecast.evaluate import stage_rates
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.features import FEATURES
from crmsync.forecast.grades import OF_LATE, Parted, thirds
from crmsync.forecast.history import NO_NAME, History
from crmsync.forecast.incumbents import readings
from crmsync.forecast.logistic import Fit, Formula, Trained, contributions
from crmsync.forecast.path import relevance, solve_path
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.scaling import Scaled, round_one
from crmsync.forecast.slips import Slips
from crmsync.forecast.timing import Timing
from crmsync.records import PRIOR

TOLERANCE = 1e-8
MAX_ITERATIONS = 200
LATELY = 90 * MICROS_PER_DAY
PACE_PENALTY = 0.03  # C: a prior of about a sixth of log-odds for each spread of a column


class Training:
    """Snapshots and features of a history, computed once; fits for as many instants as wanted."""

    def __init__(
        self, history: History, recipe: Recipe, *, until: int, segments: Mapping[int, str] | None = None
    ) -> None:
        """`until`: the latest instant that a fit will be asked for; `segments`: names by deal's id, for the model's card.

        Raises BadConfig E405 for an unknown feature.
        """
        for name in recipe.features:
            if name not in FEATURES:
                raise BadConfig("E405", f"no feature {name!r}", remedy=f"one of: {', '.join(sorted(FEATURES))}")
        self.history, self.recipe, self._segments = history, recipe, segments or {}
        self.found = snapshots(history, by=until, every_days=recipe.every_days, created_from=recipe.created_from)
        self.table = Table(history.as_of(history.deals[self.found.deal], self.found.at))

    def fit(self, as_of: int, *, in_use: Fit | None = None) -> Fit:
        """A fit that has seen only what was known at the instant; the gate compares it with the one in use as well.

        Raises Stopped: E401 too few closed deals, E402 too few of them won or lost, E403 no convergence, E404 a feature
        that isn't finite. Linear algebra runs on one thread: for matrices of this size it is faster, and its sums are the same
        on every machine.
        """
        with threadpool_limits(1, "blas"):
            return self._fit(as_of, in_use)

    def _fit(self, as_of: int, in_use: Fit | None) -> Fit:
        sample = examples(self.history, self.found, by=as_of)
        enough.require(sample, self.recipe)
        terms = self.table.learn(self.recipe, sample.rows)
        scaled = Scaled.of(self.table, terms, sample.rows, sample.weight)
        feature = np.repeat(np.arange(len(terms)), [term.encoding.width for term in terms])
        tried = trials.run(scaled.columns, feature, sample, self.recipe)
        stage = self.table.asof.of(STAGE).latest("name", missing=NO_NAME)[sample.rows]
        penalty = trials.best_penalty(tried, sample, self.recipe)
        held = self._chances(in_use, sample)
        said = [each.take(sample.rows) for each in readings(self.table.asof)]
        verdict = trials.verdict(
            tried,
            sample,
            stage,
            in_use=held,
            penalty=penalty,
            recipe=self.recipe,
            said=said,
            groups=self._groups(sample, as_of=as_of),
        )
        if verdict.kind == PRIOR:
            penalty = min(self.recipe.penalties)
        width = np.sqrt(relevance(scaled.columns, sample.won, sample.weight, feature))
        columns = np.multiply(
            scaled.columns, width, out=scaled.columns
        )  # they are large, and needed no more as they were
        coefficients, base = solve(columns, sample.won, sample.weight, penalty)
        share = 1.0 if verdict.kind == PRIOR else trials.credible(tried, sample)
        formula = scaled.formula(terms, share * width * coefficients, base)
        del scaled, columns
        pace = self._pace(terms, as_of=as_of)
        return Fit(
            formula,
            pace,
            self._trained(sample, stage_rates(stage, sample.won, sample.weight), as_of=as_of, penalty=penalty),
            self.recipe.horizon_days,
            self.timing(formula, pace, *self.watched(as_of)),
            replace(verdict, drift=self._drift(formula, as_of=as_of)).leaking(leaks.find(self.table, terms, sample)),
            Slips.learn(self.history, self.recipe.workdays, by=as_of),
        ).sealed()

    def _chances(self, in_use: Fit | None, sample: Examples) -> Floats:
        """What the fit in use says of the snapshots of its own future, nan of the others."""
        chances = np.full(len(sample), np.nan)
        if in_use is not None:
            ahead = np.flatnonzero(sample.at > in_use.trained.as_of)
            added = in_use.formula.contributions(self.table, sample.rows[ahead])
            chances[ahead] = in_use.formula.probability(added)
        return chances

    def _drift(self, formula: Formula, *, as_of: int) -> dict[str, float]:
        """What of the deals that are open now differs from those of the year before."""
        both = np.concatenate(drift.rows(self.found, as_of=as_of))
        odds = np.full(len(self.found), np.nan)
        odds[both] = formula.contributions(self.table, both).sum(axis=1)
        return drift.find(self.table, self.recipe.features, odds, self.found, as_of=as_of)

    def _groups(self, sample: Examples, *, as_of: int) -> dict[str, Parted]:
        """By what deals are parted on a model's card."""
        asof, labels = self.table.asof.take(sample.rows), self.history.labels
        amount, owner = asof.of(AMOUNT).latest_value(), asof.of(OWNER).latest("person", missing=0)
        names = sorted(set(self._segments.values()))
        place = {name: number for number, name in enumerate(names)}
        segment = [place.get(self._segments.get(deal, ""), -1) for deal in asof.deals.tolist()]
        return {
            "segment": Parted(np.array(segment, dtype=np.int64), dict(enumerate(names))),
            "stage": Parted(asof.of(STAGE).latest("name", missing=NO_NAME), dict(enumerate(labels))),
            "owner": Parted(owner, {each: str(each) for each in np.unique(owner).tolist() if each}),
            "closed": Parted((sample.closed_at > as_of - LATELY).astype(np.int64), {0: "earlier", 1: OF_LATE}),
            "amount": thirds(np.where(amount > 0, amount, np.nan)),
            "age": thirds(asof.age_days),
        }

    def watched(self, as_of: int) -> tuple[Ints, Floats, Ints]:
        """The snapshots up to an instant, of open deals too: rows, days to the end or while watched, 1, 0 or STILL_OPEN."""
        ends = Ends.of(self.history, by=as_of)
        rows = np.flatnonzero((self.found.at < as_of) & ends.counted[self.found.deal])
        deal = self.found.deal[rows]
        until = np.where(ends.won[deal] == STILL_OPEN, as_of, ends.closed_at[deal])
        return rows, (until - self.found.at[rows]) / MICROS_PER_DAY, ends.won[deal].astype(np.int64)

    def _pace(self, terms: Sequence[Term], *, as_of: int) -> Formula:
        """What the columns tell of an end, won or lost, within a usual time: half of the ended snapshots took no longer.

        Only snapshots that were watched for that time count, so open deals are no less told of than closed ones.
        """
        rows, days, end = self.watched(as_of)
        usual = float(np.median(days[end != STILL_OPEN]))
        whole = self.found.at[rows] + usual * MICROS_PER_DAY <= as_of
        rows, soon = rows[whole], ((end != STILL_OPEN) & (days <= usual))[whole]
        weight = _even(self.found.deal[rows])
        scaled = Scaled.of(self.table, terms, rows, weight)
        if soon.all() or not soon.any():
            return scaled.formula(terms, np.zeros(scaled.columns.shape[1]), 0.0)
        (found,) = solve_path(scaled.columns, soon.astype(np.float64), weight, (PACE_PENALTY,))
        return scaled.formula(terms, found[:-1], float(found[-1]))

    def timing(self, formula: Formula, pace: Formula, rows: Ints, days: Floats, end: Ints) -> Timing:
        """The time of the end, learnt from snapshots (see `watched`)."""
        asof = self.table.asof.take(rows)
        both = zip((formula, pace), contributions((formula, pace), self.table, rows), strict=True)
        odds, hurry = (each.base + added.sum(axis=1) for each, added in both)
        clues = Clues.of(asof, odds=odds, pace=hurry)
        return Timing.learn(clues, days=days, end=end, weight=_even(self.found.deal[rows]))

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


def train(
    history: History,
    recipe: Recipe,
    *,
    as_of: int,
    in_use: Fit | None = None,
    segments: Mapping[int, str] | None = None,
) -> Fit:
    """One fit, from what was known at the instant. Raises as `Training`."""
    return Training(history, recipe, until=as_of, segments=segments).fit(as_of, in_use=in_use)


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


def _even(deal: Ints) -> Floats:
    """Every snapshot counts alike, as it does when dates are met or missed; all sum to the number of deals.

    Unlike `dataset.weights`: to count the many snapshots of a long deal for less would make all ends seem sooner.
    """
    return np.full(len(deal), len(np.unique(deal)) / max(len(deal), 1))
