"""What a probability is called: a risk level and a proposed forecast category."""

from dataclasses import dataclass

RISKY = 0.5  # of the usual win rate: below it a deal is at high risk
MANY_OVERDUE = 2


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which a category is proposed."""

    pipeline: float = 0.1
    best_case: float = 0.5
    commit: float = 0.8


def category(probability: float, thresholds: Thresholds) -> str:
    """The forecast category to propose, in the words of both CRMs."""
    if probability >= thresholds.commit:
        return "Commit"
    if probability >= thresholds.best_case:
        return "Best Case"
    return "Pipeline" if probability >= thresholds.pipeline else "Omitted"


def risk(probability: float, *, base_rate: float, overdue: int) -> str:
    """`high`, `medium` or `low`: the probability against the usual win rate, a level worse with many promises overdue."""
    level = 0 if probability >= base_rate else 1 if probability >= RISKY * base_rate else 2
    return ("low", "medium", "high")[min(level + (overdue >= MANY_OVERDUE), 2)]
