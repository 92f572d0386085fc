"""Reasons in percentage points."""

import numpy as np
import pytest

from crmsync.forecast.logistic import Fit, sigmoid
from crmsync.forecast.points import points, tenths
from crmsync.forecast.score import score
from tests.forecast.conftest import Past


def test_points_sum_to_the_printed_score_less_the_base() -> None:
    """On 10,000 random scores the printed parts and the printed base are the printed score, to the digit."""
    rng = np.random.default_rng(1)
    contributions = rng.normal(size=(10_000, 30)) * rng.choice([0, 0.01, 0.3, 2.0], size=(10_000, 1))
    base = -0.7
    found = points(base, contributions)
    score_tenths = tenths(sigmoid(base + contributions.sum(axis=1)))
    np.testing.assert_array_equal(tenths(sigmoid(np.array([base]))) + found.sum(axis=1), score_tenths)


def test_points_have_the_sign_of_their_log_odds() -> None:
    """Rounding moves a part by less than a tenth of a point, so what lifts the score isn't said to lower it."""
    rng = np.random.default_rng(2)
    contributions = rng.normal(size=(2_000, 12))
    found = points(0.2, contributions)
    assert np.all((found == 0) | (np.sign(found) == np.sign(contributions)) | (np.abs(found) <= 1))


def test_points_leave_alone_what_tells_nothing() -> None:
    """A part without weight gets none of what rounding leaves over."""
    rng = np.random.default_rng(3)
    contributions = rng.normal(size=(2_000, 12)) * (rng.random((2_000, 12)) < 0.3)
    assert not points(0.2, contributions)[contributions == 0].any()


def test_points_of_a_score_at_its_base_follow_the_slope() -> None:
    """Where parts cancel, each is told by the slope there, not divided by nothing."""
    assert points(0.0, np.array([[0.4, -0.4]])).tolist() == [[100, -100]]


def test_points_of_real_scores_sum(rich: Past, rich_fit: Fit) -> None:
    """Every score of a past adds up."""
    scores = score(rich_fit, rich.history, rich.history.deals, as_of=rich.now)
    found = points(scores.base, scores.contributions)
    base = tenths(sigmoid(np.array([scores.base])))
    np.testing.assert_array_equal(base + found.sum(axis=1), tenths(scores.probability))


@pytest.mark.parametrize("base", [-20.0, 0.0, 20.0])
def test_points_of_nothing_are_nothing(base: float) -> None:
    """Without any part there is nothing to tell."""
    assert points(base, np.zeros((2, 3))).tolist() == [[0, 0, 0]] * 2
