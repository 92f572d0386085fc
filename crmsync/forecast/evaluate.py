"""How good predictions are: discrimination and calibration, beside the baselines, with standard errors by deal.

Brier: Brier 1950. Calibration slope and intercept: Cox 1958, Two further applications of a model for binary regression.
"""

from dataclasses import dataclass

import numpy as np

from crmsync.forecast.facts import Floats, Ints

BINS = 10
NEAR = 1e-12  # probabilities are kept so far from 0 and 1
PRIOR_SNAPSHOTS = 10.0  # a stage's share won is shrunk to the base rate by so much weight


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of a reliability table."""

    low: float
    high: float
    snapshots: int
    predicted: float  # mean probability
    won: float  # share


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of one set of predictions. `_se`: standard error, deals resampled."""

    snapshots: int
    deals: int
    won: float
    log_loss: float
    log_loss_se: float
    brier: float
    brier_se: float
    auc: float
    ece: float
    slope: float
    intercept: float


def quality(probability: Floats, won: Floats, deal: Ints) -> Quality:
    """All figures; each snapshot counts alike. `won` is 1 or 0; AUC and slope are nan with one class only."""
    slope, intercept = calibration_line(probability, won)
    losses, squares = log_losses(probability, won), (probability - won) ** 2
    return Quality(
        len(won),
        len(np.unique(deal)),
        float(won.mean()),
        float(losses.mean()),
        standard_error(losses, deal),
        float(squares.mean()),
        standard_error(squares, deal),
        auc(probability, won),
        expected_calibration_error(probability, won),
        slope,
        intercept,
    )


def log_losses(probability: Floats, won: Floats) -> Floats:
    """-log of the probability given to what happened, shape (m,)."""
    near = np.clip(probability, NEAR, 1 - NEAR)
    return -np.where(won > 0, np.log(near), np.log1p(-near))


def auc(probability: Floats, won: Floats) -> float:
    """The chance that a won snapshot has the higher probability than a lost one; ties count half."""
    positive = won > 0
    wins, losses = int(positive.sum()), int((~positive).sum())
    if not wins or not losses:
        return float("nan")
    _, place, count = np.unique(probability, return_inverse=True, return_counts=True)
    middle_rank = np.cumsum(count) - (count - 1) / 2
    return float((middle_rank[place][positive].sum() - wins * (wins + 1) / 2) / (wins * losses))


def reliability(probability: Floats, won: Floats) -> list[Bin]:
    """Predicted and true shares in bins of equal width, empty bins left out."""
    place = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    return [
        Bin(k / BINS, (k + 1) / BINS, int(inside.sum()), float(probability[inside].mean()), float(won[inside].mean()))
        for k in range(BINS)
        if (inside := place == k).any()
    ]


def expected_calibration_error(probability: Floats, won: Floats) -> float:
    """Mean distance between predicted and true share over the bins, weighted by their counts."""
    rows = reliability(probability, won)
    return sum(row.snapshots * abs(row.predicted - row.won) for row in rows) / max(len(won), 1)


def calibration_line(probability: Floats, won: Floats) -> tuple[float, float]:
    """(slope, intercept) of the logistic regression of the outcome on the log-odds, by Newton's method; (1, 0) is ideal.

    nan where it isn't defined: one class only, equal predictions, or classes that are separated.
    """
    near = np.clip(probability, NEAR, 1 - NEAR)
    columns = np.stack([np.ones(len(near)), np.log(near) - np.log1p(-near)], axis=1)
    line = np.array([0.0, 1.0])
    if won.min(initial=1) == won.max(initial=0) or np.ptp(columns[:, 1]) < 1e-9:
        return float("nan"), float("nan")
    for _ in range(50):
        fitted = 1 / (1 + np.exp(-np.clip(columns @ line, -30, 30)))
        hessian = (columns * (fitted * (1 - fitted))[:, None]).T @ columns
        step = np.linalg.lstsq(hessian, columns.T @ (won - fitted), rcond=None)[0]
        line = line + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            return float(line[1]), float(line[0])
    return float("nan"), float("nan")


def standard_error(values: Floats, deal: Ints) -> float:
    """Of the mean over snapshots, when deals are what is sampled: the linearised error of a ratio of sums over deals."""
    _, place = np.unique(deal, return_inverse=True)
    sums = np.bincount(place, weights=values - values.mean())
    deals = len(sums)
    if deals < 2:
        return float("nan")
    return float(np.sqrt((sums**2).sum() * deals / (deals - 1)) / len(values))


def stage_rates(stage: Ints, won: Floats, weight: Floats, *, prior: float = PRIOR_SNAPSHOTS) -> dict[int, float]:
    """The share won by stage, shrunk to the base rate: what CRMs multiply amounts by, learnt from the same examples."""
    base = float(np.average(won, weights=weight))
    return {
        int(code): float((won[here] @ weight[here] + prior * base) / (weight[here].sum() + prior))
        for code in np.unique(stage)
        if (here := stage == code).any()
    }
