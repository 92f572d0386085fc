"""When a deal ends, and how: one curve for each deal, from a discrete-time hazard that takes open deals as open.

The time ahead is cut into stretches. For each one a logistic regression gives the chance that a deal which is open at its
beginning ends in it; another one the chance that a deal which ends in it is won. A snapshot of a deal that is still open counts
in the stretches that it was watched through, so nothing is made earlier by leaving the slow ones out. Both regressions see the
clues (see `clues`), each also with a slope over the log of the time ahead.

The curve is made to agree with the model's probability: the log-odds of being won at the end are moved by one number for each
deal, so that all stretches together are won with exactly that probability. Hence "won by this date" grows from nothing to the
probability, close dates are quantiles of the same curve, and a period's chance is a difference of two points on it.

Source: Tutz and Schmid, Modeling Discrete Time-to-Event Data (2016), chapters 3 and 8.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from crmsync.forecast.clues import Clues
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.path import solve_path

EDGES = (0, 1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 28, 42, 63, 91, 126, 182, 273, 365, 546, 730, 1095, 1825)
BENDS = (1.0, 3.0, 7.0, 14.0, 28.0, 63.0, 126.0, 273.0)  # days ahead at which the hazard's slope may change
PENALTY = 1.0  # C on columns of spread 1: a weak prior, there are few columns
MOST_SNAPSHOTS = 20_000  # to learn from; more would tell no more about so few numbers
HALVINGS = 40  # of the interval in which the shift of the log-odds lies
FARTHEST = 15.0  # of that shift
SHARES = (0.2, 0.5, 0.8)
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Logit:
    """A small logistic regression: sigmoid(base + (columns - means) @ slopes)."""

    means: tuple[float, ...]
    slopes: tuple[float, ...]
    base: float

    @classmethod
    def learn(cls, columns: Floats, came: Floats, weight: Floats) -> Self:
        """With one outcome only the slopes are 0 and the base is shrunk by half an outcome each."""
        total = max(weight.sum(), 1e-9)
        means = weight @ columns / total
        spreads = np.sqrt(weight @ (columns - means) ** 2 / total)
        spreads[spreads < 1e-9] = 1.0
        share = (weight @ came + 0.5) / (total + 1)
        found = np.append(np.zeros(columns.shape[1]), np.log(share) - np.log1p(-share))
        if 0 < came.sum() < len(came):
            (found,) = solve_path((columns - means) / spreads, came, weight, (PENALTY,))
        slopes, base = found[:-1] / spreads, float(found[-1])
        return cls(tuple(map(_round, means.tolist())), tuple(map(_round, slopes.tolist())), _round(base))

    def odds(self, columns: Floats) -> Floats:
        """Log-odds, shape (m,)."""
        return np.asarray(self.base + (columns - np.array(self.means)) @ np.array(self.slopes))


def _round(value: float) -> float:
    return float(f"{value:.{_DIGITS - 1}e}")


@dataclass(frozen=True, slots=True)
class Timing:
    """The two regressions: `ends` in a stretch, and `wins` if it ends."""

    ends: Logit
    wins: Logit

    @classmethod
    def learn(cls, clues: Clues, *, days: Floats, end: Ints, weight: Floats) -> Self:
        """From snapshots of all deals: days until the end, or while watched; `end`: 1 won, 0 lost, -1 still open."""
        every = max(-(-len(days) // MOST_SNAPSHOTS), 1)
        chosen = np.arange(0, len(days), every)
        clues, days, end, weight = clues.take(chosen), days[chosen], end[chosen], weight[chosen]
        columns, came, heavy, won = [], [], [], []
        for begin, until in pairwise(EDGES):
            ended = (end >= 0) & (days > begin) & (days <= until)
            rows = np.flatnonzero((days >= until) | ended)
            columns.append(_columns(clues.take(rows), begin, until))
            came.append(ended[rows].astype(np.float64))
            heavy.append(weight[rows])
            won.append(end[rows] == 1)
        whole, ended_then, weights = np.vstack(columns), np.concatenate(came), np.concatenate(heavy)
        closed = np.flatnonzero(ended_then)
        return cls(
            Logit.learn(whole, ended_then, weights),
            Logit.learn(whole[closed], np.concatenate(won)[closed].astype(np.float64), weights[closed]),
        )

    def curve(self, clues: Clues, probability: Floats) -> "Curve":
        """The curves of deals that are won with these probabilities."""
        stretches = list(pairwise(EDGES))
        ends, wins = np.zeros((2, len(probability), len(stretches)))
        still_open = np.ones(len(probability))
        for place, (begin, until) in enumerate(stretches):
            columns = _columns(clues, begin, until)
            hazard = _sigmoid(self.ends.odds(columns)) if place < len(stretches) - 1 else np.ones(len(probability))
            ends[:, place] = still_open * hazard
            still_open = still_open * (1 - hazard)
            wins[:, place] = self.wins.odds(columns)
        won = ends * _sigmoid(wins + _shift(ends, wins, probability)[:, None])
        total = won.sum(axis=1)
        reached = np.cumsum(won * (probability / np.maximum(total, 1e-300))[:, None], axis=1)
        reached[:, -1] = probability
        nothing = np.zeros((len(probability), 1))
        ended = np.minimum(np.cumsum(ends, axis=1), 1.0)
        return Curve(*(np.hstack([nothing, each]) for each in (np.minimum(reached, probability[:, None]), ended)))


def _columns(clues: Clues, begin: float, until: float) -> Floats:
    """The columns of one stretch, shape (m, columns)."""
    ahead = np.log1p((begin + until) / 2)
    lasting = clues.lasting()
    bends = [ahead, np.log(until - begin), *(max(ahead - np.log1p(bend), 0.0) for bend in BENDS)]
    baseline = np.broadcast_to(np.array(bends), (len(lasting), len(bends)))
    return np.hstack([baseline, lasting, lasting * ahead, clues.passing(begin, until)])


def _shift(ends: Floats, wins: Floats, probability: Floats) -> Floats:
    """What must be added to the log-odds of winning at the end, so that all stretches together give the probability."""
    low, high = np.full(len(probability), -FARTHEST), np.full(len(probability), FARTHEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        short = (ends * _sigmoid(wins + middle[:, None])).sum(axis=1) < probability
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray((low + high) / 2)


def _sigmoid(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -500, 500))))


@dataclass(frozen=True, slots=True)
class Curve:
    """The chance of being won by EDGES[k] days, shape (m, edges): from 0 to the deal's probability; and that of any end."""

    won: Floats
    ended: Floats

    def within(self, days: Floats) -> Floats:
        """The chance of being won within so many days, shape (m,); even within a stretch."""
        place, part = _within_stretch(days)
        rows = np.arange(len(self.won))
        begin, until = self.won[rows, place], self.won[rows, place + 1]
        return np.asarray(begin + (until - begin) * part)

    def still_open(self, days: Floats) -> Floats:
        """The chance of being open after so many days, the same for each deal; shape (m, days)."""
        place, part = _within_stretch(days)
        begin, until = self.ended[:, place], self.ended[:, place + 1]
        return np.asarray(1 - (begin + (until - begin) * part))

    def quantile(self, share: float) -> Floats:
        """Days by which this share of the chance of winning is reached, shape (m,)."""
        edges = np.array(EDGES, dtype=np.float64)
        wanted = share * self.won[:, -1]
        place = np.clip((self.won <= wanted[:, None]).sum(axis=1) - 1, 0, len(edges) - 2)
        rows = np.arange(len(self.won))
        begin, until = self.won[rows, place], self.won[rows, place + 1]
        part = np.clip((wanted - begin) / np.maximum(until - begin, 1e-300), 0, 1)
        return np.asarray(edges[place] + part * (edges[place + 1] - edges[place]))


def _within_stretch(days: Floats) -> tuple[Ints, Floats]:
    """The stretch in which so many days end, and the part of it that has passed by then."""
    edges = np.array(EDGES, dtype=np.float64)
    at = np.clip(days, 0, edges[-1])
    place = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(edges) - 2)
    return place, (at - edges[place]) / (edges[place + 1] - edges[place])
