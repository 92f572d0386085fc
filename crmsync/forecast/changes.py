"""Why a score changed between two dates, in causes that sum to the change.

The facts that came between are let in one group after the other, and the score is made anew after each: first nothing happens
but time, then the buyer's acts, then ours, then changes of the plan, then edits in the CRM, and last the fit changes. What a
group moves is its part. The order is fixed, and a group's facts can be listed, so each part leads to what was done and when.
"""

from dataclasses import dataclass

import numpy as np

from crmsync.forecast.facts import Facts
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.points import largest_remainder, tenths
from crmsync.forecast.score import score
from crmsync.records import Kind, Phase, Side

CAUSES = ("time passed", "buyer did", "seller did", "plan changed", "CRM edit", "model changed")
_TIME, _BUYER, _SELLER, _PLAN, _EDIT = range(5)
_EDITS = (Kind.STAGE, Kind.AMOUNT, Kind.CLOSE_ON, Kind.OWNER, Kind.OUTCOME, Kind.SAID, Kind.DELETED, Kind.CREATED)
_PLANNED = (Phase.PLANNED, Phase.REMOVED, Phase.REOPENED)


@dataclass(frozen=True, slots=True)
class Change:
    """One deal's change: probabilities before and after, and tenths of points by cause, in the order of CAUSES."""

    before: float
    after: float
    tenths: tuple[int, ...]
    facts: tuple[Facts, ...]  # those of the causes but the last, which has none


def change(old: Fit, new: Fit, history: History, *, deal: int, from_at: int, to_at: int) -> Change:
    """The change of a deal's score from the old fit at one instant to the new fit at a later one."""
    facts = history.facts.take(history.facts.deal == deal)
    seen_at = np.maximum(facts.at, facts.known_at)
    cause = np.where(seen_at <= from_at, _TIME, _causes(facts))
    reached = [_probability(old, facts.take(seen_at <= from_at), history, deal=deal, at=from_at)]
    for last in range(_EDIT + 1):
        let_in = facts.take((seen_at <= to_at) & (cause <= last))
        reached.append(_probability(old, let_in, history, deal=deal, at=to_at))
    reached.append(_probability(new, facts.take(seen_at <= to_at), history, deal=deal, at=to_at))
    moved = np.diff(np.array(reached))[None, :] * 1000
    ends = tenths(np.array([reached[0], reached[-1]]))
    came = (seen_at > from_at) & (seen_at <= to_at)
    return Change(
        reached[0],
        reached[-1],
        tuple(largest_remainder(moved, ends[1:] - ends[:1])[0].tolist()),
        tuple(facts.take(came & (cause == number)) for number in range(_EDIT + 1)),
    )


def _causes(facts: Facts) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Which cause each fact belongs to. What nobody is named for counts as ours: the buyer's acts are those that say so."""
    by_side = np.where(facts.side == Side.BUYER, _BUYER, _SELLER)
    planned = (facts.kind == Kind.MILESTONE) & np.isin(facts.phase, _PLANNED)
    joined = np.where(facts.kind == Kind.CONTACT, _BUYER, by_side)
    return np.where(np.isin(facts.kind, _EDITS), _EDIT, np.where(planned, _PLAN, joined)).astype(np.int64)


def _probability(fit: Fit, facts: Facts, history: History, *, deal: int, at: int) -> float:
    part = History(facts, history.labels, load=history.load, outcomes=history.outcomes)
    return float(score(fit, part, [deal], as_of=at).probability[0])
