"""Dated examples: what a deal looked like on a weekly grid while it was open, and how it ended as far as that is known.

The grid is the same for every deal (Mondays 00:00 UTC, then each `every_days`), so the examples are what a score run on those
days would have met: a deal that never lived through such an instant, or came into the CRM already closed, gives none, just
as it would never have been scored. Nothing within a minute before the closing is used: what is saved together with the
outcome isn't knowledge that anybody had before it. A deal that was reopened ends as it last ended. A deal that was deleted
while open has no outcome and is left out; one that was deleted after its closing stays.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crmsync.clock import MICROS_PER_DAY, MICROS_PER_SECOND
from crmsync.forecast.facts import Floats, Ints, Which
from crmsync.forecast.history import History
from crmsync.records import Kind, Phase

FENCE = 60 * MICROS_PER_SECOND
FIRST_MONDAY = 4 * MICROS_PER_DAY  # 1970-01-05
OUTCOME = Which((Kind.OUTCOME,))
CLOSED = Which((Kind.OUTCOME,), (Phase.DONE,))
STILL_OPEN = -1


@dataclass(frozen=True, slots=True)
class Ends:
    """How deals had ended by an instant; one row for each deal of a history."""

    won: NDArray[np.int8]  # 1, 0 or STILL_OPEN
    closed_at: Ints  # when that was seen, 0 while open
    counted: NDArray[np.bool_]  # False: deleted while open

    @classmethod
    def of(cls, history: History, *, by: int) -> Self:
        """What was known by the instant."""
        asof = history.as_of(history.deals, by)
        closed = asof.of(OUTCOME).latest("phase", missing=-1) == Phase.DONE
        won = np.where(closed, asof.of(OUTCOME).latest("value", missing=0) > 0, STILL_OPEN).astype(np.int8)
        closed_at = np.where(closed, asof.of(OUTCOME).latest_at(), 0)
        return cls(won, closed_at, closed | asof.is_open)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Instants at which deals were open, sorted by (deal, at). All of shape (m,)."""

    deal: Ints  # index into the history's deals
    at: Ints
    ends_at: Ints  # the first closing after the snapshot, NEVER if none is in the history

    def __len__(self) -> int:
        return len(self.deal)

    def take(self, rows: ArrayLike) -> Self:
        """The snapshots at these rows (indices or a mask)."""
        return type(self)(*(getattr(self, column.name)[rows] for column in fields(self)))


NEVER = np.iinfo(np.int64).max


def snapshots(history: History, *, by: int, every_days: int, created_from: int = 0) -> Snapshots:
    """All snapshots of all deals up to an instant, those included whose outcome isn't known."""
    born = _created_at(history)
    last = _last_use(history, by)
    every = every_days * MICROS_PER_DAY
    first = -((FIRST_MONDAY - born) // every) * every + FIRST_MONDAY
    first = np.where(born < created_from, NEVER - every, first)
    count = np.maximum((last - first) // every + 1, 0)
    deal = np.repeat(np.arange(len(history.deals)), count)
    place = np.arange(len(deal)) - np.repeat(np.cumsum(count) - count, count)
    at = first[deal] + place * every
    ends_at = _next_end(history, deal, at)
    open_then = history.as_of(history.deals[deal], at).is_open
    return Snapshots(deal, at, ends_at).take(open_then & (at < ends_at - FENCE))


def _created_at(history: History) -> Ints:
    """When each deal was first seen."""
    return history.seen_at[history.bounds[:-1]]


def _last_use(history: History, by: int) -> Ints:
    """The last instant at which a snapshot of each deal may be wanted: its last closing or deletion, or `by`."""
    asof = history.as_of(history.deals, by)
    ended = asof.of(Which((Kind.OUTCOME, Kind.DELETED))).latest_at()
    return np.where(asof.is_open, by, ended)


def _next_end(history: History, deal: Ints, at: Ints) -> Ints:
    """The first closing that is seen after each instant: when it was true or seen, whichever came first."""
    rows = history.rows(CLOSED)
    if not len(rows):
        return np.full(len(deal), NEVER)
    end = history.position(deal.astype(np.int32), at)
    following = np.append(rows, np.int32(len(history.facts)))[np.searchsorted(rows, end)]
    here = following < history.bounds[deal + 1]
    row = np.where(here, following, 0)
    return np.where(here, np.minimum(history.facts.at[row], history.seen_at[row]), NEVER)


@dataclass(frozen=True, slots=True)
class Examples:
    """Snapshots of closed deals with what became of them, as known by an instant."""

    rows: Ints  # which of the snapshots
    deal: Ints
    at: Ints
    won: Floats  # 1 or 0
    closed_at: Ints
    weight: Floats  # sums to the number of deals

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def deals(self) -> int:
        """How many deals."""
        return len(np.unique(self.deal))

    @property
    def deals_won(self) -> int:
        """How many of them were won."""
        return len(np.unique(self.deal[self.won > 0]))

    def take(self, rows: ArrayLike) -> Self:
        """The examples at these rows (indices or a mask)."""
        return type(self)(*(getattr(self, column.name)[rows] for column in fields(self)))


def examples(history: History, found: Snapshots, *, by: int) -> Examples:
    """The snapshots of the deals that had closed by an instant."""
    ends = Ends.of(history, by=by)
    rows = np.flatnonzero((ends.won[found.deal] != STILL_OPEN) & (found.at < ends.closed_at[found.deal] - FENCE))
    chosen = found.take(rows)
    return Examples(
        rows,
        chosen.deal,
        chosen.at,
        ends.won[chosen.deal].astype(np.float64),
        ends.closed_at[chosen.deal],
        weights(chosen.deal),
    )


def weights(deal: Ints) -> Floats:
    """Each snapshot counts 1 / sqrt(snapshots of its deal), scaled so that all sum to the number of deals.

    A middle course: with equal snapshots long deals dominate, with equal deals the model is fitted to another mix than the
    one that it scores, which is all open deals on a day.
    """
    _, place, count = np.unique(deal, return_inverse=True, return_counts=True)
    raw: Floats = 1.0 / np.sqrt(count[place])
    return raw * (len(count) / raw.sum()) if len(raw) else raw


def open_deals(history: History, *, created_from: int = 0, as_of: int) -> Ints:
    """The ids of the deals that were known to be open at the instant, of those first seen since `created_from`."""
    asof = history.as_of(history.deals, as_of)
    return history.deals[np.flatnonzero(asof.is_open & (_created_at(history) >= created_from))]
