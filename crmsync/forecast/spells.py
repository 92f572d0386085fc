"""The lives of promises: from the day on which a date was given for a step to the day on which that date was settled.

A spell begins with the fact that gives an open step its day, on the day after it: what is done on the day it is promised was no
promise. It ends when the step is seen done, when its day is moved, when the step or its day is taken away or the deal ends, or it
goes on. Ticks that come with the closing of the deal (see `dataset.FENCE`) come too late to be kept.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.dataset import FENCE, STILL_OPEN, Ends
from crmsync.forecast.facts import Ints, Rows, Which
from crmsync.forecast.history import History
from crmsync.forecast.ledger import Groups, states
from crmsync.records import Kind, Phase

OPEN, DONE, MOVED, GONE, SAME, CLOSED = range(6)  # how a spell ended by the instant; SAME: its date was given once more
STEPS = Which((Kind.MILESTONE,))
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Spells:
    """Spells by deal, step and time. All of shape (m,); days are days since 1970."""

    deal: Ints  # index into the history's deals
    step: Ints  # the store's number of the step, or -1 less its label where it has none
    name: Ints  # label id
    side: Ints
    person: Ints  # who gave the date, 0: unknown
    company: Ints  # number of the buyer's; deals of which it isn't known stand each for one, below 0
    due: Ints
    begun: Ints  # the day on which the date was given
    ended: Ints  # the day of the end, or that of the instant
    how: Ints
    next_due: Ints  # the new date of one that was moved
    ender: Ints  # who ended it, 0: unknown, or nobody

    def __len__(self) -> int:
        return len(self.deal)

    def take(self, rows: ArrayLike) -> Self:
        """The spells at these rows (indices or a mask)."""
        return type(self)(*(getattr(self, column.name)[rows] for column in fields(self)))


def spells(history: History, *, by: int) -> Spells:
    """All that was known by an instant. Of deals that were deleted while open nothing is told."""
    rows = history.rows(STEPS)
    rows = rows[history.seen_at[rows] <= by]
    facts, deal = history.facts.take(rows), history.deal_index[rows].astype(np.int64)
    step = np.where(facts.step > 0, facts.step, -1 - facts.name.astype(np.int64))
    order = np.lexsort((rows, step, deal))
    rows, facts, deal, step = rows[order], facts.take(order), deal[order], step[order]
    group = Groups(deal.astype(np.int32), step)
    state = states(facts, history.seen_at[rows], group)
    return _cut(history, rows, deal, step, state, group, by=by)


def _cut(
    history: History, rows: Rows, deal: Ints, step: Ints, state: dict[str, Ints], group: Groups, *, by: int
) -> Spells:
    """From the state after each fact to spells, each ended by the next fact of its step, the deal's end, or the instant."""
    ends = Ends.of(history, by=by)
    closed_at = np.where(ends.won[deal] == STILL_OPEN, _NEVER, ends.closed_at[deal] - FENCE)
    last = np.append(group.first[1:], True)[: len(rows)]
    following = np.where(last, np.arange(len(rows)), np.minimum(np.arange(len(rows)) + 1, len(rows) - 1))
    next_at = np.where(last, _NEVER, history.seen_at[rows][following])
    done, there, due = (state[name][following] for name in ("done", "there", "due"))
    how = np.select([there == 0, done > 0, due == state["due"], due > 0], [GONE, DONE, SAME, MOVED], GONE)
    how = np.where((closed_at < _NEVER) & (next_at >= closed_at), CLOSED, np.where(last, OPEN, how))
    ended = np.minimum(np.minimum(next_at, closed_at), by) // MICROS_PER_DAY
    begun_at = history.seen_at[rows]
    is_open = (state["there"] > 0) & (state["done"] == 0) & (state["due"] > 0)
    kept = np.flatnonzero(is_open & (begun_at < closed_at) & ends.counted[deal])
    found = Spells(
        deal,
        step,
        state["name"],
        state["side"],
        _giver(history, rows, group),
        history.companies[deal],
        state["due"],
        begun_at // MICROS_PER_DAY,
        ended,
        how,
        due,
        np.where(last | (how == CLOSED), 0, history.facts.person[rows][following]),
    )
    return found.take(kept)


def _giver(history: History, rows: Rows, group: Groups) -> Ints:
    """Who gave the date that stood after each fact."""
    planned = history.facts.phase[rows] == Phase.PLANNED
    return group.latest(planned, history.facts.person[rows], missing=0)
