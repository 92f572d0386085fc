"""Figures of merit, against scikit-learn's and against laws."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from crmsync.forecast.evaluate import (
    auc,
    calibration_line,
    expected_calibration_error,
    quality,
    reliability,
    stage_rates,
    standard_error,
)
from crmsync.forecast.facts import Floats


def drawn(count: int = 40_000) -> tuple[Floats, Floats]:
    """Probabilities, and outcomes drawn from them."""
    rng = np.random.default_rng(8)
    probability = np.round(rng.beta(2, 3, count), 2)
    return probability, (rng.random(count) < probability).astype(np.float64)


def test_quality_agrees_with_scikit_learn() -> None:
    """AUC (ties included), log loss and Brier are the usual ones."""
    probability, won = drawn()
    probability = np.clip(probability, 0.01, 0.99)
    found = quality(probability, won, np.arange(len(won)))
    expected = [roc_auc_score(won, probability), log_loss(won, probability), brier_score_loss(won, probability)]
    np.testing.assert_allclose([found.auc, found.log_loss, found.brier], expected, rtol=1e-9)


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.5, 0.0), (2.0, 0.7)])
def test_calibration_line_finds_a_distortion(slope: float, shift: float) -> None:
    """Log-odds stretched and shifted show as slope and intercept."""
    probability, won = drawn()
    odds = np.log(np.clip(probability, 0.005, 0.995) / (1 - np.clip(probability, 0.005, 0.995)))
    found = calibration_line(1 / (1 + np.exp(-(odds - shift) / slope)), won)
    np.testing.assert_allclose(found, [slope, shift], atol=0.08)


def test_calibration_line_is_nan_where_it_is_not_defined() -> None:
    """One class, or predictions that are all equal."""
    assert np.isnan(calibration_line(np.array([0.2, 0.6]), np.ones(2))).all()
    assert np.isnan(calibration_line(np.array([0.5, 0.5]), np.array([0.0, 1.0]))).all()


def test_auc_of_one_class_is_nan() -> None:
    """There is nothing to rank."""
    assert np.isnan(auc(np.array([0.1, 0.2]), np.ones(2)))


def test_reliability_counts_every_snapshot() -> None:
    """Bins hold all snapshots, 1.0 included, and show the true share."""
    rows = reliability(np.array([0.05, 0.05, 1.0]), np.array([0.0, 1.0, 1.0]))
    assert [(row.snapshots, row.won) for row in rows] == [(2, 0.5), (1, 1.0)]


def test_ece_is_small_for_calibrated_and_large_for_distorted() -> None:
    """Predictions that are all 20 points too high show 20 points."""
    probability, won = drawn()
    low = np.minimum(probability, 0.79)
    assert expected_calibration_error(
        low + 0.2, (np.random.default_rng(1).random(len(low)) < low) * 1.0
    ) == pytest.approx(0.2, abs=0.01)
    assert expected_calibration_error(probability, won) < 0.01


def test_standard_error_counts_deals_not_snapshots() -> None:
    """Each deal repeated four times tells no more than once."""
    values = np.random.default_rng(2).normal(size=500)
    once = standard_error(values, np.arange(500))
    assert once == pytest.approx(values.std(ddof=1) / np.sqrt(500))
    assert standard_error(np.repeat(values, 4), np.repeat(np.arange(500), 4)) == pytest.approx(once)


def test_stage_rates_are_shrunk_to_the_base_rate() -> None:
    """A stage seen once hardly leaves the base rate; one seen often has its own."""
    stage = np.append(np.zeros(1000, np.int64), 1)
    won = np.append(np.tile([0.0, 1.0, 0.0, 0.0], 250), 1.0)
    rates = stage_rates(stage, won, np.ones(1001))
    assert rates[0] == pytest.approx(0.25, abs=0.001)
    assert rates[1] == pytest.approx(0.32, abs=0.01)
