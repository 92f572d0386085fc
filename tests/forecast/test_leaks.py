"""Leaks that are planted: fenced out of every feature. Those that can only be refused by name stand in test_gate."""

import numpy as np
import pytest

from bench import worlds
from bench.leaks import FENCED, LEAKS, fate, planted, seen_by_features
from tests.forecast.conftest import RECIPE, Past


@pytest.mark.parametrize("kind", sorted(LEAKS.keys() - {"copied outcome"}))
@pytest.mark.parametrize("strength", [0.1, 1.0])
def test_leak_is_fenced(rich: Past, kind: str, strength: float) -> None:
    """What is saved within a second of the closing, with it or after it, or dated back then, changes no feature of any snapshot."""
    past = worlds.Past(rich.facts, rich.labels, rich.now)
    plain = seen_by_features(rich.history, RECIPE, by=rich.now)
    assert fate(past, RECIPE, plain, LEAKS[kind], strength) == FENCED


def test_copied_outcome_does_reach_the_features(rich: Past) -> None:
    """What the others are fenced from isn't there by chance: a step done from the first day on is seen."""
    past = worlds.Past(rich.facts, rich.labels, rich.now)
    plain = seen_by_features(rich.history, RECIPE, by=rich.now)
    seen = seen_by_features(planted(past, LEAKS["copied outcome"], 1.0), RECIPE, by=rich.now)
    assert not np.array_equal(seen, plain, equal_nan=True)
