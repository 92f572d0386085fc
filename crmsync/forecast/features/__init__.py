"""The features, a file for each family: THE place to add one.

A feature is a small function of an `AsOf`, registered with its family and the unit in which a seller reads it. The first
line of its docstring is the sentence that stands in "why this score". A feature enters a model once its name stands in the
model's TOML. It may ask an `AsOf` only, so it can't look ahead; our own fields in the CRM are no facts, so a score never
feeds on itself. No stage, step or customer is named here: what a name is worth is learnt.
"""

from typing import get_args

from crmsync.forecast.feature import REGISTERED, Family, Feature
from crmsync.forecast.features import deal, engagement, promises, stage

__all__ = ["ALL", "FEATURES", "deal", "engagement", "promises", "stage"]

FEATURES: dict[str, Feature] = {
    name: each for family in get_args(Family) for name, each in REGISTERED.items() if each.family == family
}
ALL: tuple[str, ...] = tuple(FEATURES)
