"""The team's number: what open deals bring within a period, with a range that knows that deals don't fall alone.

Whether a deal is won within the period hangs on a hidden number that all deals have in part from one shock:

    hidden = sqrt(shared) * the period's shock + sqrt(1 - shared) * the deal's own luck,  both standard normal
    won    = hidden below the normal quantile of the deal's chance

Each deal keeps its chance, and a good period is good for all (the one-factor model of loan portfolios: Vasicek 2002, The
distribution of loan portfolio value). How much is shared is learnt from past periods that don't overlap. Won less expected deals
of one is taken as normal around 0, with variance

    sum(p (1 - p)) + shared * (sum(d)**2 - sum(d**2)),  d: the normal density at the quantile of p

which is the first order of the bivariate normal distribution in its correlation (Pearson 1900). The prior of `shared` is
exponential with mean PRIOR_SHARED; a shock of one standard deviation then moves a chance of 30 % by 5 points. Each draw takes a
value of its own from the posterior, so few past periods give a wide range. Deals that aren't there yet are no part of the number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from crmsync.forecast.facts import Floats, Ints

PRIOR_SHARED = 0.02
GRID = np.append(0.0, np.geomspace(1e-4, 0.5, 60))  # values of `shared` that are weighed
DRAWS = 4_000
SEED = 20_020
SHARES = (0.1, 0.5, 0.9)
NEAR = 1e-9  # chances are kept so far from 0 and 1
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Period:
    """What was said of a past period and what came: one entry for each deal that was open when it began."""

    chance: Floats  # of being won within it
    won: Floats  # 1 if it was

    @property
    def residual(self) -> float:
        """Deals won less deals expected."""
        return float(self.won.sum() - self.chance.sum())


@dataclass(frozen=True, slots=True)
class Shock:
    """How likely each value of GRID is as the share that all deals have in common; sums to 1."""

    weight: Floats

    @property
    def mean(self) -> float:
        """The expected share."""
        return float(self.weight @ GRID)


def learn(past: Sequence[Period] = ()) -> Shock:
    """From past periods that don't overlap; without any it is the prior."""
    log_weight = np.log(_widths()) - GRID / PRIOR_SHARED
    for period in past:
        own = (period.chance * (1 - period.chance)).sum()
        density = np.array([_NORMAL.pdf(quantile) for quantile in _quantiles(period.chance).tolist()])
        variance = np.maximum(own + GRID * (density.sum() ** 2 - (density**2).sum()), NEAR)
        log_weight -= (np.log(variance) + period.residual**2 / variance) / 2
    weight = np.exp(log_weight - log_weight.max())
    return Shock(weight / weight.sum())


def _widths() -> Floats:
    """How much of the line each value of the grid stands for."""
    middles = (GRID[1:] + GRID[:-1]) / 2
    return np.diff(np.concatenate([[0.0], middles, [GRID[-1]]]))


def draws(chance: Floats, amount_minor: Floats, group: Ints, *, shock: Shock) -> Floats:
    """Sums in minor units by draw and group (0, 1, ...), shape (DRAWS, groups). Amounts of one group are of one currency.

    All groups of a draw share its shock, so columns of one currency may be added to those of a larger group.
    """
    rng = np.random.default_rng(SEED)
    quantile = _quantiles(chance)
    shared = rng.choice(GRID, size=DRAWS, p=shock.weight)
    push = np.sqrt(shared) * rng.standard_normal(DRAWS)
    groups = int(group.max(initial=-1)) + 1
    found = np.zeros((DRAWS, groups))
    for place in range(DRAWS):
        hidden = push[place] + np.sqrt(1 - shared[place]) * rng.standard_normal(len(chance))
        found[place] = np.bincount(group, weights=np.where(hidden < quantile, amount_minor, 0.0), minlength=groups)
    return found


def ranges(drawn: Floats) -> Ints:
    """P10, P50 and P90 of each column in minor units, shape (3, groups)."""
    return np.rint(np.quantile(drawn, SHARES, axis=0)).astype(np.int64)


def covered(drawn: Floats, came: Floats, *, between: tuple[float, float] = (SHARES[0], SHARES[-1])) -> Floats:
    """1 where a column's sum came between two shares of its draws, 0 where not, a part where one of them falls on the sum itself.

    A sum of few deals can't be cut at exactly a tenth: of a value that holds an end of the range, only that part of its
    probability counts that lies inside (the nonrandomized probability integral transform: Czado, Gneiting and Held 2009). So the
    mean is 0.8 between P10 and P90 for a right distribution however few the deals are.
    """
    (found,) = _inside(np.sort(drawn, axis=0), came[None, :], between)
    return np.asarray(found)


def covered_if_right(drawn: Floats) -> Floats:
    """What `covered` would be, had each draw been what came; shape of the draws. So much of it is luck."""
    return _inside(np.sort(drawn, axis=0), drawn, (SHARES[0], SHARES[-1]))


def _inside(ordered: Floats, came: Floats, between: tuple[float, float]) -> Floats:
    """The part of each sum that lies between two shares of the ordered draws, shape (m, groups)."""
    below, upto = (
        np.stack([np.searchsorted(*column) for column in zip(ordered.T, (came + edge).T, strict=True)], axis=1)
        / len(ordered)
        for edge in (-0.5, 0.5)
    )
    low, high = between
    inside = np.minimum(upto, high) - np.maximum(below, low)
    certain = (below >= low) & (upto <= high)
    return np.where(certain, 1.0, np.clip(inside, 0, None) / np.maximum(upto - below, NEAR))


def _quantiles(chance: Floats) -> Floats:
    near = np.clip(chance, NEAR, 1 - NEAR)
    return np.array([_NORMAL.inv_cdf(each) for each in near.tolist()])
