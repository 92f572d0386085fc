"""What people did: calls, meetings, mails, visits, work, and who took part."""

from crmsync.forecast import channels
from crmsync.forecast.columns import Column, Counts, Numbers, Steps, counts_by_name, decays_by_name
from crmsync.forecast.decay import FAST_DAYS, SLOW_DAYS
from crmsync.forecast.feature import feature
from crmsync.forecast.history import AsOf


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
