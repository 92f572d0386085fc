"""How many open deals each owner had at an instant, and how many of those that had closed were won."""

import numpy as np
from numpy.typing import NDArray

from crmsync.forecast.facts import Facts, Floats, Ints
from crmsync.records import Kind, Phase

LIFE = (Kind.CREATED, Kind.OWNER, Kind.OUTCOME, Kind.DELETED)  # the kinds that decide whose open deals there are


class Load:
    """Changes of the number of open deals by owner, kept as running sums."""

    def __init__(self, person: Ints, at: Ints, change: Ints) -> None:
        self._people: Ints = np.unique(person)
        self._times: Ints = np.unique(at)
        keys = self._key(person, np.searchsorted(self._times, at, side="right"))
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._running = np.append(0, np.cumsum(change[order]))

    def _key(self, person: Ints, rank: NDArray[np.intp]) -> Ints:
        return np.searchsorted(self._people, person).astype(np.int64) * (len(self._times) + 1) + rank

    def at(self, person: Ints, at: Ints) -> Ints:
        """Open deals of each person at each instant; person 0 stands for deals without an owner."""
        if not len(self._people):
            return np.zeros(len(person), dtype=np.int64)
        known = self._people[np.minimum(np.searchsorted(self._people, person), len(self._people) - 1)] == person
        ranks = np.searchsorted(self._times, at, side="right")
        upto = np.searchsorted(self._keys, self._key(person, ranks), side="right")
        before = np.searchsorted(self._keys, self._key(person, np.zeros_like(ranks)), side="right")
        return np.where(known, self._running[upto] - self._running[before], 0)


class Outcomes:
    """How many deals of each owner had closed, and how many of these were won."""

    def __init__(self, person: Ints, at: Ints, closed: Ints, won: Ints) -> None:
        everybody = np.zeros_like(person)
        self._closed, self._won = Load(person, at, closed), Load(person, at, won)
        self._all_closed, self._all_won = Load(everybody, at, closed), Load(everybody, at, won)

    def win_rate(self, person: Ints, at: Ints, *, prior_deals: float) -> Floats:
        """Each person's share won at each instant, as if so many deals more had closed with everybody's share.

        Everybody's share begins at a half and counts one deal won and one lost besides.
        """
        everybody = np.zeros_like(person)
        usual = (self._all_won.at(everybody, at) + 1) / (self._all_closed.at(everybody, at) + 2)
        share: Floats = (self._won.at(person, at) + prior_deals * usual) / (self._closed.at(person, at) + prior_deals)
        return share


def outcome_events(facts: Facts, seen_at: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """(person, at, closed, won) for each time that a deal closed (1, and 1 or 0) or was opened again (the same taken back).

    The facts stand in the order of `history.History`; the person is the deal's owner at that time.
    """
    keep = np.isin(facts.kind, (Kind.OWNER, Kind.OUTCOME))
    facts, seen_at = facts.take(keep), seen_at[keep]
    if not len(facts):
        return (np.zeros(0, np.int64),) * 4
    first = np.append(True, facts.deal[1:] != facts.deal[:-1])
    begin = np.maximum.accumulate(np.where(first, np.arange(len(facts)), 0))
    owner = _latest(facts.kind == Kind.OWNER, facts.person, begin, missing=0)
    here = facts.kind == Kind.OUTCOME
    closed = _latest(here, facts.phase == Phase.DONE, begin, missing=0)
    won = closed * _latest(here, facts.value > 0, begin, missing=0)
    was_closed, was_won = (np.where(first, 0, np.roll(column, 1)) for column in (closed, won))
    return owner[here], seen_at[here], (closed - was_closed)[here], (won - was_won)[here]


def owner_events(facts: Facts, seen_at: Ints) -> tuple[Ints, Ints, Ints]:
    """(person, at, change) for each time that somebody's number of open deals changed.

    The facts stand in the order of `history.History` and may be only those of the kinds in LIFE. A deal counts from its
    first such fact until its outcome or its deletion, and again when it is reopened or comes back.
    """
    keep = np.isin(facts.kind, LIFE)
    facts, seen_at = facts.take(keep), seen_at[keep]
    if not len(facts):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
    first = np.append(True, facts.deal[1:] != facts.deal[:-1])
    begin = np.maximum.accumulate(np.where(first, np.arange(len(facts)), 0))
    owner = _latest(facts.kind == Kind.OWNER, facts.person, begin, missing=0)
    outcome = _latest(facts.kind == Kind.OUTCOME, facts.phase, begin, missing=-1)
    deleted = _latest(facts.kind == Kind.DELETED, facts.phase, begin, missing=Phase.REOPENED)
    is_open = (outcome != Phase.DONE) & (deleted == Phase.REOPENED)
    was_open = np.append(False, is_open[:-1]) & ~first
    was_owner = np.append(0, owner[:-1])
    moved = (is_open != was_open) | (owner != was_owner)
    comes, goes = moved & is_open, moved & was_open
    person = np.concatenate([owner[comes], was_owner[goes]])
    at = np.concatenate([seen_at[comes], seen_at[goes]])
    change = np.concatenate([np.ones(comes.sum(), np.int64), -np.ones(goes.sum(), np.int64)])
    return person.astype(np.int64), at, change


def _latest(here: NDArray[np.bool_], values: NDArray[np.generic], begin: Ints, *, missing: int) -> Ints:
    """At each row the value of the latest marked row of the same deal up to it."""
    last = np.maximum.accumulate(np.where(here, np.arange(len(here)), -1))
    return np.where(last >= begin, values[last].astype(np.int64), missing)
