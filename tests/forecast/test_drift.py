"""Drift of inputs, of the score and of outcomes."""

from dataclasses import replace

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.drift import SHIFTED, bound, index
from crmsync.forecast.fit import train
from crmsync.forecast.grades import OF_LATE, of_late
from crmsync.forecast.history import History
from crmsync.records import Kind
from tests.forecast.conftest import RECIPE, random_past

NOW, BEFORE = 150, 900


def alarms(rng: np.random.Generator, *, shift: float = 0.0) -> bool:
    """Whether deals that were drawn alike, but for a shift in spreads, count as drifted."""
    found, classes = index(rng.normal(size=BEFORE), rng.normal(shift, size=NOW))
    return found > bound(classes, NOW, BEFORE)


def test_drift_is_quiet_where_nothing_moves() -> None:
    """Not once in 1,000 quiet runs."""
    rng = np.random.default_rng(1)
    assert sum(alarms(rng) for _ in range(1_000)) == 0


def test_drift_is_seen_at_once() -> None:
    """A feature that moved by as much as it spreads is told in every run."""
    rng = np.random.default_rng(2)
    assert all(alarms(rng, shift=1.0) for _ in range(50))


def test_drift_counts_the_unknown_as_a_class() -> None:
    """A field that nobody fills any more has drifted, though its known values haven't."""
    values = np.random.default_rng(3).normal(size=BEFORE)
    now = np.where(np.arange(NOW) % 2 == 0, np.nan, values[:NOW])
    found, classes = index(values, now)
    assert found > bound(classes, NOW, BEFORE) >= SHIFTED


@pytest.mark.parametrize("deals", [20, 100, 10_000])
def test_bound_is_wider_for_few_deals(deals: int) -> None:
    """Luck alone moves the index of few deals; of many, only a major shift counts."""
    assert bound(5, deals, 10 * deals) >= bound(5, 10_000, 100_000) == SHIFTED


def test_fit_names_what_has_drifted() -> None:
    """Deals of late that are a hundred times as large: the amount is named, and nothing else."""
    past = random_past(deals=900, seed=7)
    facts, at = past.facts, past.now - 60 * DAY
    late = (facts.kind == Kind.AMOUNT) & (facts.at > at - 90 * DAY)
    grown = replace(facts, value=np.where(late, facts.value * 100, facts.value))
    recipe = replace(RECIPE, features=("age", "amount", "step_done"))
    drift = train(History(grown, past.labels), recipe, as_of=at).gate.drift
    assert "amount" in drift
    assert drift.keys() <= {"amount", "score"}


def test_outcomes_that_turn_are_told() -> None:
    """When deals of late are all lost, what was said of them stands beside what came."""
    past = random_past(deals=600, seed=7)
    facts = past.facts
    late = (facts.kind == Kind.OUTCOME) & (facts.at > past.now - 90 * DAY)
    turned = replace(facts, value=np.where(late, 0, facts.value))
    quiet, told = (
        train(History(each, past.labels), replace(RECIPE, features=("age", "step_done")), as_of=past.now).gate.grades
        for each in (facts, turned)
    )
    assert of_late(quiet) == ""
    assert of_late(told).endswith(f"deals that closed {OF_LATE}")
    assert " 0 % won " in of_late(told)
