"""Trials on later data inside the training time: which penalty, and is the model better than the baselines?

At each of some dates, models learn from the deals that had closed before and are tried on the snapshots that follow, up to the
next date. Nothing of a trial's snapshots was known to its models.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from crmsync.forecast.dataset import NEVER, Examples, weights
from crmsync.forecast.evaluate import NEAR, log_losses, stage_rates
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.gate import Later, Verdict, credibility, judge
from crmsync.forecast.grades import Groups, grades
from crmsync.forecast.incumbents import Reading
from crmsync.forecast.logistic import sigmoid
from crmsync.forecast.path import relevance, solve_path
from crmsync.forecast.recipe import Recipe

FIRST_CUT = 0.5  # the share of the closed deals that the first trial learns from
CAUTION = 0.5  # standard errors of log loss given up for a stronger penalty
FEW = 20  # deals: an error told from few deals is itself uncertain, so with n deals FEW / n errors more are given up


@dataclass(frozen=True, slots=True)
class Trial:
    """Models learnt from early rows of a sample, and their probabilities for late rows, shape (rows, penalties)."""

    early: Ints
    late: Ints
    probability: Floats


def run(columns: Floats, feature: Ints, sample: Examples, recipe: Recipe) -> list[Trial]:
    """All trials; `feature` numbers the feature of each column.

    Dates before which only won or only lost deals had closed are left out.
    """
    trials = []
    cuts = _cuts(sample, recipe)
    for cut, following in zip(cuts, [*cuts[1:], NEVER], strict=True):
        early = np.flatnonzero(sample.closed_at <= cut)
        late = np.flatnonzero((sample.at > cut) & (sample.at <= following))
        if len(late) and 0 < sample.won[early].sum() < len(early):
            solved = _solved(columns[early], feature, sample.take(early), recipe)
            trials.append(Trial(early, late, sigmoid(columns[late] @ solved[:-1] + solved[-1])))
    return trials


def _solved(columns: Floats, feature: Ints, sample: Examples, recipe: Recipe) -> Floats:
    """Coefficients and last the intercept, shape (columns + 1, penalties). The columns are scaled in place."""
    weight = weights(sample.deal)
    width = np.sqrt(relevance(columns, sample.won, weight, feature))
    columns *= width
    path = list(solve_path(columns, sample.won, weight, recipe.penalties))
    return np.append(width, 1.0)[:, None] * np.stack(path, axis=1)


def _cuts(sample: Examples, recipe: Recipe) -> list[int]:
    """Dates by which equal further shares of the deals had closed."""
    _, first = np.unique(sample.deal, return_index=True)
    closed = np.sort(sample.closed_at[first])
    shares = FIRST_CUT + (1 - FIRST_CUT) * np.arange(recipe.cuts) / recipe.cuts
    return [int(cut) for cut in np.unique(closed[(shares * len(closed)).astype(np.int64)])]


def best_penalty(trials: Sequence[Trial], sample: Examples, recipe: Recipe) -> float:
    """The strongest penalty whose later log loss is within CAUTION standard errors (by deal, see FEW) of the least one.

    Without trials the strongest: what can't be shown on later data isn't claimed.
    """
    if not trials:
        return min(recipe.penalties)
    late, probability = _joined(trials, recipe)
    losses = np.stack([log_losses(column, sample.won[late]) for column in probability.T]) * sample.weight[late]
    _, deal = np.unique(sample.deal[late], return_inverse=True)
    excess = np.stack([np.bincount(deal, weights=row) for row in losses - losses[np.argmin(losses.sum(axis=1))]])
    error = np.sqrt(((excess - excess.mean(axis=1, keepdims=True)) ** 2).sum(axis=1))
    close = excess.sum(axis=1) <= (CAUTION + FEW / excess.shape[1]) * error
    return min(penalty for penalty, near in zip(sorted(recipe.penalties), close, strict=True) if near)


def verdict(
    trials: Sequence[Trial],
    sample: Examples,
    stage: Ints,
    *,
    in_use: Floats,
    penalty: float,
    recipe: Recipe,
    said: Sequence[Reading] = (),
    groups: Groups | None = None,
) -> Verdict:
    """What the gate says of the trials with the chosen penalty.

    By row of the sample: `stage`, the label id, `in_use`, the chance that the fit in use gives, nan where that has learnt from
    such a time or where there is none, what fields of the CRM `said`, and the `groups` of deals whose gaps are told.
    """
    late, probability = _joined(trials, recipe)
    baselines = [_baselines(trial, sample, stage) for trial in trials]
    base, by_stage = np.concatenate([np.zeros((2, 0)), *baselines], axis=1)
    model = _towards(base, probability[:, sorted(recipe.penalties).index(penalty)], credible(trials, sample))
    later = Later(sample.deal[late], sample.won[late], sample.weight[late], model, base, by_stage)
    known = ~np.isnan(in_use[late])
    found = judge(later, block=recipe.block)
    for each in said:
        rates = np.concatenate([np.zeros(0), *(_rates(each, trial, sample) for trial in trials)])
        found = found.against(each.field, later, rates, block=recipe.block)
    parted = {by: each.take(late) for by, each in (groups or {}).items()}
    found = replace(found, grades=grades(later.model, later.won, later.deal, parted))
    return found.beside(later.take(known), in_use[late][known])


def credible(trials: Sequence[Trial], sample: Examples) -> float:
    """How much of its effects the fit may show, by the deals that it was tried on."""
    return credibility(
        len(np.unique(np.concatenate([sample.deal[:0], *(sample.deal[trial.late] for trial in trials)])))
    )


def _towards(base: Floats, chance: Floats, share: float) -> Floats:
    """Chances whose log-odds go this share of the way from the base rate."""
    start = np.log(base) - np.log1p(-base)
    near = np.clip(chance, NEAR, 1 - NEAR)
    return sigmoid(start + share * (np.log(near) - np.log1p(-near) - start))


def _rates(said: Reading, trial: Trial, sample: Examples) -> Floats:
    """What a field of the CRM says of a trial's late rows, as rates that its early rows taught."""
    return said.rates(trial.early, sample.won[trial.early], weights(sample.deal[trial.early]), trial.late)


def _joined(trials: Sequence[Trial], recipe: Recipe) -> tuple[Ints, Floats]:
    """The late rows of all trials and their probabilities."""
    nothing = np.zeros((0, len(recipe.penalties)))
    late = np.concatenate([np.zeros(0, np.int64), *(trial.late for trial in trials)])
    return late, np.concatenate([nothing, *(trial.probability for trial in trials)])


def _baselines(trial: Trial, sample: Examples, stage: Ints) -> Floats:
    """Base rate and stage rate of a trial's late rows as known from its early ones, shape (2, rows)."""
    won, weight = sample.won[trial.early], weights(sample.deal[trial.early])
    base = float(np.average(won, weights=weight))
    rates = stage_rates(stage[trial.early], won, weight)
    return np.array([[base] * len(trial.late), [rates.get(int(code), base) for code in stage[trial.late]]])
