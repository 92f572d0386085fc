"""The features: THE place to add one.

A feature is a small function of an `AsOf`, registered with its family and the unit in which a seller reads it. The first
line of its docstring is the sentence that stands in "why this score". A feature enters a model once its name stands in the
model's TOML. It may ask an `AsOf` only, so it can't look ahead; our own fields in the CRM are no facts, so a score never
feeds on itself. No stage, step or customer is named here: what a name is worth is learnt.
"""

import numpy as np

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast import channels
from crmsync.forecast.columns import (
    Column,
    Counts,
    Labels,
    Money,
    Numbers,
    Slopes,
    Steps,
    counts_by_name,
    days_by_name,
    decays_by_name,
    only_where,
    share,
)
from crmsync.forecast.facts import Floats
from crmsync.forecast.feature import FEATURES, feature
from crmsync.forecast.history import NO_NAME, AsOf
from crmsync.forecast.ledger import NO_DAY
from crmsync.records import Side

__all__ = ["ALL", "FEATURES"]

FAST_DAYS, SLOW_DAYS = 7.0, 21.0  # a week and a month's working days: the two paces at which freshness fades
OWNER_PRIOR = 20.0  # closed deals of the usual win rate that an owner's own are added to

# deal


@feature("deal", "days", part="age")
def age(asof: AsOf) -> Column:
    """Age of the deal."""
    return Steps(asof.age_days)


@feature("deal", "days", part="age")
def age_log(asof: AsOf) -> Column:
    """Age of the deal."""
    return Counts(asof.age_days)


@feature("deal", "money")
def amount(asof: AsOf) -> Column:
    """Amount, against other deals in its currency."""
    return Money(asof.of(channels.AMOUNT).latest_value(), asof.of(channels.AMOUNT).latest("name", missing=NO_NAME))


@feature("deal", "times")
def amount_moves(asof: AsOf) -> Column:
    """Amount changed."""
    return Numbers(asof.of(channels.AMOUNT).changes(), log=True)


@feature("deal", "times")
def close_date_moves(asof: AsOf) -> Column:
    """Expected close date moved."""
    return Numbers(asof.of(channels.CLOSE_ON).changes(), log=True)


@feature("deal", "days")
def close_date_ahead(asof: AsOf) -> Column:
    """Days to the expected close date."""
    return Steps(asof.of(channels.CLOSE_ON).latest_value() - asof.at // MICROS_PER_DAY)


@feature("deal", "times")
def owner_changes(asof: AsOf) -> Column:
    """Owner changed."""
    return Numbers(asof.of(channels.OWNER).changes(), log=True)


@feature("deal", "number")
def owner_load(asof: AsOf) -> Column:
    """Open deals of the owner."""
    return Numbers(asof.owner_load, log=True)


@feature("deal", "share")
def owner_rate(asof: AsOf) -> Column:
    """Win rate of the owner so far."""
    return Numbers(asof.owner_win_rate(prior_deals=OWNER_PRIOR))


# stage


@feature("stage", "name", part="stage")
def stage(asof: AsOf) -> Column:
    """Stage."""
    return Labels(asof.of(channels.STAGE).latest("name", missing=NO_NAME))


@feature("stage", "name", part="stage")
def stage_by_age(asof: AsOf) -> Column:
    """Stage, for a deal of this age."""
    return Slopes(asof.of(channels.STAGE).latest("name", missing=NO_NAME), _log(asof.age_days))


@feature("stage", "days")
def stage_days(asof: AsOf) -> Column:
    """Days in this stage."""
    return Steps(asof.of(channels.STAGE).days_since_last())


@feature("stage", "days", part="stage_past")
def stage_time(asof: AsOf) -> Column:
    """Days in each stage."""
    return days_by_name(asof, channels.STAGE)


@feature("stage", "times")
def stage_moves(asof: AsOf) -> Column:
    """Stage changed."""
    return Numbers(asof.of(channels.STAGE).changes(), log=True)


@feature("stage", "passed", part="stage_past")
def stage_seen(asof: AsOf) -> Column:
    """Stages passed."""
    return counts_by_name(asof, channels.STAGE, seen=True)


# milestone promises


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


# engagement


@feature("engagement", "times", part="recent")
def acts_3d(asof: AsOf) -> Column:
    """Activities in 3 days."""
    return Numbers(asof.of(channels.ACTS).recent(3), log=True)


@feature("engagement", "times", part="recent")
def acts_7d(asof: AsOf) -> Column:
    """Activities in 7 days."""
    return Numbers(asof.of(channels.ACTS).recent(7), log=True)


@feature("engagement", "times", part="recent")
def acts_14d(asof: AsOf) -> Column:
    """Activities in 14 days."""
    return Numbers(asof.of(channels.ACTS).recent(14), log=True)


@feature("engagement", "times", part="recent")
def acts_28d(asof: AsOf) -> Column:
    """Activities in 28 days."""
    return Numbers(asof.of(channels.ACTS).recent(28), log=True)


@feature("engagement", "times")
def acts(asof: AsOf) -> Column:
    """Activities in all."""
    return Counts(asof.of(channels.ACTS).count())


@feature("engagement", "days")
def idle(asof: AsOf) -> Column:
    """Days without any activity."""
    return Steps(asof.of(channels.ACTS).days_since_last())


@feature("engagement", "days")
def talk_idle(asof: AsOf) -> Column:
    """Days since the last call, meeting, mail or visit."""
    return Steps(asof.of(channels.TALKS).days_since_last())


@feature("engagement", "days", part="buyer_acts")
def buyer_idle(asof: AsOf) -> Column:
    """Days since the buyer last did something."""
    return Steps(asof.of(channels.BUYER_ACTS).days_since_last())


@feature("engagement", "times", part="buyer_acts")
def buyer_acts_14d(asof: AsOf) -> Column:
    """Acts of the buyer in 14 days."""
    return Numbers(asof.of(channels.BUYER_ACTS).recent(14), log=True)


@feature("engagement", "times", part="meetings")
def meetings(asof: AsOf) -> Column:
    """Meetings held."""
    return Counts(asof.of(channels.MEETINGS).count())


@feature("engagement", "times", part="meetings")
def meetings_fresh(asof: AsOf) -> Column:
    """Meetings held in these weeks."""
    return Numbers(asof.of(channels.MEETINGS).decayed(SLOW_DAYS))


@feature("engagement", "times", part="calls")
def calls(asof: AsOf) -> Column:
    """Calls made."""
    return Counts(asof.of(channels.CALLS).count())


@feature("engagement", "times", part="calls")
def calls_fresh(asof: AsOf) -> Column:
    """Calls made in these weeks."""
    return Numbers(asof.of(channels.CALLS).decayed(SLOW_DAYS))


@feature("engagement", "times", part="emails")
def emails(asof: AsOf) -> Column:
    """E-mails."""
    return Counts(asof.of(channels.EMAILS).count())


@feature("engagement", "times", part="buyer_emails")
def buyer_emails(asof: AsOf) -> Column:
    """E-mails from the buyer."""
    return Counts(asof.of(channels.BUYER_EMAILS).count())


@feature("engagement", "times", part="buyer_emails")
def buyer_emails_fresh(asof: AsOf) -> Column:
    """E-mails from the buyer in these weeks."""
    return Numbers(asof.of(channels.BUYER_EMAILS).decayed(SLOW_DAYS))


@feature("engagement", "times", part="views")
def views(asof: AsOf) -> Column:
    """Visits to the plan's room."""
    return Counts(asof.of(channels.VIEWS).count())


@feature("engagement", "times", part="views")
def views_fresh(asof: AsOf) -> Column:
    """Visits to the plan's room in these days."""
    return Numbers(asof.of(channels.VIEWS).decayed(FAST_DAYS))


@feature("engagement", "number")
def contacts(asof: AsOf) -> Column:
    """Contacts on the deal."""
    return Counts(asof.of(channels.CONTACT).people())


@feature("engagement", "present", part="role")
def roles(asof: AsOf) -> Column:
    """Roles on the buyer's side."""
    return counts_by_name(asof, channels.CONTACT, seen=True)


@feature("engagement", "number")
def people(asof: AsOf) -> Column:
    """People who took part."""
    return Numbers(asof.of(channels.ACTS).people(), log=True)


@feature("engagement", "times", part="work")
def work_count(asof: AsOf) -> Column:
    """Work done, by subject."""
    return counts_by_name(asof, channels.WORK)


@feature("engagement", "times", part="work")
def work_fresh_7d(asof: AsOf) -> Column:
    """Work done in these days, by subject."""
    return decays_by_name(asof, channels.WORK, days=FAST_DAYS)


@feature("engagement", "times", part="work")
def work_fresh_21d(asof: AsOf) -> Column:
    """Work done in these weeks, by subject."""
    return decays_by_name(asof, channels.WORK, days=SLOW_DAYS)


@feature("engagement", "planned", part="planned_work")
def work_planned(asof: AsOf) -> Column:
    """Work planned, by subject."""
    return decays_by_name(asof, channels.PLANNED_WORK, days=FAST_DAYS)


def _log(values: Floats) -> Floats:
    return np.log1p(np.maximum(values, 0))


ALL: tuple[str, ...] = tuple(FEATURES)
