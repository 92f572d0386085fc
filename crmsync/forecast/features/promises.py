"""What the plan's steps say: what was promised, by which side, and how it was kept."""

import numpy as np

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast import channels
from crmsync.forecast.columns import Column, Counts, Numbers, Steps, counts_by_name, decays_by_name, only_where, share
from crmsync.forecast.decay import FAST_DAYS, SLOW_DAYS
from crmsync.forecast.feature import feature
from crmsync.forecast.history import AsOf
from crmsync.forecast.ledger import NO_DAY
from crmsync.records import Side


@feature("promises", "done", part="step")
def step_done(asof: AsOf) -> Column:
    """Steps of the plan done, by name."""
    return counts_by_name(asof, channels.STEP_DONE, seen=True)


@feature("promises", "done", part="step")
def step_count(asof: AsOf) -> Column:
    """Steps of the plan done, by name, with repeats."""
    return counts_by_name(asof, channels.STEP_DONE)


@feature("promises", "done", part="step")
def step_fresh_7d(asof: AsOf) -> Column:
    """Steps of the plan done in these days, by name."""
    return decays_by_name(asof, channels.STEP_DONE, days=FAST_DAYS)


@feature("promises", "done", part="step")
def step_fresh_21d(asof: AsOf) -> Column:
    """Steps of the plan done in these weeks, by name."""
    return decays_by_name(asof, channels.STEP_DONE, days=SLOW_DAYS)


@feature("promises", "number")
def plan_size(asof: AsOf) -> Column:
    """Steps in the plan."""
    return Numbers(asof.plan.size.sum(axis=0), log=True)


@feature("promises", "days")
def plan_age(asof: AsOf) -> Column:
    """Days since the plan was made."""
    return Numbers(asof.of(channels.STEP_PLANNED).days_since_first(), log=True)


@feature("promises", "days")
def plan_delay(asof: AsOf) -> Column:
    """Days from the deal's beginning to its plan."""
    return Counts(asof.age_days - asof.of(channels.STEP_PLANNED).days_since_first())


@feature("promises", "share")
def plan_done(asof: AsOf) -> Column:
    """Share of the plan done."""
    return Numbers(share(asof.plan.done.sum(axis=0), asof.plan.size.sum(axis=0)))


@feature("promises", "share")
def buyer_done(asof: AsOf) -> Column:
    """Share of the buyer's steps done."""
    return Numbers(share(asof.plan.done[Side.BUYER], asof.plan.size[Side.BUYER]))


@feature("promises", "share")
def seller_done(asof: AsOf) -> Column:
    """Share of our steps done."""
    return Numbers(share(asof.plan.done[Side.SELLER], asof.plan.size[Side.SELLER]))


@feature("promises", "share")
def buyer_part(asof: AsOf) -> Column:
    """Share of the plan that is the buyer's."""
    return Numbers(share(asof.plan.size[Side.BUYER], asof.plan.size.sum(axis=0)))


@feature("promises", "number", part="buyer_steps")
def buyer_steps(asof: AsOf) -> Column:
    """Number of the buyer's steps done."""
    return Numbers(asof.plan.done[Side.BUYER])


@feature("promises", "number", part="buyer_steps")
def buyer_steps_28d(asof: AsOf) -> Column:
    """Buyer's steps done in 28 days."""
    return Numbers(asof.of(channels.BUYER_STEPS_DONE).recent(28))


@feature("promises", "number")
def buyer_open(asof: AsOf) -> Column:
    """Buyer's steps still open."""
    return Numbers(asof.plan.open[Side.BUYER])


@feature("promises", "number", part="buyer_kept")
def buyer_on_time(asof: AsOf) -> Column:
    """Buyer's steps done on time."""
    return Numbers(only_where(asof.plan.has_days, asof.plan.kept[Side.BUYER]))


@feature("promises", "number", part="buyer_kept")
def buyer_late(asof: AsOf) -> Column:
    """Buyer's steps done late."""
    return Numbers(only_where(asof.plan.has_days, asof.plan.late[Side.BUYER]))


@feature("promises", "times", part="buyer_moves")
def buyer_moves(asof: AsOf) -> Column:
    """Dates that the buyer moved."""
    return Numbers(only_where(asof.plan.watched, asof.plan.moves[Side.BUYER]))


@feature("promises", "times", part="buyer_moves")
def buyer_late_moves(asof: AsOf) -> Column:
    """Dates that the buyer moved after they were missed."""
    return Numbers(only_where(asof.plan.watched, asof.plan.late_moves[Side.BUYER]))


@feature("promises", "share")
def buyer_kept(asof: AsOf) -> Column:
    """Buyer's promises kept."""
    return Numbers(only_where(asof.plan.has_days, asof.plan.kept_share[Side.BUYER]))


@feature("promises", "share")
def seller_kept(asof: AsOf) -> Column:
    """Our promises kept."""
    return Numbers(only_where(asof.plan.has_days, asof.plan.kept_share[Side.SELLER]))


@feature("promises", "number")
def buyer_overdue(asof: AsOf) -> Column:
    """Buyer's promises overdue."""
    return Numbers(only_where(asof.plan.has_days, asof.plan.overdue[Side.BUYER]), log=True)


@feature("promises", "days", part="buyer_waited")
def buyer_waited(asof: AsOf) -> Column:
    """Days that the buyer's steps stood open, in all."""
    return Numbers(asof.plan.waited_days[Side.BUYER])


@feature("promises", "days", part="buyer_waited")
def buyer_overdue_days(asof: AsOf) -> Column:
    """Days that the buyer's steps stood overdue, in all."""
    return Numbers(only_where(asof.plan.watched, asof.plan.overdue_days[Side.BUYER]))


@feature("promises", "number")
def overdue(asof: AsOf) -> Column:
    """Promises overdue."""
    return Numbers(only_where(asof.plan.has_days, asof.plan.overdue.sum(axis=0)), log=True)


@feature("promises", "days")
def overdue_days(asof: AsOf) -> Column:
    """Days that the oldest promise is overdue."""
    oldest = asof.plan.oldest_due.min(axis=0)
    late = np.maximum(asof.at // MICROS_PER_DAY - oldest, 0).astype(np.float64)
    return Numbers(only_where(asof.plan.has_days, late), log=True)


@feature("promises", "times")
def promise_moves(asof: AsOf) -> Column:
    """Promised dates moved."""
    return Numbers(only_where(asof.plan.watched, asof.plan.moves.sum(axis=0)), log=True)


@feature("promises", "times")
def late_moves(asof: AsOf) -> Column:
    """Promised dates moved after they were missed."""
    return Numbers(only_where(asof.plan.watched, asof.plan.late_moves.sum(axis=0)), log=True)


@feature("promises", "days")
def slip_days(asof: AsOf) -> Column:
    """Days that promised dates were put off."""
    return Numbers(only_where(asof.plan.watched, np.maximum(asof.plan.slip_days.sum(axis=0), 0.0)), log=True)


@feature("promises", "days")
def next_promise(asof: AsOf) -> Column:
    """Days to the next promise."""
    due = asof.plan.next_due.min(axis=0)
    return Steps(np.where(due < NO_DAY, due - asof.at // MICROS_PER_DAY, np.nan))


@feature("promises", "times")
def reopened(asof: AsOf) -> Column:
    """Steps of the plan reopened."""
    return Numbers(asof.of(channels.STEP_REOPENED).count(), log=True)


@feature("promises", "times")
def removed(asof: AsOf) -> Column:
    """Steps taken out of the plan."""
    return Numbers(asof.of(channels.STEP_REMOVED).count(), log=True)


@feature("promises", "days")
def step_idle(asof: AsOf) -> Column:
    """Days since a step of the plan was done."""
    return Steps(asof.of(channels.STEP_DONE).days_since_last())


@feature("promises", "days")
def buyer_step_idle(asof: AsOf) -> Column:
    """Days since the buyer did a step."""
    return Steps(asof.of(channels.BUYER_STEPS_DONE).days_since_last())
