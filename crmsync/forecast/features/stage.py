"""Where in the pipeline a deal stands, and how it came there."""

import numpy as np

from crmsync.forecast import channels
from crmsync.forecast.columns import Column, Labels, Numbers, Slopes, Steps, counts_by_name, days_by_name
from crmsync.forecast.facts import Floats
from crmsync.forecast.feature import feature
from crmsync.forecast.history import NO_NAME, AsOf


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


def _log(values: Floats) -> Floats:
    return np.log1p(np.maximum(values, 0))
