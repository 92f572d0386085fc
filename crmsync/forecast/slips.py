"""How promises slip, learnt from how they were kept.

On each working day a promised step may be done, its date may be moved, or the step or its deal may go. How often that happens
depends on how far the promised day is ahead or behind: a life table over working days from the promise (`Rates`, smoothed by
TRIALS days of the mean). Where a moved date goes is the distribution of past moves, counted from today, or from the old date where
that lies ahead.

Kinds of steps, companies and people keep their promises sooner or later than all: what is done a day is multiplied by a factor for
each, learnt in this order and shrunk to the one before it. A group of which `done` promises came where `expected` were to come by
all that stands before it, has

    factor = (done + 1 / spread) / (expected + 1 / spread)

which is the mean of a gamma distribution around 1 with that variance, given Poisson counts (Clayton and Kaldor 1987). The spread is
learnt by moments from all groups of its kind: the sum of (done - expected)^2 - expected, over that of expected^2, if above 0. So a
person of whom little is known keeps promises as the company does, that as its kind of step, and that as everybody.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.history import History
from crmsync.forecast.spells import DONE, GONE, MOVED, OPEN, Spells, spells
from crmsync.forecast.workdays import Workdays
from crmsync.records import Side

EDGES = (-40, -20, -10, -5, -2, 0, 1, 2, 4, 8, 16, 32)  # working days from the promised one: where rates may change
FARTHEST = 60  # working days from the promised day, before or behind: beyond, all is as there
TRIALS = 20.0  # days of the mean rate that each stretch between the edges is smoothed by
JUMPS = np.arange(-FARTHEST, FARTHEST + 1)
MOST_KINDS = 500  # of steps that have a factor of their own
DIGITS = 9


@dataclass(frozen=True, slots=True)
class Factors:
    """The factor of each of some groups, 1 of any other."""

    group: Ints  # ascending
    factor: Floats

    @classmethod
    def of(cls, group: Ints, done: Floats, expected: Floats, spread: float) -> Self:
        """From what was done and expected in each row of a group."""
        groups, place = np.unique(group, return_inverse=True)
        return cls(groups, factors(place, done, expected, spread))

    def at(self, group: Ints) -> Floats:
        """The factor of each row's group, shape (m,)."""
        place = np.searchsorted(self.group, group)
        there = np.append(self.group, np.iinfo(np.int64).max)[place] == group
        return np.where(there, np.append(self.factor, 1.0)[place], 1.0)


@dataclass(frozen=True, slots=True)
class Record:
    """What came of promises, and what was to come by the rates and kinds of steps alone. All of shape (m,)."""

    company: Ints
    person: Ints
    done: Floats
    expected: Floats

    @classmethod
    def together(cls, records: "Sequence[Record]") -> "Record":
        """One of several."""
        columns = ([getattr(each, column.name) for each in records] for column in fields(cls))
        return cls(*map(np.concatenate, columns))


@dataclass(frozen=True, slots=True)
class Kept:
    """How companies and people keep their promises, at an instant."""

    company: Factors
    person: Factors


@dataclass(frozen=True, slots=True)
class Slips:
    """What is learnt. Rates are per working day and stretch of EDGES."""

    done: tuple[float, ...]
    moved: tuple[float, ...]
    gone: tuple[float, ...]
    jumps: tuple[tuple[int, float], ...]  # by how many working days dates are moved, and how often
    kinds: dict[str, float]  # factor by kind of step, see `kinds_of`
    company_spread: float
    person_spread: float
    workdays: Workdays

    @classmethod
    def learn(cls, history: History, workdays: Workdays, *, by: int) -> Self:
        """From all promises, as known by an instant."""
        found = spells(history, by=by)
        lives = Lives.of(found, workdays)
        done, moved, gone = (_rates(lives, how) for how in (DONE, MOVED, GONE))
        expected, came = lives.expected(np.array(done)), lives.ended(DONE).astype(np.float64)
        kinds, place = kinds_of(found, history)
        factor = factors(place, came, expected, spread_of(place, came, expected))
        expected = expected * factor[place]
        company_spread = spread_of(found.company, came, expected)
        company = Factors.of(found.company, came, expected, company_spread).at(found.company)
        return cls(
            done=done,
            moved=moved,
            gone=gone,
            jumps=_jumps(found.take(lives.ended(MOVED)), workdays),
            kinds=_common(kinds, place, factor),
            company_spread=company_spread,
            person_spread=spread_of(found.person, came, expected * company, some=found.person > 0),
            workdays=workdays,
        )

    def to_json(self) -> dict[str, Any]:
        """As a mapping that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        """From what `to_json` gave, after JSON. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            done=tuple(map(float, body["done"])),
            moved=tuple(map(float, body["moved"])),
            gone=tuple(map(float, body["gone"])),
            jumps=tuple((int(days), float(share)) for days, share in body["jumps"]),
            kinds={str(kind): float(factor) for kind, factor in body["kinds"].items()},
            company_spread=float(body["company_spread"]),
            person_spread=float(body["person_spread"]),
            workdays=Workdays(**{name: tuple(map(int, days)) for name, days in body["workdays"].items()}),
        )

    def record(self, found: Spells, history: History) -> Record:
        """What came of these promises."""
        lives = Lives.of(found, self.workdays)
        expected = lives.expected(np.array(self.done)) * self._of_kind(found, history)
        return Record(found.company, found.person, lives.ended(DONE).astype(np.float64), expected)

    def kept(self, record: Record) -> Kept:
        """How companies and people keep their promises, by all of this."""
        company = Factors.of(record.company, record.done, record.expected, self.company_spread)
        known = record.person > 0
        expected = (record.expected * company.at(record.company))[known]
        return Kept(company, Factors.of(record.person[known], record.done[known], expected, self.person_spread))

    def factor(self, found: Spells, history: History, kept: Kept) -> Floats:
        """The product of the factors of each spell's kind of step, company and person; shape (m,)."""
        kind = self._of_kind(found, history)
        return np.asarray(kind * kept.company.at(found.company) * kept.person.at(found.person))

    def _of_kind(self, found: Spells, history: History) -> Floats:
        """The factor of each spell's kind of step."""
        kinds, place = kinds_of(found, history)
        return np.array([self.kinds.get(each, 1.0) for each in kinds])[place]


def kinds_of(found: Spells, history: History) -> tuple[list[str], Ints]:
    """The kinds of steps, side and name, and the place of each spell's among them."""
    sides, labels = len(Side), history.labels
    codes, place = np.unique(found.name * sides + found.side, return_inverse=True)
    return [f"{code % sides}:{labels[code // sides]}" for code in codes.tolist()], place


def _common(kinds: list[str], place: Ints, factor: Floats) -> dict[str, float]:
    """The factors of the commonest kinds."""
    rank = np.argsort(-np.bincount(place, minlength=len(kinds)), kind="stable")[:MOST_KINDS]
    return {kinds[each]: _round(float(factor[each])) for each in np.sort(rank).tolist()}


def stretch(position: Ints) -> Ints:
    """Between which EDGES a working day lies, counted from the promised one."""
    return np.searchsorted(EDGES, position, side="right")


@dataclass(frozen=True, slots=True)
class Lives:
    """Spells in working days from the promised one: the first day and the last of the days on which something could happen."""

    first: Ints
    last: Ints  # below `first` if there was none
    how: Ints

    @classmethod
    def of(cls, found: Spells, workdays: Workdays) -> Self:
        """The day of an end counts; the instant's own day, which isn't over, doesn't."""
        due = workdays.number(found.side, found.due)
        first = workdays.number(found.side, found.begun + 1) - due
        last = workdays.number(found.side, found.ended) - due - (found.how == OPEN)
        return cls(np.clip(first, -FARTHEST, FARTHEST + 1), np.clip(last, -FARTHEST - 1, FARTHEST), found.how)

    @property
    def lived(self) -> NDArray[np.bool_]:
        """False where no day counts: what ended on the day on which it was promised, or far from the promised day."""
        some: NDArray[np.bool_] = self.last >= self.first
        return some

    def ended(self, how: int) -> NDArray[np.bool_]:
        """Which ended so, on a day that counts."""
        some: NDArray[np.bool_] = self.lived & (self.how == how)
        return some

    def expected(self, rates: Floats) -> Floats:
        """How many ends of a kind each spell was to see by the rates of all, shape (m,)."""
        daily = -np.log1p(-rates[stretch(JUMPS)])
        until = np.append(0.0, np.cumsum(daily))  # until[k]: up to the day before JUMPS[k]
        return np.asarray(np.maximum(until[self.last + FARTHEST + 1] - until[self.first + FARTHEST], 0.0))


def _rates(lives: Lives, how: int) -> tuple[float, ...]:
    """The share of days that end so, by stretch."""
    starts = np.bincount(lives.first[lives.lived] + FARTHEST, minlength=len(JUMPS) + 1)
    stops = np.bincount(lives.last[lives.lived] + FARTHEST + 1, minlength=len(JUMPS) + 1)
    days = np.bincount(stretch(JUMPS), weights=np.cumsum(starts - stops)[:-1], minlength=len(EDGES) + 1)
    count = np.bincount(stretch(lives.last[lives.ended(how)]), minlength=len(EDGES) + 1)
    mean = (count.sum() + 0.5) / (days.sum() + TRIALS)
    return tuple(map(_round, ((count + TRIALS * mean) / (days + TRIALS)).tolist()))


def _jumps(moved: Spells, workdays: Workdays) -> tuple[tuple[int, float], ...]:
    """How far dates were moved, from the day of the move or the old date, whichever is later, and how often."""
    numbers = [workdays.number(moved.side, days) for days in (moved.next_due, moved.due, moved.ended)]
    jump = np.clip(numbers[0] - np.maximum(numbers[1], numbers[2]), -FARTHEST, FARTHEST)
    days, count = np.unique(jump, return_counts=True)
    return tuple((int(day), _round(share)) for day, share in zip(days, count / max(count.sum(), 1), strict=True))


def spread_of(group: Ints, done: Floats, expected: Floats, *, some: NDArray[np.bool_] | None = None) -> float:
    """The variance of the groups' factors by moments, 0 where they differ by no more than luck."""
    _, place = np.unique(group if some is None else group[some], return_inverse=True)
    came, due = (np.bincount(place, weights=each if some is None else each[some]) for each in (done, expected))
    return _round(max(float(((came - due) ** 2 - due).sum()) / max(float((due**2).sum()), 1e-12), 0.0))


def factors(place: Ints, done: Floats, expected: Floats, spread: float) -> Floats:
    """The factor of each group 0, 1, ..."""
    if spread <= 0:
        return np.ones(int(place.max(initial=-1)) + 1)
    came, due = (np.bincount(place, weights=each) for each in (done, expected))
    return np.asarray((came + 1 / spread) / (due + 1 / spread))


def _round(value: float) -> float:
    return float(f"{value:.{DIGITS - 1}e}")
