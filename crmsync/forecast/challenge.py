"""A challenger beside the champion: both score what came after the challenger's training, outcomes that neither had learnt from."""

import numpy as np

from crmsync.forecast.dataset import examples, snapshots
from crmsync.forecast.design import Table
from crmsync.forecast.gate import holds_against
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.recipe import Recipe

WAITING = "challenger: "  # how the verdict on a fit begins that stands beside the one in use


def compare(history: History, recipe: Recipe, challenger: Fit, champion: Fit, *, by: int) -> tuple[bool, str]:
    """Whether the challenger may take over, by the deals that had closed by an instant, and why."""
    found = snapshots(history, by=by, every_days=recipe.every_days, created_from=recipe.created_from)
    since = found.take(found.at > challenger.trained.as_of)
    sample = examples(history, since, by=by)
    table = Table(history.as_of(history.deals[sample.deal], sample.at))
    every = np.arange(len(sample))
    chances = [fit.formula.probability(fit.formula.contributions(table, every)) for fit in (challenger, champion)]
    return holds_against(chances[0], chances[1], sample)
