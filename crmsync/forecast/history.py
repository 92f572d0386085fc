"""As-of primitives over dated facts: the only door to history, so that no feature can look ahead.

A fact counts from the instant at which the CRM showed it, `max(at, known_at)` ("seen"): a back-dated tick can't help a past
score. Every primitive answers for all (deal, instant) pairs at once. Facts stand in one canonical order, so the order in
which they come changes nothing. With n facts and m pairs a primitive costs O((n + m) log n).
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.companies import Companies
from crmsync.forecast.decay import running_decay
from crmsync.forecast.facts import ANY, Facts, Floats, Ints, Rows, Which, canonical_order
from crmsync.forecast.ledger import Ledger, Plan
from crmsync.forecast.load import Load, Outcomes, outcome_events, owner_events
from crmsync.forecast.search import first_above
from crmsync.records import Kind, Phase

__all__ = ["NO_NAME", "AsOf", "Facts", "History", "Load", "Seen", "Which"]

NO_NAME = -1


class History:
    """The facts of some deals in canonical order: by deal, by the instant they were seen, then by their content.

    `load` and `outcomes` count deals by owner over the whole book; give them when the facts are only a part of the deals.
    """

    def __init__(
        self,
        facts: Facts,
        labels: Sequence[str],
        *,
        load: Load | None = None,
        outcomes: Outcomes | None = None,
        companies: Companies | None = None,
    ) -> None:
        self.labels = tuple(labels)
        order = canonical_order(facts, self.labels)
        self.facts = facts.take(order)
        self.seen_at: Ints = np.maximum(self.facts.at, self.facts.known_at)
        self.deals, first = np.unique(self.facts.deal, return_index=True)
        self.bounds: Rows = np.append(first, len(self.facts)).astype(np.int32)
        self.deal_index: Rows = np.repeat(np.arange(len(self.deals), dtype=np.int32), np.diff(self.bounds))
        self._rows: dict[Which, Rows] = {}
        self._named: dict[Which, tuple[Rows, Rows]] = {}
        self._load, self._outcomes = load, outcomes
        self.companies = (companies or Companies.unknown()).of(self.deals)

    def as_of(self, deals: ArrayLike, at: ArrayLike) -> "AsOf":
        """The pairs (deal, instant): ids of the store and micros, each of shape (m,); one instant may stand for all."""
        ids = np.asarray(deals, dtype=np.int64)
        return AsOf(self, ids, np.broadcast_to(np.asarray(at, dtype=np.int64), ids.shape))

    def position(self, index: Rows, at: Ints) -> Rows:
        """The row after the last one of the deal (by index) that was seen at or before the instant, shape (m,)."""
        ends = np.append(self.bounds[1:], self.bounds[-1])  # one more: without any fact there is still an index 0
        return first_above(self.seen_at, self.bounds[index], ends[index], at).astype(np.int32)

    def rows(self, which: Which) -> Rows:
        """The rows of the facts meant, ascending."""
        if which not in self._rows:
            self._rows[which] = np.flatnonzero(which.mask(self.facts)).astype(np.int32)
        return self._rows[which]

    def rows_named(self, which: Which, name: int) -> Rows:
        """The rows of the facts meant that bear a label, ascending."""
        if which not in self._named:
            rows = self.rows(which)
            order = np.argsort(self.facts.name[rows], kind="stable")
            self._named[which] = self.facts.name[rows][order], rows[order]
        names, rows = self._named[which]
        wanted = np.int32(name)  # of the column's own width, else it would be copied
        return rows[np.searchsorted(names, wanted) : np.searchsorted(names, wanted, side="right")]

    @cached_property
    def ledger(self) -> Ledger:
        """The states that the plans' steps went through."""
        rows = self.rows(Which((Kind.MILESTONE,)))
        return Ledger(rows, self.deal_index[rows], self.seen_at[rows], self.facts.take(rows), len(self.deals))

    @cached_property
    def load(self) -> Load:
        """Open deals by owner over time."""
        return self._load or Load(*owner_events(self.facts, self.seen_at))

    @cached_property
    def outcomes(self) -> Outcomes:
        """Closed and won deals by owner over time."""
        return self._outcomes or Outcomes(*outcome_events(self.facts, self.seen_at))

    @cached_property
    def label_ids(self) -> dict[str, int]:
        """Label id by text."""
        return {text: number for number, text in enumerate(self.labels)}


class AsOf:
    """What was known of deals at instants. All answers have the shape (m,) of the pairs."""

    def __init__(self, history: History, deals: Ints, at: Ints) -> None:
        self.history, self.deals, self.at = history, deals, at
        found = np.searchsorted(history.deals, deals).astype(np.int32)
        known = np.append(history.deals, -1)[found] == deals
        self.index: Rows = np.where(known, found, 0).astype(np.int32)
        self.begin: Rows = history.bounds[self.index]
        self.end: Rows = np.where(known, history.position(self.index, at), self.begin).astype(np.int32)
        self._earlier: dict[float, Rows] = {}

    def __len__(self) -> int:
        return len(self.deals)

    def take(self, rows: Ints) -> "AsOf":
        """These pairs of them."""
        return AsOf(self.history, self.deals[rows], self.at[rows])

    def of(self, which: Which = ANY, *, name: int | None = None) -> "Seen":
        """The facts meant, or those of them that bear a label (by its id), as far as each pair may see them."""
        return Seen(self, self.history.rows(which) if name is None else self.history.rows_named(which, name))

    def end_before(self, days: float) -> Rows:
        """Like `end`, for the instants so many days earlier."""
        if days not in self._earlier:
            earlier = self.at - round(days * MICROS_PER_DAY)
            self._earlier[days] = np.minimum(self.history.position(self.index, earlier), self.end)
        return self._earlier[days]

    @cached_property
    def age_days(self) -> Floats:
        """Days since the deal was created (without that fact: since its first one), nan for a deal not yet known."""
        created = self.of(Which((Kind.CREATED,))).days_since_first()
        return np.where(np.isnan(created), self.of().days_since_first(), created)

    @cached_property
    def has_ended(self) -> NDArray[np.bool_]:
        """True where the deal was known to be closed or deleted."""
        closed = self.of(Which((Kind.OUTCOME,))).latest("phase", missing=-1) == Phase.DONE
        deleted = self.of(Which((Kind.DELETED,))).latest("phase", missing=Phase.REOPENED) != Phase.REOPENED
        ended: NDArray[np.bool_] = closed | deleted
        return ended

    @cached_property
    def is_open(self) -> NDArray[np.bool_]:
        """True where the deal was known, neither closed nor deleted."""
        known: NDArray[np.bool_] = self.end > self.begin
        return known & ~self.has_ended

    @cached_property
    def plan(self) -> Plan:
        """The state of the deal's plan."""
        return self.history.ledger.plan(self.index, self.begin, self.end, self.at // MICROS_PER_DAY)

    def owner_win_rate(self, *, prior_deals: float) -> Floats:
        """The share won of the deals of this one's owner that had closed, with so many deals of everybody's share added."""
        owner = self.of(Which((Kind.OWNER,))).latest("person", missing=0)
        return self.history.outcomes.win_rate(owner, self.at, prior_deals=prior_deals)

    @cached_property
    def owner_load(self) -> Floats:
        """How many open deals the owner of this one had, this one included."""
        owner = self.of(Which((Kind.OWNER,))).latest("person", missing=0)
        return self.history.load.at(owner, self.at).astype(np.float64)


class Seen:
    """The facts of one kind that each pair may see. All answers have the shape (m,); days are fractional."""

    def __init__(self, asof: AsOf, rows: Rows) -> None:
        """`rows`: the facts' rows in the history, ascending."""
        self._asof, self._history, self._rows = asof, asof.history, rows
        self._after = np.searchsorted(rows, asof.end)

    def count(self) -> Floats:
        """How many facts there were."""
        return (self._after - np.searchsorted(self._rows, self._asof.begin)).astype(np.float64)

    def changes(self) -> Floats:
        """How often something was changed after it was first set."""
        return np.maximum(self.count() - 1, 0)

    def recent(self, days: float) -> Floats:
        """How many facts there were in the last days."""
        return (self._after - np.searchsorted(self._rows, self._asof.end_before(days))).astype(np.float64)

    def decayed(self, days: float) -> Floats:
        """Sum of exp(-age / days) over the facts."""
        rows, tau = self._rows, days * MICROS_PER_DAY
        if not len(rows):
            return np.zeros(len(self._asof))
        sums = running_decay(self._history.deal_index[rows], self._history.seen_at[rows], tau)
        age = np.where(self._last >= 0, self._asof.at - self._history.seen_at[self._last], 0)
        return np.where(self._last >= 0, sums[self._after - 1] * np.exp(-age / tau), 0.0)

    def days_since_last(self) -> Floats:
        """Days since the last fact, nan without one."""
        return self._days_since(self._last)

    def days_since_first(self) -> Floats:
        """Days since the first fact, nan without one."""
        rows = np.append(self._rows, np.int32(len(self._history.facts)))
        first = rows[np.searchsorted(self._rows, self._asof.begin)]
        return self._days_since(np.where(first < self._asof.end, first, -1).astype(np.int32))

    def days_under(self, name: int | None) -> Floats:
        """For how many days in all the last fact was one that bears a label (None: any)."""
        rows, seen_at = self._rows, self._history.seen_at[self._rows]
        bears = np.ones(len(rows), np.bool_) if name is None else self._history.facts.name[rows] == np.int32(name)
        until_next = np.append(seen_at[1:], 0) - seen_at
        # what is spent from one deal into the next is never asked for
        spent = np.append(0, np.cumsum(np.where(bears, until_next, 0)))
        first = np.searchsorted(rows, self._asof.begin)
        there = self._after > first
        last = np.maximum(self._after - 1, 0)
        now = np.where(np.append(bears, False)[last], self._asof.at - np.append(seen_at, 0)[last], 0)
        return np.where(there, spent[last] - spent[np.minimum(first, last)] + now, 0) / MICROS_PER_DAY

    def latest(self, column: Literal["name", "person", "phase", "value"], *, missing: int) -> Ints:
        """A column of the last fact, `missing` without one."""
        return self._at_last(getattr(self._history.facts, column), missing)

    def latest_at(self) -> Ints:
        """When the last fact was seen, in micros, 0 without one."""
        return self._at_last(self._history.seen_at, 0)

    def latest_value(self) -> Floats:
        """The value of the last fact, nan without one."""
        return np.where(self._last >= 0, self.latest("value", missing=0), np.nan)

    def people(self) -> Floats:
        """How many different known people stand in the facts."""
        person, deal = self._history.facts.person[self._rows], self._history.deal_index[self._rows]
        order = np.lexsort((person, deal))
        again = (person[order][1:] == person[order][:-1]) & (deal[order][1:] == deal[order][:-1])
        first = np.sort(order[np.append(True, ~again)[: len(order)]])
        return Seen(self._asof, self._rows[first[person[first] > 0]]).count()

    @cached_property
    def _last(self) -> Rows:
        """The row of the last fact, -1 where there is none."""
        last = np.append(self._rows, np.int32(-1))[self._after - 1]
        return np.where(last >= self._asof.begin, last, -1).astype(np.int32)

    def _at_last(self, column: NDArray[np.generic], missing: int) -> Ints:
        some = column.astype(np.int64) if len(column) else np.zeros(1, np.int64)
        return np.where(self._last >= 0, some[self._last], missing)

    def _days_since(self, rows: Rows) -> Floats:
        since = (self._asof.at - np.append(self._history.seen_at, 0)[rows]) / MICROS_PER_DAY
        return np.where(rows >= 0, since, np.nan)
