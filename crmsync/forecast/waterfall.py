"""From one weighted forecast to a later one: what moved it, in parts that balance to the minor unit.

A deal is worth its amount times its chance while it is open, its amount once it is won, nothing once it is lost or gone. A deal
that was open at both dates is valued again and again: the override is taken off, time passes, the facts that came are let in one
group after the other (as in `changes`), the fit changes, the new override is put on. Each value is a whole number of minor
units, so the differences sum to the whole change without rounding. A deal that came, closed or left gives its whole change to
that. What fades and what is missed in silence are told from mere time by valuing first as if engagement had stayed as fresh as
it was, and as if none of the promised days had passed. Money of two currencies is never added: a deal whose currency changed
leaves one sum and enters another.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.dataset import Ends
from crmsync.forecast.facts import Facts, Ints
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.score import score
from crmsync.records import Kind, Phase

NEW, WON, LOST, OVERRIDE, MODEL, CURRENCY = "new", "won", "lost", "override", "model", "currency"
TIME, FADED, PLAN, SLIPPED, DONE = (
    "time passed",
    "engagement faded",
    "plan changed",
    "promise slipped",
    "milestone done",
)
PUSHED, EDIT, CAME, AMOUNT = "pushed", "CRM edit", "engagement came", "amount"
_LET_IN = (PLAN, SLIPPED, DONE, PUSHED, EDIT, CAME, AMOUNT)  # facts by cause, in this order
_ENGAGED = (Kind.CALL, Kind.MEETING, Kind.EMAIL, Kind.VIEW, Kind.WORK)
_EDITS = (Kind.STAGE, Kind.OWNER, Kind.CREATED, Kind.OUTCOME, Kind.SAID, Kind.DELETED)
_ABSENT, _OPEN, _WON, _LOST = range(4)
_ENDED = {_WON: WON, _LOST: LOST}


@dataclass(frozen=True, slots=True)
class Date:
    """An end of a waterfall: the instant, the fit that scores at it, and chances that people put in place of its."""

    at: int
    fit: Fit
    overrides: Mapping[int, float] = field(default_factory=dict)  # by deal


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause moved in one deal's value, in minor units."""

    deal: int
    currency: str
    cause: str
    minor: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """One currency's: `before` plus all parts is `after`. Closed deals that didn't move are left out."""

    currency: str
    before: int
    after: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Worth:
    """What deals are worth at an instant, in minor units of their currencies ("": none known)."""

    deal: Ints
    minor: Ints
    currency: NDArray[np.str_]

    @property
    def by_currency(self) -> dict[str, int]:
        """The sum of each currency."""
        return {text: int(self.minor[self.currency == text].sum()) for text in np.unique(self.currency).tolist()}

    def take(self, rows: NDArray[np.bool_]) -> "Worth":
        """Those of these deals."""
        return Worth(self.deal[rows], self.minor[rows], self.currency[rows])


def waterfall(history: History, start: Date, end: Date, *, until_on: int | None = None) -> list[Waterfall]:
    """One waterfall for each currency, in their order; `until_on`: of what is won by that day, else whenever.

    A deal that is won after that day is `won` with a minus: its chance is gone from the period.
    """
    deals = history.deals
    states = [_states(history, date.at) for date in (start, end)]
    ends = [_worth(history, date, deals, until_on, state) for date, state in zip((start, end), states, strict=True)]
    stayed = (states[0] == _OPEN) & (states[1] == _OPEN)
    moved = (ends[0].minor != ends[1].minor) | (ends[0].currency != ends[1].currency)
    jumped = ~stayed & ((states[0] != states[1]) | moved)
    causes = [_cause(*pair) for pair in zip(*(state[jumped].tolist() for state in states), strict=True)]
    parts = list(_moves(causes, *(worth.take(jumped) for worth in ends)))
    walk = [ends[0].take(stayed), *_walk(history, start, end, deals[stayed], until_on), ends[1].take(stayed)]
    for cause, (one, other) in zip(
        (OVERRIDE, TIME, FADED, SLIPPED, *_LET_IN, MODEL, OVERRIDE), pairwise(walk), strict=True
    ):
        parts += _moves([cause] * len(one.deal), one, other)
    before, after = (worth.take(jumped | stayed).by_currency for worth in ends)
    told = sorted({*before, *after, *(part.currency for part in parts)})
    return [
        Waterfall(each, before.get(each, 0), after.get(each, 0), tuple(part for part in parts if part.currency == each))
        for each in told
        if before.get(each) or after.get(each) or any(part.currency == each for part in parts)
    ]


def _states(history: History, at: int) -> Ints:
    """Whether each deal is not there yet, open, won, or lost or gone."""
    asof, ends = history.as_of(history.deals, at), Ends.of(history, by=at)
    states = np.where(ends.won == 1, _WON, _LOST)
    states[asof.is_open] = _OPEN
    states[asof.end == asof.begin] = _ABSENT
    return states.astype(np.int64)


def _cause(before: int, after: int) -> str:
    """Why a deal that wasn't open all along moved. One that was opened again takes back what its end had brought."""
    if before == after:
        return AMOUNT
    if after == _OPEN:
        return NEW if before == _ABSENT else _ENDED[before]
    return _ENDED[after]


def _worth(history: History, date: Date, deals: Ints, until_on: int | None, state: Ints | None = None) -> Worth:
    """What the deals are worth at a date, as open ones unless their states are given."""
    scores = score(date.fit, history, deals, as_of=date.at)
    chance = scores.probability if until_on is None else scores.won_by(until_on)
    own = zip(deals.tolist(), chance.tolist(), strict=True)
    chance = np.array([date.overrides.get(deal, each) for deal, each in own], dtype=np.float64)
    if state is not None:
        closed_on = Ends.of(history, by=date.at).closed_at // MICROS_PER_DAY
        counted = closed_on <= (closed_on if until_on is None else until_on)
        chance = np.where(state == _OPEN, chance, (state == _WON) & counted)
    minor = np.rint(np.nan_to_num(scores.amount_minor) * chance).astype(np.int64)
    return Worth(deals, minor, np.array(scores.currency, dtype=np.str_))


def _walk(history: History, start: Date, end: Date, deals: Ints, until_on: int | None) -> Iterator[Worth]:
    """The values between those of the two dates, of deals that are open at both."""
    facts = history.facts.take(np.isin(history.facts.deal, deals) & (history.seen_at <= end.at))
    seen_at = np.maximum(facts.at, facts.known_at)
    place = np.where(seen_at <= start.at, -1, _places(facts))
    told = [replace(start, overrides={}), Date(end.at, start.fit), Date(end.at, end.fit)]

    def worth(date: Date, some: Facts) -> Worth:
        part = History(some, history.labels, load=history.load, outcomes=history.outcomes)
        return _worth(part, date, deals, until_on)

    old = facts.take(place < 0)
    yield worth(told[0], old)
    ahead = _kept_ahead(old, start.at, end.at)
    yield worth(told[1], _kept_fresh(ahead, start.at, end.at))
    yield worth(told[1], ahead)
    yield worth(told[1], old)
    for last in range(len(_LET_IN)):
        yield worth(told[1], facts.take(place <= last))
    yield worth(told[2], facts)


def _places(facts: Facts) -> Ints:
    """The place in _LET_IN of the cause that each fact belongs to."""
    step = facts.kind == Kind.MILESTONE
    causes = np.full(len(facts), _LET_IN.index(CAME))
    causes[step] = _LET_IN.index(PLAN)
    causes[step & np.isin(facts.phase, (Phase.DONE, Phase.HAPPENED))] = _LET_IN.index(DONE)
    causes[_promised_again(facts)] = _LET_IN.index(SLIPPED)
    causes[np.isin(facts.kind, _EDITS)] = _LET_IN.index(EDIT)
    causes[facts.kind == Kind.CLOSE_ON] = _LET_IN.index(PUSHED)
    causes[facts.kind == Kind.AMOUNT] = _LET_IN.index(AMOUNT)
    return causes.astype(np.int64)


def _promised_again(facts: Facts) -> NDArray[np.bool_]:
    """True where a step that had been planned is planned anew: its day was moved."""
    rows = np.flatnonzero((facts.kind == Kind.MILESTONE) & (facts.phase == Phase.PLANNED))
    keys = np.stack([facts.deal[rows], np.where(facts.step[rows] > 0, facts.step[rows], -1 - facts.name[rows])], axis=1)
    first = np.unique(keys, axis=0, return_index=True)[1]
    again = np.zeros(len(facts), dtype=np.bool_)
    again[np.delete(rows, first)] = True
    return again


def _kept_ahead(facts: Facts, from_at: int, to_at: int) -> Facts:
    """The facts as if the promises of the days between had been made for days that lie as far ahead at the later date."""
    today, later = from_at // MICROS_PER_DAY, to_at // MICROS_PER_DAY
    promised = (facts.kind == Kind.MILESTONE) & (facts.phase == Phase.PLANNED)
    passed = promised & (facts.value >= today) & (facts.value < later)
    return replace(facts, value=np.where(passed, facts.value + later - today, facts.value))


def _kept_fresh(facts: Facts, from_at: int, to_at: int) -> Facts:
    """The facts as if people's acts were as long ago at the later date as they were at the earlier one."""
    later = np.where(np.isin(facts.kind, _ENGAGED), to_at - from_at, 0)
    return replace(facts, at=facts.at + later, known_at=facts.known_at + later)


def _moves(causes: list[str], before: Worth, after: Worth) -> Iterator[Part]:
    """The parts of deals whose value moved by these causes."""
    columns = (before.currency.tolist(), before.minor.tolist(), after.currency.tolist(), after.minor.tolist())
    for deal, cause, left, old, entered, new in zip(before.deal.tolist(), causes, *columns, strict=True):
        if left == entered or not (old and new):
            if old != new:
                yield Part(deal, entered if new else left, cause, new - old)
        else:
            yield Part(deal, left, CURRENCY, -old)
            yield Part(deal, entered, CURRENCY if cause == AMOUNT else cause, new)
