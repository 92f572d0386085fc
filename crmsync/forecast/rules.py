"""A score by stated rules, for a past that is too short to learn from: points from 0 to 100, and no probability.

Nothing here is learnt, fitted or tuned: the points are a plain reading of a plan, the same for everybody, and they say nothing
of how many such deals are won. START and the points of all rules sum to the score exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.channels import ACTS, BUYER_ACTS, BUYER_STEPS_DONE, CLOSE_ON
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.history import AsOf, History
from crmsync.forecast.ledger import NO_DAY
from crmsync.records import TEXT_LIMIT, Side

START = 50
DONE_POINTS = 20  # for a plan all of whose steps are done
STEP_POINTS, STEP_DAYS = 10, 28  # a step that the buyer did of late
ACT_POINTS, ACT_DAYS = 10, 14  # the buyer did anything of late
IDLE_POINTS, IDLE_DAYS = -15, 21  # nobody did anything for so long
OVERDUE_POINTS, MOST_OVERDUE = -10, 2  # for each promise that is overdue, and how many count
CLOSE_POINTS = -10  # the CRM's close date has passed
LOW_RISK, MIDDLE_RISK = 60, 40  # points from which a deal's risk is low, medium


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its name, how a seller reads it, and the points that it gives each deal, 0 where it doesn't hold."""

    name: str
    sentence: str
    points: Callable[[AsOf], Floats]


def _done(asof: AsOf) -> Floats:
    size = asof.plan.size.sum(axis=0)
    done: Floats = np.rint(DONE_POINTS * asof.plan.done.sum(axis=0) / np.maximum(size, 1))
    return done


def _buyer_step(asof: AsOf) -> Floats:
    return np.where(asof.of(BUYER_STEPS_DONE).recent(STEP_DAYS) > 0, STEP_POINTS, 0)


def _buyer_act(asof: AsOf) -> Floats:
    return np.where(asof.of(BUYER_ACTS).recent(ACT_DAYS) > 0, ACT_POINTS, 0)


def _idle(asof: AsOf) -> Floats:
    quiet = np.fmin(asof.of(ACTS).days_since_last(), asof.age_days)
    return np.where(quiet > IDLE_DAYS, IDLE_POINTS, 0)


def _overdue(asof: AsOf) -> Floats:
    many: Floats = np.minimum(asof.plan.overdue.sum(axis=0), MOST_OVERDUE)
    return OVERDUE_POINTS * many


def _close_date(asof: AsOf) -> Floats:
    due = asof.of(CLOSE_ON).latest_value()
    return np.where(due < asof.at // MICROS_PER_DAY, CLOSE_POINTS, 0)


RULE_LIST = (
    Rule("plan_done", "share of the plan's steps that are done", _done),
    Rule("buyer_step", f"the buyer did a step in the last {STEP_DAYS} days", _buyer_step),
    Rule("buyer_act", f"the buyer did something in the last {ACT_DAYS} days", _buyer_act),
    Rule("idle", f"nobody did anything for more than {IDLE_DAYS} days", _idle),
    Rule("overdue", f"promises overdue (at most {MOST_OVERDUE} count)", _overdue),
    Rule("close_date", "the CRM's close date has passed", _close_date),
)
SENTENCES = {rule.name: rule.sentence for rule in RULE_LIST}


@dataclass(frozen=True, slots=True)
class Ruled:
    """Scores by rules of m deals at one instant. Days are days since 1970."""

    deal: Ints  # the store's deal_id
    as_of: int
    added: Ints  # points by deal and rule, shape (m, rules)
    steps_done: Ints
    steps: Ints
    next_step: tuple[str, ...]  # the buyer's open step that is due first, "" if none
    next_step_on: Ints  # its promised day, NO_DAY if none

    def __len__(self) -> int:
        return len(self.deal)

    @property
    def points(self) -> Ints:
        """The scores."""
        total: Ints = START + self.added.sum(axis=1)
        return total

    def parts(self, place: int) -> dict[str, int]:
        """What each rule that holds gives a deal."""
        row = self.added[place].tolist()
        return {rule.name: points for rule, points in zip(RULE_LIST, row, strict=True) if points}

    def text(self, place: int) -> str:
        """As a seller reads it, the weightiest first: that these are points comes before all else."""
        parts = self.parts(place)
        told, between = f"{START + sum(parts.values())} of 100 points by rules, not a probability", ": "
        for name, points in sorted(parts.items(), key=lambda part: -abs(part[1])):
            more = f"{between}{'+' if points > 0 else '-'} {SENTENCES[name]}"
            if len(told) + len(more) <= TEXT_LIMIT:
                told, between = told + more, "; "
        return told


def apply(history: History, deals: ArrayLike, *, as_of: int) -> Ruled:
    """The scores of these deals by what was known at the instant."""
    asof = history.as_of(deals, as_of)
    return Ruled(
        deal=asof.deals,
        as_of=as_of,
        added=np.stack([rule.points(asof) for rule in RULE_LIST], axis=1).astype(np.int64),
        steps_done=asof.plan.done.sum(axis=0).astype(np.int64),
        steps=asof.plan.size.sum(axis=0).astype(np.int64),
        next_step=tuple(history.labels[name] if name >= 0 else "" for name in asof.plan.next_step[Side.BUYER].tolist()),
        next_step_on=asof.plan.next_step_due[Side.BUYER],
    )


def risk(points: int) -> str:
    """`high`, `medium` or `low`, by points alone."""
    return "low" if points >= LOW_RISK else "medium" if points >= MIDDLE_RISK else "high"


def dated(day: int) -> int | None:
    """A day that may be none."""
    return None if day == NO_DAY else day
