"""Where plans stall: by step and by owner, shown only where luck can't be the reason.

A promise stalls when its step isn't seen done within GRACE_DAYS after the day it was first promised for; a deal that closed or
left before that is no witness. A step's promises are held against the share of all that stalled, an owner's each against the share
of its step, so nobody is blamed for having the hard ones. A group's excess is what stalled beyond that, as a share of its promises.

Promises of one deal stall together, so the deal is what is sampled: an excess has the variance of a sum over its group's deals,
with the mean square of all groups' deals for each. How much groups truly differ is learnt from all of them by moments
(DerSimonian and Laird 1986), and each excess is shrunk towards 0 by it (empirical Bayes: Morris 1983). A group is shown when its
95 % range excludes 0, the team's. Where no group differs, that is at most one in twenty: shrinking only makes it rarer.
"""

from dataclasses import dataclass
from itertools import starmap

import numpy as np
from numpy.typing import NDArray

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.channels import OWNER, STEP_DONE
from crmsync.forecast.dataset import Ends
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.history import History
from crmsync.records import Kind, Phase

GRACE_DAYS = 7
STATED_SHARE = 0.05  # of groups that luck alone may show
Z = 1.96  # of that share
LEAST_DEALS = 5  # of a group: below it nothing is said


@dataclass(frozen=True, slots=True)
class Promises:
    """Promised steps whose grace is over. All of shape (m,)."""

    deal: Ints  # index into the history's deals
    step: Ints  # label id
    owner: Ints  # the person who had the deal when it was due, 0: nobody
    stalled: Floats  # 1 or 0

    def __len__(self) -> int:
        return len(self.deal)


@dataclass(frozen=True, slots=True)
class Stall:
    """A group's promises: what stalled, and the excess over the team's, shrunk, with its 95 % range."""

    group: int  # step's label id, owner, or number of a pair
    promises: int
    deals: int
    stalled: float  # share
    excess: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the range excludes the team's."""
        return not self.low <= 0.0 <= self.high


def promises(history: History, *, by: int) -> Promises:
    """All first promises whose grace was over by an instant, of deals that were open until then."""
    facts = history.facts
    planned = np.flatnonzero((facts.kind == Kind.MILESTONE) & (facts.phase == Phase.PLANNED) & (facts.value > 0))
    planned = planned[(history.seen_at[planned] <= by) & (facts.step[planned] > 0)]
    first = planned[np.sort(np.unique(facts.step[planned], return_index=True)[1])]
    over_at = (facts.value[first] + 1 + GRACE_DAYS) * MICROS_PER_DAY
    ends = Ends.of(history, by=by)
    deal = history.deal_index[first].astype(np.int64)
    watched = (over_at <= by) & ends.counted[deal] & ((ends.won[deal] < 0) | (ends.closed_at[deal] > over_at))
    first, over_at, deal = first[watched], over_at[watched], deal[watched]
    done_at = _done_at(history)
    done = np.array([done_at.get(step, by + 1) for step in facts.step[first].tolist()], dtype=np.int64)
    due = history.as_of(history.deals[deal], over_at - (1 + GRACE_DAYS) * MICROS_PER_DAY)
    owner = due.of(OWNER).latest("person", missing=0)
    return Promises(deal, facts.name[first].astype(np.int64), owner, (done > over_at).astype(np.float64))


def _done_at(history: History) -> dict[int, int]:
    """When each step was first seen done."""
    rows = history.rows(STEP_DONE)[::-1]
    return dict(zip(history.facts.step[rows].tolist(), history.seen_at[rows].tolist(), strict=True))


def by_step(found: Promises) -> list[Stall]:
    """The steps, against the share of all."""
    return _map(found, found.step, found.stalled - _mean(found.stalled))


def by_owner(found: Promises) -> list[Stall]:
    """The owners, each promise against the share of its step."""
    return _map(found, found.owner, found.stalled - _share_of_step(found))


def by_owner_and_step(found: Promises) -> tuple[list[Stall], list[tuple[int, int]]]:
    """The pairs of owner and step, against the share of the step; and what pair each group's number stands for."""
    pairs, group = np.unique(np.stack([found.owner, found.step], axis=1), axis=0, return_inverse=True)
    told = _map(found, group.reshape(-1).astype(np.int64), found.stalled - _share_of_step(found))
    return told, [(owner, step) for owner, step in pairs.tolist()]


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def _share_of_step(found: Promises) -> Floats:
    _, step = np.unique(found.step, return_inverse=True)
    share: Floats = np.bincount(step, weights=found.stalled) / np.maximum(np.bincount(step), 1)
    return share[step]


def _map(found: Promises, group: Ints, beyond: Floats) -> list[Stall]:
    """Every group with enough deals, the largest excess first."""
    numbers, place = np.unique(group, return_inverse=True)
    promised = np.bincount(place).astype(np.float64)
    pairs, pair = np.unique(np.stack([place, found.deal], axis=1), axis=0, return_inverse=True)
    deals = np.bincount(pairs[:, 0], minlength=len(numbers))
    by_deal: Floats = np.bincount(pair.reshape(-1), weights=beyond).astype(np.float64)
    excess = np.bincount(place, weights=beyond) / promised
    variance = deals * _mean(by_deal**2) / promised**2
    enough = deals >= LEAST_DEALS
    shrunk, half = _shrink(excess, variance, enough)
    stalled = np.bincount(place, weights=found.stalled) / promised
    columns = (numbers, promised.astype(np.int64), deals, stalled, shrunk, shrunk - half, shrunk + half)
    told = starmap(Stall, zip(*(column[enough].tolist() for column in columns), strict=True))
    return sorted(told, key=lambda stall: -stall.excess)


def _shrink(excess: Floats, variance: Floats, enough: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Each excess shrunk to 0 by how much groups differ, and half the width of its range."""
    weight = np.where(enough, 1 / np.maximum(variance, 1e-12), 0.0)
    spare = weight.sum() - (weight**2).sum() / max(weight.sum(), 1e-12)
    tau_squared = max(float((weight * excess**2).sum()) - enough.sum(), 0.0) / max(spare, 1e-12)
    kept = tau_squared / (tau_squared + variance + 1e-12)
    return kept * excess, Z * np.sqrt(kept * variance)
