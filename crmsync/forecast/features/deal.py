"""What a deal itself says: its age, its amount, its dates, its owner."""

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast import channels
from crmsync.forecast.columns import Column, Counts, Money, Numbers, Steps
from crmsync.forecast.feature import feature
from crmsync.forecast.history import NO_NAME, AsOf

OWNER_PRIOR = 20.0  # closed deals of the usual win rate that an owner's own are added to


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
