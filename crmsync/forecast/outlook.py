"""When the promised steps of open deals will be done: a range for each, and the one that decides.

From the rates of `slips` a Markov chain over working days from the promised day gives the chance that a step is done by each day
ahead while its deal is open, however often its date is moved meanwhile. That the deal ends before is a competing end, by the deal's
own curve (see `timing`): dates are those of the steps that get done. The steps of a plan are taken as independent of each other;
the one that is most often the last of all to be done decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.history import History
from crmsync.forecast.score import Scores
from crmsync.forecast.slips import FARTHEST, JUMPS, Kept, Slips, stretch
from crmsync.forecast.spells import OPEN, Spells, spells
from crmsync.forecast.timing import Curve

AHEAD = 365  # days: what isn't done by then counts as not done
HORIZON = 262  # the most working days that they may hold, and one
LEVELS = np.exp(np.linspace(-2.5, 2.5, 51))  # factors for which the chain is worked out; each step takes the nearest
SHARES = (0.1, 0.2, 0.5, 0.8, 0.9)
FIRST, MEDIAN, LAST = (SHARES.index(share) for share in (0.1, 0.5, 0.9))
AT_ONCE = 1_000  # steps: bounds the memory
_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True, slots=True)
class Promise:
    """One promised step of an open deal; days since 1970. `from_on` to `until_on` is the range of 80 %."""

    deal: int
    step: int
    name: str
    due_on: int
    from_on: int
    likely_on: int
    until_on: int
    chance: float
    decides: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """The promised steps of some deals that are open, by deal and step. All of shape (m,), days since 1970."""

    deal: Ints  # the store's deal_id
    step: Ints
    name: Ints  # label id
    side: Ints
    due: Ints
    chance: Floats  # of being done within AHEAD days
    days: Ints  # by which the SHARES of that are reached, shape (m, shares); the low ones begin a range
    decides: Floats  # chance of being the last one done, if all are

    def __len__(self) -> int:
        return len(self.deal)

    def promises(self, history: History) -> Iterator[Promise]:
        """One by one."""
        rows = zip(self.deal.tolist(), self.step.tolist(), self.name.tolist(), self.due.tolist(), strict=True)
        for (deal, step, name, due), days, chance, decides in zip(
            rows, self.days.tolist(), self.chance.tolist(), self.decides.tolist(), strict=True
        ):
            yield Promise(deal, step, history.labels[name], due, days[FIRST], days[MEDIAN], days[LAST], chance, decides)


def outlook(history: History, scores: Scores, kept: Kept | None = None) -> Outlook:
    """Of the scored deals that are open, at the instant of the scores. What others had promised and kept counts too.

    `kept`: by all deals, where the history has only some. A fit of an older version knows nothing of slips: of no promise is
    anything told.
    """
    slips = scores.fit.slips
    if slips is None:
        return _none()
    every = spells(history, by=scores.as_of)
    found = every.take((every.how == OPEN) & np.isin(history.deals[every.deal], scores.deal))
    factor = slips.factor(found, history, slips.kept(every, history) if kept is None else kept)
    chain = Chain(slips)
    by_id = np.argsort(scores.deal, kind="stable")
    place = by_id[np.searchsorted(scores.deal[by_id], history.deals[found.deal])]
    parts = [
        _part(chain, found.take(some), factor[some], _rows(scores.curve, place[some]), history, scores.as_of)
        for some in _by_deal(found.deal)
    ]
    return Outlook(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Outlook)))


def _none() -> Outlook:
    ids, shares = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Outlook(ids, ids, ids, ids, ids, shares, np.zeros((0, len(SHARES)), dtype=np.int64), shares)


class Chain:
    """The chance that a step is done by each day ahead, for every position and level."""

    def __init__(self, slips: Slips) -> None:
        self._slips = slips

    def ahead(self, found: Spells, factor: Floats, *, today: int) -> Floats:
        """By the end of each day, today being the first, while the deal is open; shape (m, AHEAD)."""
        workdays = self._slips.workdays
        number = workdays.number(found.side, np.full(len(found), today))
        position = np.clip(number - workdays.number(found.side, found.due), -FARTHEST, FARTHEST) + FARTHEST
        level = np.abs(np.log(factor)[:, None] - np.log(LEVELS)[None, :]).argmin(axis=1)
        by_day = np.zeros((len(found), AHEAD))
        for side in np.unique(found.side):
            some = np.flatnonzero(found.side == side)
            days = workdays.number(np.full(AHEAD, side), today + np.arange(1, AHEAD + 1))
            by_day[some] = self.done[level[some], position[some]][:, days - number[some[0]]]
        return by_day

    @cached_property
    def done(self) -> Floats:
        """Within so many working days, today being the first; shape (levels, positions, HORIZON + 1)."""
        place = stretch(JUMPS)
        done, moved, gone = (np.array(getattr(self._slips, name))[place] for name in ("done", "moved", "gone"))
        today = 1 - (1 - done)[:, None] ** LEVELS[None, :]
        onward = self._onward(moved / (1 - done), gone / (1 - done))
        found = np.zeros((HORIZON + 1, len(JUMPS), len(LEVELS)))
        for day in range(1, HORIZON + 1):
            found[day] = today + (1 - today) * (onward @ found[day - 1])
        return np.ascontiguousarray(found.transpose(2, 1, 0))

    def _onward(self, moved: Floats, gone: Floats) -> Floats:
        """From one position to that of the next day, for a step that isn't done; shape (positions, positions)."""
        matrix = np.zeros((len(JUMPS), len(JUMPS)))
        every = np.arange(len(JUMPS))
        matrix[every, np.minimum(every + 1, len(JUMPS) - 1)] = np.maximum(1 - moved - gone, 0.0)
        for days, share in self._slips.jumps:
            ahead = np.maximum(-JUMPS, 0) + days
            np.add.at(matrix, (every, np.clip(1 - ahead, -FARTHEST, FARTHEST) + FARTHEST), moved * share)
        return matrix


def _part(chain: Chain, found: Spells, factor: Floats, curve: Curve, history: History, as_of: int) -> Outlook:
    """The outlook of the steps of some whole deals, with the curve of each one's deal."""
    today = as_of // MICROS_PER_DAY
    by_day = chain.ahead(found, factor, today=today)
    each_day: Floats = np.diff(by_day, axis=1, prepend=0.0)
    met = np.cumsum(each_day * curve.still_open(np.arange(0.5, AHEAD)), axis=1)
    days = np.stack([today + _day_of(met, share) + (share < 0.5) for share in SHARES], axis=1)
    decides = _last(by_day / np.maximum(by_day[:, -1:], _TINY), found.deal)
    return Outlook(history.deals[found.deal], found.step, found.name, found.side, found.due, met[:, -1], days, decides)


def _by_deal(deal: Ints) -> list[Ints]:
    """Rows of whole deals, about AT_ONCE at a time; one empty list if there are none."""
    starts = np.flatnonzero(np.append(True, deal[1:] != deal[:-1])[: len(deal)])
    cuts = starts[np.unique(np.searchsorted(starts, np.arange(AT_ONCE, len(deal) - AT_ONCE, AT_ONCE)))]
    return np.split(np.arange(len(deal)), cuts)


def _rows(curve: Curve, rows: Ints) -> Curve:
    return Curve(curve.won[rows], curve.ended[rows])


def _day_of(met: Floats, share: float) -> Ints:
    """The day ahead at whose end the share of what gets done is nearest to this one; 0 is today, -1 the day before."""
    whole = np.hstack([np.zeros((len(met), 1)), met])
    return np.asarray(np.abs(whole - share * met[:, -1:]).argmin(axis=1) - 1, dtype=np.int64)


def _last(by_day: Floats, deal: Ints) -> Floats:
    """The chance of each step to be the last of its deal, from the chances of being done by each day."""
    if not len(deal):
        return np.zeros(0)
    _, starts, place = np.unique(deal, return_index=True, return_inverse=True)
    before = np.hstack([np.zeros((len(by_day), 1)), by_day[:, :-1]])
    middle = np.log(np.maximum((by_day + before) / 2, _TINY))
    others = np.add.reduceat(middle, starts, axis=0)[place] - middle
    last = ((by_day - before) * np.exp(others)).sum(axis=1)
    return np.asarray(last / np.maximum(np.bincount(place, weights=last), _TINY)[place])
