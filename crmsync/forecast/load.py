"""How many open deals each owner had at an instant."""

import numpy as np
from numpy.typing import NDArray

from crmsync.forecast.facts import Facts, Ints
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
