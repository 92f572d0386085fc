"""When the promised steps of open deals will be done: a range for each, and the one that decides.

From the rates of `slips` a Markov chain over working days from the promised day gives the chance that a step is done by each day
ahead while its deal is open, however often its date is moved meanwhile. That the deal ends before is a competing end, by the deal's
own curve (see `timing`): dates are those of the steps that get done. The steps of a plan are taken as independent of each other;
the one that is most often the last of all to be done decides.
"""

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.history import History
from crmsync.forecast.score import Scores
from crmsync.forecast.search import first_above
from crmsync.forecast.slips import FARTHEST, JUMPS, Kept, Slips, stretch
from crmsync.forecast.spells import OPEN, Spells, spells
from crmsync.forecast.timing import Curve
from crmsync.records import Side

AHEAD = 365  # days: what isn't done by then counts as not done
HORIZON = 262  # the most working days that they may hold, and one
LEVELS = np.exp(np.linspace(-2.5, 2.5, 51))  # factors for which the chain is worked out; each step takes the nearest
SHARES = (0.1, 0.2, 0.5, 0.8, 0.9)
FIRST, MEDIAN, LAST = (SHARES.index(share) for share in (0.1, 0.5, 0.9))
AT_ONCE = 500  # steps: so many that their days fit a processor's cache
_TINY = 1e-100  # so small that nothing hangs on it, so large that a product of some doesn't vanish


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

    def take(self, rows: ArrayLike) -> Self:
        """The steps at these rows (indices or a mask)."""
        return type(self)(*(getattr(self, column.name)[rows] for column in fields(self)))


def outlook(history: History, scores: Scores, kept: Kept | None = None) -> Outlook:
    """Of the scored deals that are open, at the instant of the scores. What others had promised and kept counts too.

    `kept`: by all deals, where the history has only some. A fit of an older version knows nothing of slips: of no promise is
    anything told.
    """
    slips = scores.fit.slips
    if slips is None:
        return _none()
    today = scores.as_of // MICROS_PER_DAY
    every = spells(history, by=scores.as_of)
    found = every.take((every.how == OPEN) & np.isin(history.deals[every.deal], scores.deal))
    factor = slips.factor(found, history, slips.kept(slips.record(every, history)) if kept is None else kept)
    courses, course = _courses(slips, found, factor, today=today)
    by_id = np.argsort(scores.deal, kind="stable")
    place = by_id[np.searchsorted(scores.deal[by_id], history.deals[found.deal])]
    parts = [_part(courses, course[some], place[some], scores.curve) for some in _by_deal(found.deal)]
    chance, days, decides = (np.concatenate(column) for column in zip(*parts, strict=True))
    deal = history.deals[found.deal]
    return Outlook(deal, found.step, found.name, found.side, found.due, chance, today + days, decides)


def _none() -> Outlook:
    ids, shares = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Outlook(ids, ids, ids, ids, ids, shares, np.zeros((0, len(SHARES)), dtype=np.int64), shares)


@dataclass(frozen=True, slots=True)
class Courses:
    """How steps that stand alike come to be done on each day on which anybody works, while their deals are open.

    Shape (courses, days), but for the days ahead themselves, of which today is 0.
    """

    days: Ints
    chance: Floats  # of being done on the day
    share: Floats  # of all that is done in the end: what comes on the day
    middle: Floats  # and what has come by the middle of the day, never quite nothing

    @classmethod
    def of(cls, days: Ints, by_day: Floats) -> Self:
        """From the chances of being done by the end of each of these days."""
        by_share = by_day / np.maximum(by_day[:, -1:], _TINY)
        share: Floats = np.diff(by_share, axis=1, prepend=0.0)
        return cls(days, np.diff(by_day, axis=1, prepend=0.0), share, np.maximum(by_share - share / 2, _TINY))


def _courses(slips: Slips, found: Spells, factor: Floats, *, today: int) -> tuple[Courses, Ints]:
    """The courses there are, and each step's among them: today is the first day."""
    number = slips.workdays.number
    now = number(found.side, np.full(len(found), today))
    position = np.clip(now - number(found.side, found.due), -FARTHEST, FARTHEST) + FARTHEST
    level = np.abs(np.log(factor)[:, None] - np.log(LEVELS)[None, :]).argmin(axis=1)
    shape = (len(LEVELS), len(JUMPS), len(Side))
    different, course = np.unique(np.ravel_multi_index((level, position, found.side), shape), return_inverse=True)
    level, position, side = np.unravel_index(different, shape)
    ahead = today + np.arange(AHEAD + 1)
    workdays = np.stack([number(np.full(len(ahead), each), ahead) for each in Side])
    worked = np.flatnonzero(np.diff(workdays, axis=1).any(axis=0))  # on others nothing is done
    done = _done(slips.done, slips.moved, slips.gone, slips.jumps)[level, position]
    past = (workdays[:, 1:] - workdays[:, :1])[:, worked]
    return Courses.of(worked, np.take_along_axis(done, past[side], axis=1)), course


@lru_cache(maxsize=2)
def _done(
    done: tuple[float, ...], moved: tuple[float, ...], gone: tuple[float, ...], jumps: tuple[tuple[int, float], ...]
) -> Floats:
    """The chance of being done within so many working days, today the first; shape (levels, positions, HORIZON + 1)."""
    place = stretch(JUMPS)
    by_position, moves, goes = (np.array(rates)[place] for rates in (done, moved, gone))
    today = 1 - (1 - by_position)[:, None] ** LEVELS[None, :]
    onward = _onward(moves / (1 - by_position), goes / (1 - by_position), jumps)
    found = np.zeros((HORIZON + 1, len(JUMPS), len(LEVELS)))
    for day in range(1, HORIZON + 1):
        found[day] = today + (1 - today) * (onward @ found[day - 1])
    return np.ascontiguousarray(found.transpose(2, 1, 0))


def _onward(moved: Floats, gone: Floats, jumps: tuple[tuple[int, float], ...]) -> Floats:
    """From one position to that of the next day, for a step that isn't done; shape (positions, positions)."""
    matrix = np.zeros((len(JUMPS), len(JUMPS)))
    every = np.arange(len(JUMPS))
    matrix[every, np.minimum(every + 1, len(JUMPS) - 1)] = np.maximum(1 - moved - gone, 0.0)
    for days, share in jumps:
        ahead = np.maximum(-JUMPS, 0) + days
        np.add.at(matrix, (every, np.clip(1 - ahead, -FARTHEST, FARTHEST) + FARTHEST), moved * share)
    return matrix


def _part(courses: Courses, course: Ints, deal: Ints, curve: Curve) -> tuple[Floats, Ints, Floats]:
    """Chance, days ahead and `decides` of the steps of some whole deals, each with its deal's place in the curve."""
    deals, starts, place = np.unique(deal, return_index=True, return_inverse=True)
    still_open = Curve(curve.won[deals], curve.ended[deals]).still_open(courses.days.astype(np.float64) + 0.5)
    met = np.zeros((len(course), len(courses.days) + 1))
    np.cumsum(courses.chance[course] * still_open[place], axis=1, out=met[:, 1:])
    ends = np.append(-1, courses.days)
    days = np.stack([ends[_place_of(met, share)] + (share < 0.5) for share in SHARES], axis=1)
    return met[:, -1], days, _last(courses, course, starts, place)


def _by_deal(deal: Ints) -> list[Ints]:
    """Rows of whole deals, about AT_ONCE at a time; one empty list if there are none."""
    starts = np.flatnonzero(np.append(True, deal[1:] != deal[:-1])[: len(deal)])
    cuts = starts[np.unique(np.searchsorted(starts, np.arange(AT_ONCE, len(deal) - AT_ONCE, AT_ONCE)))]
    return np.split(np.arange(len(deal)), cuts)


def _place_of(met: Floats, share: float) -> Ints:
    """The column in which the share of what gets done is nearest to this one."""
    begin = np.arange(len(met)) * met.shape[1]
    values, end, wanted = met.ravel(), begin + met.shape[1], share * met[:, -1]
    above = first_above(values, begin, end, wanted)
    below = values[above - 1]
    nearer = (above < end) & (values[np.minimum(above, end - 1)] - wanted < wanted - below)
    reached = first_above(values, begin, above, np.nextafter(below, -1.0))  # on days without work nothing is added
    return np.asarray(np.where(nearer, above, reached) - begin, dtype=np.int64)


def _last(courses: Courses, course: Ints, starts: Ints, deal: Ints) -> Floats:
    """The chance of each step to be the last of its deal."""
    if not len(course):
        return np.zeros(0)
    middle = courses.middle[course]
    others = np.multiply.reduceat(middle, starts, axis=0)[deal] / middle
    last = np.einsum("ij,ij->i", courses.share[course], others)
    return np.asarray(last / np.maximum(np.bincount(deal, weights=last), _TINY)[deal])
