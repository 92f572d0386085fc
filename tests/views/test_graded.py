"""Report cards of what fields of the CRM say, beside crmsync on the same deals."""

from dataclasses import replace

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.backtest import Span, backtest
from crmsync.forecast.dataset import STILL_OPEN, Ends
from crmsync.forecast.facts import Facts
from crmsync.forecast.history import History
from crmsync.forecast.recipe import Recipe
from crmsync.records import Kind, Phase
from crmsync.views.graded import AS_SAID, MAPPED, Card, Grading, Known
from tests.forecast.conftest import random_past

RECIPE = Recipe(("age", "step_done"), penalties=(0.03,))


def with_scores(facts: Facts, labels: tuple[str, ...]) -> History:
    """Every deal is won by the chance that the field `sure` says from the start; `rank` sorts alike and is no chance."""
    rng, deals = np.random.default_rng(5), np.unique(facts.deal)
    chance = rng.uniform(0.02, 0.98, len(deals))
    closings = (facts.kind == Kind.OUTCOME) & (facts.phase == Phase.DONE)
    won = (rng.random(len(deals)) < chance)[np.searchsorted(deals, facts.deal)]
    told = replace(facts, value=np.where(closings, won, facts.value))
    first = facts.take(np.flatnonzero(facts.kind == Kind.CREATED))
    mine = chance[np.searchsorted(deals, first.deal)]
    kind = np.full(len(first), Kind.SAID, np.int8)
    blocks = [told]
    for place, shown in enumerate((mine * 100, mine**4 * 99)):
        name = np.full(len(first), len(labels) + place, np.int32)
        blocks.append(replace(first, kind=kind, name=name, value=np.rint(shown * 1000).astype(np.int64)))
    columns = (np.concatenate([getattr(block, name) for block in blocks]) for name in Facts.__slots__)
    return History(Facts(*columns), (*labels, "sure", "rank"))


@pytest.fixture(scope="module")
def cards() -> dict[tuple[str, str], Card]:
    """The report cards of five months."""
    past = random_past(deals=900, seed=11)
    history = with_scores(past.facts, past.labels)
    span = Span(past.now - 150 * DAY, past.now - 30 * DAY, 20)
    grading, ends = Grading(history, RECIPE, until=past.now), Ends.of(history, by=past.now)
    for scores in backtest(history, RECIPE, span, refit_days=150):
        grading.add(scores, ends.won[np.searchsorted(history.deals, scores.deal)].astype(np.int64))
    return {(card.field, card.how): card for card in grading.cards()}


def test_calibrated_score_comes_out_as_calibrated(cards: dict[tuple[str, str], Card]) -> None:
    """Taken as the chance that it is, and mapped to rates as well."""
    assert cards["sure", AS_SAID].theirs.slope == pytest.approx(1, abs=0.25)
    assert cards["sure", MAPPED].theirs.slope == pytest.approx(1, abs=0.35)


def test_rank_is_not_wronged(cards: dict[tuple[str, str], Card]) -> None:
    """As a chance it is poor; mapped to rates it is as good as the score that sorts alike."""
    assert cards["rank", AS_SAID].theirs.brier > cards["sure", AS_SAID].theirs.brier + 0.02
    assert cards["rank", MAPPED].theirs.brier == pytest.approx(cards["sure", MAPPED].theirs.brier, abs=0.005)


def test_both_are_graded_on_the_same_deals(cards: dict[tuple[str, str], Card]) -> None:
    """Beside each field stand crmsync's own figures on the snapshots of which that field said something."""
    assert {(card.theirs.snapshots, card.theirs.deals) for card in cards.values()} == {
        (card.ours.snapshots, card.ours.deals) for card in cards.values()
    }
    assert cards["sure", MAPPED].theirs.log_loss < cards["sure", MAPPED].ours.log_loss


def test_known_counts_a_deal_for_all_forecasters_or_none() -> None:
    """One that is open, or of which one of them says nothing, counts for nobody; without any there are no figures."""
    known, deal = Known(), np.arange(3)
    said = {"theirs": np.array([0.2, np.nan, 0.4]), "ours": np.array([0.3, 0.5, 0.7])}
    known.add(deal, np.full(3, STILL_OPEN), said)
    assert known.figures() == {}
    known.add(deal, np.array([1, 0, STILL_OPEN]), said)
    assert {name: (found.snapshots, found.won) for name, found in known.figures().items()} == {
        "theirs": (1, 1.0),
        "ours": (1, 1.0),
    }
