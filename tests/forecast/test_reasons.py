"""Reasons in words."""

from dataclasses import replace

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.features import ALL, FEATURES
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.reasons import NO_PLAN, Reasons
from crmsync.forecast.score import Scores, score
from crmsync.records import TEXT_LIMIT, Kind, Phase, Side
from tests.forecast.conftest import LABELS, START, Past, write


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
    """Amounts with their currency, shares in percent, and where there is no number that there is none."""
    told = " | ".join(reason.text for row in range(len(scores)) for reason in Reasons(scores).of(row))
    for words in (
        " EUR",
        " JPY",
        "Share of the buyer's steps done: ",
        " %",
        ": none",
        "follow up: ",
        "champion on the deal",
    ):
        assert words in told


def test_text_of_what_nobody_could_see_is_unknown(rich_fit: Fit) -> None:
    """Of steps that came up without a day nobody knows how often they were moved: that is no 0, and no "none"."""
    step = {"kind": Kind.MILESTONE, "phase": Phase.PLANNED, "side": Side.BUYER, "name": 6}
    facts = write({"day": 0, "kind": Kind.CREATED}, *({**step, "day": 1, "step": number} for number in (1, 2)))
    found = score(rich_fit, History(facts, LABELS), [1], as_of=(START + 9) * DAY)
    told = {reason.text for reason in Reasons(replace(found, contributions=np.ones_like(found.contributions))).of(0)}
    assert f"{FEATURES['buyer_moves'].sentence}: unknown" in told


def test_sentences_tell_features_apart() -> None:
    """No two reasons read alike: features share a sentence only where they are one reason."""
    parts: dict[str, set[str]] = {}
    for name in ALL:
        parts.setdefault(FEATURES[name].sentence, set()).add(FEATURES[name].part)
    assert {sentence: of for sentence, of in parts.items() if len(of) > 1} == {}


def test_deal_without_a_plan_is_told_nothing_of_promises(scores: Scores) -> None:
    """What its missing plan adds is one reason, which says so, and the sum stays the same."""
    of_promises = {FEATURES[name].part for name in ALL if FEATURES[name].family == "promises"}
    planless = replace(scores, steps=np.zeros_like(scores.steps))
    planned, told = Reasons(scores).of(0), Reasons(planless).of(0)
    assert of_promises & {reason.part.partition(":")[0] for reason in planned}
    assert not of_promises & {reason.part.partition(":")[0] for reason in told}
    assert [reason.text for reason in told if reason.part == "plan"] == [NO_PLAN]
    assert sum(reason.log_odds for reason in told) == pytest.approx(
        sum(reason.log_odds for reason in planned), abs=1e-12
    )
