"""The solver for several penalties in a row."""

import numpy as np
import pytest

from crmsync.errors import Stopped
from crmsync.forecast import path
from crmsync.forecast.evaluate import log_losses
from crmsync.forecast.facts import Floats
from crmsync.forecast.fit import solve
from crmsync.forecast.logistic import sigmoid
from crmsync.forecast.path import relevance, solve_path

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


def test_relevance_sinks_what_tells_nothing() -> None:
    """Of two features with ten columns each, that of noise may count next to nothing, and the other one as much as it tells."""
    rng = np.random.default_rng(3)
    columns = rng.normal(size=(600, 20))
    won = (rng.random(600) < 1 / (1 + np.exp(-columns[:, :10].sum(axis=1) / 2))).astype(np.float64)
    variance = relevance(columns, won, np.ones(600), np.repeat([0, 1], 10))
    assert variance[0] > 0.05
    assert variance[-1] < 0.01
    assert len(set(variance[:10])) == len(set(variance[10:])) == 1


def test_relevance_gains_on_rows_that_it_has_not_seen() -> None:
    """With a hundred columns of noise beside five that tell, later rows are forecast better than under one penalty for all."""
    rng = np.random.default_rng(4)
    columns = rng.normal(size=(1200, 105))
    won = (rng.random(1200) < 1 / (1 + np.exp(-columns[:, :5].sum(axis=1)))).astype(np.float64)
    width = np.sqrt(relevance(columns[:400], won[:400], np.ones(400), np.arange(105)))
    plain = [_loss(found, columns, won) for found in solve_path(columns[:400], won[:400], np.ones(400), PENALTIES)]
    (found,) = solve_path(columns[:400] * width, won[:400], np.ones(400), (1.0,))
    assert _loss(np.append(found[:-1] * width, found[-1]), columns, won) < min(plain)


def _loss(found: Floats, columns: Floats, won: Floats) -> float:
    """Log loss on the rows after the first 400."""
    return float(log_losses(sigmoid(columns[400:] @ found[:-1] + found[-1]), won[400:]).mean())
