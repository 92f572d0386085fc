"""The promise ledger: what each step of a plan was promised for, moved to, and when it was done, as of any instant.

A day ends at midnight UTC. A promise is kept when the step was seen done by the end of the promised day; it is missed when
it was seen done later, is overdue now, or was moved after its day had passed.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.facts import Facts, Floats, Ints, Rows
from crmsync.records import Phase, Side

SIDES = len(Side)
NO_DAY = np.iinfo(np.int64).max
UNDATED = NO_DAY - 1  # sorts an open step without a day after the dated ones
HALF_PROMISE = 0.5  # weak prior of a kept share: one promise, half kept
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Plan:
    """The plans of m deals. Counts have the shape (sides, m), by `records.Side`; days are days since 1970."""

    done: Floats
    open: Floats
    promised: Floats  # open steps that have a day
    dated: Floats  # steps that have a day, done or open
    undated_first: Floats  # steps that came up without a day
    overdue: Floats
    kept: Floats
    late: Floats  # done after the promised day
    moves: Floats  # times a promised day was changed to another one
    late_moves: Floats  # of these: after the day had passed with the step still open
    slip_days: Floats  # sum of the moves, later is positive
    waited_days: Floats  # sum of the days that steps stood open
    overdue_days: Floats  # sum of the days that steps stood open after their promised day
    next_due: Ints  # earliest promised day from today on, NO_DAY if none
    oldest_due: Ints  # earliest promised day of an open step, NO_DAY if none
    last_due: Ints  # latest promised day of an open step, 0 if none
    next_step: Rows  # label id of the open step that is due first (steps without a day come last), -1 if none
    next_step_due: Ints  # its promised day, NO_DAY if it has none

    @property
    def size(self) -> Floats:
        """Steps of the plan, done and open, by side."""
        return self.done + self.open

    @property
    def has_days(self) -> Flags:
        """False for a plan of which no promised day is known: nothing can be seen to be late there."""
        known: Flags = (self.size.sum(axis=0) == 0) | (self.dated.sum(axis=0) > 0)
        return known

    @property
    def watched(self) -> Flags:
        """False for a plan most of whose steps came up without a day: how often it was moved before it was seen, nobody knows."""
        known: Flags = self.undated_first.sum(axis=0) * 2 <= self.size.sum(axis=0)
        return known

    @property
    def missed(self) -> Floats:
        """Promises that weren't kept, by side."""
        return self.late + self.overdue + self.late_moves

    @property
    def kept_share(self) -> Floats:
        """The share of promises kept, by side, shrunk to a half by one promise."""
        share: Floats = (self.kept + HALF_PROMISE) / (self.kept + self.missed + 2 * HALF_PROMISE)
        return share


class Ledger:
    """The state of every step after each fact about it."""

    def __init__(self, rows: Rows, deal: Rows, seen_at: Ints, facts: Facts, deals: int) -> None:
        """`rows` are the positions of these facts in their history; `deal`, `seen_at` and `facts` stand beside them."""
        step = np.where(facts.step > 0, facts.step, -1 - facts.name.astype(np.int64))
        order = np.lexsort((rows, step, deal))
        group = Groups(deal[order], step[order])
        state = states(facts.take(order), seen_at[order], group)
        slot, self._slots_of_deal = _slots(deal[order], group, rows[order], deals)
        by_slot = np.lexsort((rows[order], slot))
        self._rows = rows[order][by_slot]
        self._state = {name: column[by_slot] for name, column in state.items()}
        self._slot_bounds = np.searchsorted(slot[by_slot], np.arange(slot.max(initial=-1) + 2))

    def plan(self, index: Rows, begin: Rows, end: Rows, today: Ints) -> Plan:
        """The plans of deals (by index) from the facts in rows begin..end, on these days. All of shape (m,).

        Steps are visited one slot at a time: the n-th step of every deal at once.
        """
        tally = _Tally(len(index))
        for slot, (first, last) in enumerate(zip(self._slot_bounds[:-1], self._slot_bounds[1:], strict=True)):
            pairs = np.flatnonzero(self._slots_of_deal[index] > slot)
            rows = self._rows[first:last]
            at = np.searchsorted(rows, end[pairs]) - 1
            seen = (at >= 0) & (rows[at] >= begin[pairs])
            pairs, at = pairs[seen], at[seen] + first
            tally.add(pairs, {name: column[at] for name, column in self._state.items()}, today[pairs])
        return tally.plan()


class Groups:
    """Runs of equal (deal, step) in sorted rows."""

    def __init__(self, deal: Rows, step: Ints) -> None:
        changed = (deal[1:] != deal[:-1]) | (step[1:] != step[:-1])
        self.first: Flags = np.append(True, changed)[: len(deal)]
        self.begin: Ints = np.maximum.accumulate(np.where(self.first, np.arange(len(deal)), 0))

    def latest(self, here: Flags, values: NDArray[np.generic], *, missing: int) -> Ints:
        """At each row the value of the latest marked row of its group up to it."""
        last = np.maximum.accumulate(np.where(here, np.arange(len(here)), -1))
        return np.where(last >= self.begin, values[last].astype(np.int64), missing) if len(here) else last

    def before(self, values: Ints, *, missing: int) -> Ints:
        """At each row the value of the row before in its group."""
        return np.where(self.first, missing, np.roll(values, 1))

    def running(self, values: Ints) -> Ints:
        """Running sums within the groups."""
        total = np.cumsum(values)
        return total - (total - values)[self.begin] if len(values) else total


def states(facts: Facts, seen_at: Ints, group: Groups) -> dict[str, Ints]:
    """The state of the step after each of its facts."""
    day = seen_at // MICROS_PER_DAY
    ticked = np.isin(facts.phase, (Phase.DONE, Phase.HAPPENED))
    planned = facts.phase == Phase.PLANNED
    done = group.latest(ticked | (facts.phase == Phase.REOPENED), ticked, missing=0)
    due = group.latest(planned, facts.value, missing=0)
    was_due = group.before(due, missing=0)
    was_done = group.before(done, missing=0)
    was_day = group.before(day, missing=0)
    was_open = (
        ~group.first & (group.before((facts.phase != Phase.REMOVED).astype(np.int64), missing=0) > 0) & (was_done == 0)
    )
    was_overdue = was_open & (was_due > 0)
    moved = planned & (was_due > 0) & (due > 0) & (due != was_due)
    return {
        "there": (facts.phase != Phase.REMOVED).astype(np.int64),
        "done": done,
        "done_on": group.latest(ticked, day, missing=0),
        "due": due,
        "first_due": due[group.begin] if len(due) else due,
        "side": group.latest(facts.side > 0, facts.side, missing=0),
        "name": facts.name.astype(np.int64),
        "moves": group.running(moved.astype(np.int64)),
        "late_moves": group.running((moved & (day > was_due) & (was_done == 0)).astype(np.int64)),
        "slip": group.running(np.where(moved, due - was_due, 0)),
        "day": day,
        "waited": group.running(np.where(was_open, day - was_day, 0)),
        "overdue": group.running(np.where(was_overdue, np.maximum(day - np.maximum(was_due, was_day), 0), 0)),
    }


def _slots(deal: Rows, group: Groups, rows: Rows, deals: int) -> tuple[Ints, Ints]:
    """The number of each row's step within its deal, in the order in which steps came up; and how many each deal has."""
    starts = np.flatnonzero(group.first)
    by_age = starts[np.lexsort((rows[starts], deal[starts]))]
    new_deal = np.append(True, deal[by_age][1:] != deal[by_age][:-1])[: len(by_age)]
    count = np.arange(len(by_age))
    slot_of_start = np.zeros(len(deal), dtype=np.int64)
    slot_of_start[by_age] = count - np.maximum.accumulate(np.where(new_deal, count, 0))
    return slot_of_start[group.begin], np.bincount(deal[starts], minlength=deals)


class _Tally:
    """Sums over the steps of plans."""

    COUNTS = tuple(column.name for column in fields(Plan) if column.type is Floats)

    def __init__(self, pairs: int) -> None:
        self._counts = {name: np.zeros((SIDES, pairs)) for name in self.COUNTS}
        self._next_due = np.full((SIDES, pairs), NO_DAY)
        self._oldest_due = np.full((SIDES, pairs), NO_DAY)
        self._last_due = np.zeros((SIDES, pairs), dtype=np.int64)
        self._first_due = np.full((SIDES, pairs), NO_DAY)
        self._next_step = np.full((SIDES, pairs), -1, dtype=np.int32)

    def add(self, pairs: Ints, state: dict[str, Ints], today: Ints) -> None:
        """One step of each of these pairs in this state."""
        there, done = state["there"] > 0, state["done"] > 0
        due, promised = state["due"], state["due"] > 0
        is_open = there & ~done
        counted: dict[str, Flags | Ints] = {
            "done": there & done,
            "open": is_open,
            "promised": is_open & promised,
            "dated": there & promised,
            "undated_first": there & (state["first_due"] == 0),
            "overdue": is_open & promised & (due < today),
            "kept": there & done & promised & (state["done_on"] <= due),
            "late": there & done & promised & (state["done_on"] > due),
            "moves": state["moves"] * there,
            "late_moves": state["late_moves"] * there,
            "slip_days": state["slip"] * there,
            "waited_days": state["waited"] + is_open * (today - state["day"]),
            "overdue_days": state["overdue"]
            + (is_open & promised) * np.maximum(today - np.maximum(due, state["day"]), 0),
        }
        place = (state["side"], pairs)
        for name, amount in counted.items():
            self._counts[name][place] += amount
        self._next_due[place] = np.minimum(
            self._next_due[place], np.where(is_open & promised & (due >= today), due, NO_DAY)
        )
        self._oldest_due[place] = np.minimum(self._oldest_due[place], np.where(is_open & promised, due, NO_DAY))
        self._last_due[place] = np.maximum(self._last_due[place], np.where(is_open & promised, due, 0))
        self._meet(place, np.where(promised, due, UNDATED), state["name"], is_open)

    def _meet(self, place: tuple[Ints, Ints], due: Ints, name: Ints, is_open: Flags) -> None:
        """Keeps the open step that is due first; of equal ones that which came up first."""
        sooner = is_open & (due < self._first_due[place])
        self._first_due[place] = np.where(sooner, due, self._first_due[place])
        self._next_step[place] = np.where(sooner, name, self._next_step[place]).astype(np.int32)

    def plan(self) -> Plan:
        """The sums as a Plan."""
        return Plan(
            **self._counts,
            next_due=self._next_due,
            oldest_due=self._oldest_due,
            last_due=self._last_due,
            next_step=self._next_step,
            next_step_due=np.where(self._first_due < UNDATED, self._first_due, NO_DAY),
        )
