"""Risk and category."""

import pytest

from crmsync.forecast.verdict import Thresholds, category, risk


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.05, "Omitted"), (0.1, "Pipeline"), (0.5, "Best Case"), (0.79, "Best Case"), (0.8, "Commit")],
)
def test_category_follows_the_thresholds(probability: float, expected: str) -> None:
    """Each threshold belongs to the category that begins there."""
    assert category(probability, Thresholds()) == expected


@pytest.mark.parametrize(
    ("probability", "overdue", "expected"),
    [(0.3, 0, "low"), (0.3, 2, "medium"), (0.2, 1, "medium"), (0.2, 2, "high"), (0.1, 0, "high"), (0.1, 9, "high")],
)
def test_risk_follows_win_rate_and_promises(probability: float, overdue: int, expected: str) -> None:
    """Against a usual win rate of 30 %; many overdue promises make it one level worse."""
    assert risk(probability, base_rate=0.3, overdue=overdue) == expected
