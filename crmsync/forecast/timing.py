"""When a deal will be won: a first, plain method.

For deals alike in probability and age, the time from a snapshot to its win is learnt with the Aalen-Johansen estimator: lost is a
competing end, and a deal that is still open counts as open for as long as it was watched (leaving the open ones out would make
dates too early). Divided by its last value, the cumulative incidence of winning is the distribution of days to the win, *given
that it is won*; its 20, 50 and 80 % points are the close dates. The chance of being won within d days is the model's
probability times that distribution at d, so it never exceeds the probability. What comes after the longest time
watched can't be seen; the plan's own promised dates aren't used yet.

Source: Aalen and Johansen, An empirical transition matrix for non-homogeneous Markov chains, Scand. J. Stat. 5 (1978).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from crmsync.forecast.facts import Floats, Ints

WINS_A_CELL = 30  # deals won for each cell of likeness, on average
MAX_BINS = 3
POINTS = 64  # at which a distribution is stored
SHARES = (0.2, 0.5, 0.8)


@dataclass(frozen=True, slots=True)
class Timing:
    """Distributions of days to the win by cell. `days[c][i]` is the day by which the share i / (POINTS - 1) is won."""

    probability_edges: tuple[float, ...]
    age_edges: tuple[float, ...]
    days: tuple[tuple[float, ...], ...]

    @classmethod
    def learn(cls, *, probability: Floats, age_days: Floats, days: Floats, end: Ints, weight: Floats, won: int) -> Self:
        """From snapshots of all deals: days until the end, or while watched; `end`: 1 won, 0 lost, -1 still open.

        `won` is the number of deals won, which decides how finely they are told apart.
        """
        bins = int(np.clip(np.sqrt(won / WINS_A_CELL), 1, MAX_BINS))
        shares = np.arange(1, bins) / bins
        edges = [tuple(np.round(np.quantile(values, shares), 6).tolist()) for values in (probability, age_days)]
        empty = cls(edges[0], edges[1], ())
        cell = empty.cells(probability, age_days)
        whole = _distribution(days, end, weight)
        tables = []
        for number in range(bins * bins):
            inside = cell == number
            enough = (end[inside] == 1).sum() >= POINTS // 4
            tables.append(_distribution(days[inside], end[inside], weight[inside]) if enough else whole)
        return cls(edges[0], edges[1], tuple(tables))

    def cells(self, probability: Floats, age_days: Floats) -> Ints:
        """The number of the cell of each deal."""
        by_chance = np.searchsorted(self.probability_edges, probability, side="right")
        by_age = np.searchsorted(self.age_edges, age_days, side="right")
        return (by_chance * (len(self.age_edges) + 1) + by_age).astype(np.int64)

    def quantile(self, probability: Floats, age_days: Floats, share: float) -> Ints:
        """Days to the win that the share of won deals doesn't exceed, whole days, rounded up."""
        points = np.linspace(0, 1, POINTS)
        by_cell = np.array([np.ceil(np.interp(share, points, table)) for table in self.days])
        return by_cell[self.cells(probability, age_days)].astype(np.int64)

    def won_within(self, probability: Floats, age_days: Floats, days: Floats) -> Floats:
        """The chance of being won within so many days, shape (m,)."""
        cell = self.cells(probability, age_days)
        points = np.linspace(0, 1, POINTS)
        chance = np.zeros(len(cell))
        for number, table in enumerate(self.days):
            inside = cell == number
            chance[inside] = np.interp(days[inside], table, points)
        return probability * np.where(days > 0, chance, 0.0)


def _distribution(days: Floats, end: Ints, weight: Floats) -> tuple[float, ...]:
    """The days at which equal shares of the wins are reached; all zero when there is no win."""
    at, incidence = incidence_of_winning(days, end, weight)
    if not len(at) or incidence[-1] <= 0:
        return (0.0,) * POINTS
    reached = np.searchsorted(incidence / incidence[-1], np.linspace(0, 1, POINTS) - 1e-12)
    return tuple(np.round(np.maximum.accumulate(at[np.minimum(reached, len(at) - 1)]), 4).tolist())


def incidence_of_winning(days: Floats, end: Ints, weight: Floats) -> tuple[Floats, Floats]:
    """The Aalen-Johansen cumulative incidence of winning, at each time where something ends or is lost from view."""
    if not len(days):
        return np.zeros(0), np.zeros(0)
    order = np.argsort(days, kind="stable")
    at, first = np.unique(days[order], return_index=True)
    total, won, ended = (
        np.add.reduceat(np.where(chosen, weight, 0.0)[order], first) for chosen in (end > -2, end == 1, end >= 0)
    )
    watched = np.cumsum(total[::-1])[::-1]
    open_after = np.cumprod(1 - ended / watched)
    open_before = np.append(1.0, open_after[:-1])
    return at, np.cumsum(open_before * won / watched)
