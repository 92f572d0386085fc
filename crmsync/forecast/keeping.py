"""How each side kept its promises, how silently it missed them, and how much of the plans is the buyer's doing.

A promise is a date that was given for a step: moved, it is another one. It is kept when the step was seen done by the end of that
day, and missed when it was done later, was moved only after its day had passed, or is overdue. A miss is silent when nobody did
the step, moved it or took it away for GRACE_DAYS after the day. What was moved in time, taken away or overtaken by the deal's end
is neither kept nor missed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmsync.forecast.channels import CONTACT, OWNER
from crmsync.forecast.facts import Ints
from crmsync.forecast.history import History
from crmsync.forecast.spells import DONE, MOVED, OPEN, SAME, Spells
from crmsync.records import Side

GRACE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Keeping:
    """One side's promises, as counts."""

    side: str
    promises: int
    kept: int
    late: int  # done after the day
    moved_in_time: int
    moved_late: int  # after the day had passed
    overdue: int  # now
    silent: int  # misses of which nothing was said for GRACE_DAYS
    days_moved: int  # sum over all moves, later is positive

    @property
    def rate(self) -> float | None:
        """The share kept of those that were kept or missed, None without any."""
        settled = self.kept + self.late + self.moved_late + self.overdue
        return self.kept / settled if settled else None


@dataclass(frozen=True, slots=True)
class Mutuality:
    """The buyer's share: of the steps owned, of those made and closed by somebody whose side is known; None without any."""

    owned: float | None
    made: float | None
    closed: float | None


def keeping(found: Spells) -> list[Keeping]:
    """Of both sides, and of steps whose side isn't known."""
    given = found.take(found.how != SAME)
    return [_of_side(given.take(given.side == side), side) for side in Side if (given.side == side).any()]


def _of_side(found: Spells, side: Side) -> Keeping:
    past = found.ended > found.due
    moved = found.how == MOVED
    return Keeping(
        side=side.name.lower(),
        promises=len(found),
        kept=_count((found.how == DONE) & ~past),
        late=_count((found.how == DONE) & past),
        moved_in_time=_count(moved & ~past),
        moved_late=_count(moved & past),
        overdue=_count((found.how == OPEN) & past),
        silent=_count(found.ended > found.due + GRACE_DAYS),
        days_moved=int((found.next_due - found.due)[moved].sum()),
    )


def _count(some: NDArray[np.bool_]) -> int:
    return int(some.sum())


def mutuality(found: Spells, history: History, *, by: int) -> Mutuality:
    """Over all steps that were ever promised."""
    _, first = np.unique(np.stack([found.deal, found.step]), axis=1, return_index=True)
    side_of = sides(history, by=by)
    made, closed = side_of[found.person[first]], side_of[found.ender[found.how == DONE]]
    return Mutuality(*(_buyers_share(each) for each in (found.side[first], made, closed)))


def _buyers_share(sides_told: Ints) -> float | None:
    known = sides_told[sides_told != Side.UNKNOWN]
    return float((known == Side.BUYER).mean()) if len(known) else None


def sides(history: History, *, by: int) -> Ints:
    """Whose people are whose, by number: owners of deals are sellers, contacts are the buyers'."""
    told = np.zeros(int(history.facts.person.max(initial=0)) + 1, dtype=np.int64)
    for which, side in ((CONTACT, Side.BUYER), (OWNER, Side.SELLER)):
        rows = history.rows(which)
        told[history.facts.person[rows[history.seen_at[rows] <= by]]] = side
    told[0] = Side.UNKNOWN
    return told
