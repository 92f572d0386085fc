"""Trials on later data."""

from dataclasses import replace

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast import trials
from crmsync.forecast.dataset import Examples
from crmsync.forecast.facts import Floats
from crmsync.forecast.recipe import Recipe

RECIPE = Recipe((), penalties=(0.001, 0.1, 10.0))
EACH = np.arange(20)  # every column is a feature of its own


def sample(signal: float, *, deals: int = 400) -> tuple[Floats, Examples]:
    """One snapshot per deal, 20 columns of which the first goes with winning, by `signal`; each deal closes after 5 days."""
    rng = np.random.default_rng(11)
    columns = rng.normal(size=(deals, 20))
    won = (rng.random(deals) < 1 / (1 + np.exp(-signal * columns[:, 0]))).astype(np.float64)
    at, deal = np.arange(deals) * DAY, np.arange(deals)
    return columns, Examples(deal, deal, at, won, at + 5 * DAY, np.ones(deals))


@pytest.mark.parametrize(("signal", "strongest"), [(0.0, True), (3.0, False)])
def test_best_penalty_follows_the_signal(signal: float, strongest: bool) -> None:
    """Noise takes the strongest penalty, a strong signal a weaker one."""
    columns, examples = sample(signal)
    found = trials.best_penalty(trials.run(columns, EACH, examples, RECIPE), examples, RECIPE)
    assert (found == min(RECIPE.penalties)) is strongest


def test_best_penalty_without_trials_is_the_strongest() -> None:
    """What can't be shown on later data isn't claimed."""
    columns, examples = sample(3.0)
    examples = replace(examples, closed_at=np.full(len(examples), 10_000 * DAY))
    assert trials.best_penalty(trials.run(columns, EACH, examples, RECIPE), examples, RECIPE) == 0.001


def test_trials_learn_only_from_what_was_closed_before() -> None:
    """Every early deal had closed before every snapshot that its models are tried on, and no snapshot is tried twice."""
    columns, examples = sample(1.0)
    found = trials.run(columns, EACH, examples, RECIPE)
    assert all(examples.closed_at[trial.early].max() < examples.at[trial.late].min() for trial in found)
    late = np.concatenate([trial.late for trial in found])
    assert len(found) == RECIPE.cuts
    assert len(np.unique(late)) == len(late)


def test_verdict_compares_with_the_stage_rate() -> None:
    """A stage that tells all is a rival that a model without it loses to."""
    columns, examples = sample(0.0)
    found, nobody = trials.run(columns, EACH, examples, RECIPE), np.full(len(examples), np.nan)
    verdict = trials.verdict(found, examples, examples.won.astype(np.int64), in_use=nobody, penalty=0.1, recipe=RECIPE)
    assert verdict.log_loss_stage < verdict.log_loss
