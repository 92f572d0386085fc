"""The solver for several penalties in a row."""

import numpy as np
import pytest

from crmsync.errors import Stopped
from crmsync.forecast import path
from crmsync.forecast.fit import solve
from crmsync.forecast.path import solve_path

PENALTIES = (0.001, 0.03, 1.0, 100.0)


def test_path_agrees_with_scikit_learn() -> None:
    """For every penalty the coefficients are those of the library's own solver."""
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(500, 30))
    won = (rng.random(500) < 1 / (1 + np.exp(-2 * columns[:, 0]))).astype(np.float64)
    weight = rng.uniform(0.1, 2, 500)
    for penalty, found in zip(PENALTIES, solve_path(columns, won, weight, PENALTIES), strict=True):
        coefficients, base = solve(columns, won, weight, penalty)
        np.testing.assert_allclose(found, [*coefficients, base], rtol=0, atol=1e-5)


def test_path_stands_separated_classes() -> None:
    """A column that tells all is held by the penalty alone."""
    columns = np.array([[-1.0], [1.0]] * 50)
    *_, found = solve_path(columns, (columns[:, 0] > 0).astype(np.float64), np.ones(100), (0.001, 1e4))
    assert 5 < found[0] < 20


def test_path_says_when_it_does_not_converge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too few steps give no numbers."""
    monkeypatch.setattr(path, "MAX_STEPS", 1)
    with pytest.raises(Stopped, match="E403"):
        list(solve_path(np.array([[-1.0], [1.0]]), np.array([0.0, 1.0]), np.ones(2), (1.0,)))
