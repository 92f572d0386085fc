"""Reasons in words."""

import numpy as np
import pytest

from crmsync.forecast.logistic import Fit
from crmsync.forecast.reasons import TEXT_LIMIT, Reasons
from crmsync.forecast.score import Scores, score
from tests.forecast.conftest import Past


@pytest.fixture(scope="module")
def scores(rich: Past, rich_fit: Fit) -> Scores:
    """Scores of every deal of the rich past."""
    return score(rich_fit, rich.history, rich.history.deals, as_of=rich.now)


def test_reasons_sum_to_the_score(scores: Scores) -> None:
    """All reasons of a deal and the base are its log-odds."""
    reasons = Reasons(scores)
    for row in range(0, len(scores), 25):
        total = scores.base + sum(reason.log_odds for reason in reasons.of(row))
        assert 1 / (1 + np.exp(-total)) == pytest.approx(scores.probability[row], abs=1e-12)


def test_reasons_come_strongest_first(scores: Scores) -> None:
    """The order is that of their weight."""
    weights = [abs(reason.log_odds) for reason in Reasons(scores).of(0)]
    assert weights == sorted(weights, reverse=True)


def test_text_fits_a_field_and_ends_with_a_whole_reason(scores: Scores) -> None:
    """At most 255 characters, the probability first, signs before reasons."""
    texts = [Reasons(scores).text(row) for row in range(len(scores))]
    assert max(map(len, texts)) <= TEXT_LIMIT
    reasons = [reason for text in texts for reason in text.partition(" %: ")[2].split("; ") if reason]
    assert reasons
    assert all(reason[0] in "+-" for reason in reasons)


def test_text_names_steps_and_stages(scores: Scores) -> None:
    """Steps are named with what became of them, a stage by its name."""
    reasons = Reasons(scores)
    told = {reason.text for row in range(len(scores)) for reason in reasons.of(row)}
    assert {"security review done", "security review not done", "Stage: last"} <= told


def test_text_speaks_of_every_kind_of_feature(scores: Scores) -> None:
    """Amounts with their currency, shares in percent, unknown numbers as none."""
    told = " | ".join(reason.text for row in range(len(scores)) for reason in Reasons(scores).of(row))
    for words in (" EUR", " JPY", "Buyer's steps done: ", " %", ": none", "follow up: ", "champion on the deal"):
        assert words in told
