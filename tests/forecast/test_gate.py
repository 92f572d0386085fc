"""The gate."""

from dataclasses import replace

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.facts import Facts
from crmsync.forecast.fit import train
from crmsync.forecast.gate import ENOUGH_DEALS, FEWEST_DEALS, Later, judge
from crmsync.forecast.history import History
from crmsync.forecast.recipe import Recipe
from crmsync.records import MODEL, PRIOR, Kind, Phase
from tests.forecast.conftest import RECIPE, Past, random_past

WON = np.array([1.0, 1.0, 0.0, 0.0] * 50)
EVEN = np.full(200, 0.5)
HALF_RIGHT = np.where((WON > 0) != (np.arange(200) // 4 % 4 == 0), 0.75, 0.25)  # three times in four, as it says


def later(model: np.ndarray[tuple[int], np.dtype[np.float64]], *, deals: int = 200) -> Later:
    """So many deals' later snapshots, the baselines at a half."""
    whole = Later(np.arange(200), WON, np.ones(200), model, EVEN, EVEN)
    return Later(*(getattr(whole, name)[:deals] for name in ("deal", "won", "weight", "model", "base", "stage")))


@pytest.mark.parametrize(("block", "used"), [(True, False), (False, True)])
def test_gate_blocks_a_loser_only_when_asked(block: bool, used: bool) -> None:
    """A fit that is no better than a baseline is named, and kept from scoring where the model's TOML says so."""
    verdict = judge(later(EVEN), block=block)
    assert verdict.used is used
    assert verdict.text.endswith("no better than the base rate and the stage rate")


def test_gate_lets_a_better_fit_through() -> None:
    """Better than both in log loss and Brier by the margin: a model."""
    verdict = judge(later(HALF_RIGHT), block=True)
    assert (verdict.used, verdict.kind) == (True, MODEL)
    assert verdict.text.endswith("better than both")


def test_gate_keeps_the_better_fit_in_use() -> None:
    """A refit that is surely worse on its predecessor's own future is named so and isn't used."""
    told = later(HALF_RIGHT)
    verdict = judge(told, block=True).beside(told, np.where(WON > 0, 0.8, 0.2))
    assert not verdict.used
    assert verdict.text.startswith("worse than the fit in use: log loss")


def test_training_is_held_against_the_fit_in_use() -> None:
    """A recipe that has lost its features is refused beside a fit that has them, and takes over where there is none."""
    past = random_past(deals=600, seed=7)
    knowing = train(past.history, RECIPE, as_of=past.now)
    in_use = replace(knowing, trained=replace(knowing.trained, as_of=past.now - 200 * MICROS_PER_DAY))
    poor = replace(RECIPE, features=("amount",))
    beside, alone = (train(past.history, poor, as_of=past.now, in_use=fit).gate for fit in (in_use, None))
    assert (beside.used, alone.used) == (False, True)
    assert beside.text.startswith("worse than the fit in use")


@pytest.mark.parametrize("deals", [ENOUGH_DEALS, FEWEST_DEALS - 1])
def test_gate_lets_a_refit_through_that_is_not_surely_worse(deals: int) -> None:
    """As good as the one in use, or too few deals to tell: the newer one scores."""
    told = later(HALF_RIGHT, deals=deals)
    rival = HALF_RIGHT if deals == ENOUGH_DEALS else np.where(WON > 0, 0.8, 0.2)[:deals]
    verdict = judge(told, block=False)
    assert verdict.beside(told, rival) == verdict


def test_gate_asks_for_more_than_chance_gives() -> None:
    """An advantage that some deals make and others undo isn't one."""
    lucky = np.where(np.random.default_rng(2).random(200) < 0.55, WON, 1 - WON) * 0.16 + 0.42
    verdict = judge(later(lucky), block=True)
    assert not verdict.used
    assert verdict.text.endswith(
        ("not by more than chance may give", "no better than the base rate and the stage rate")
    )


def test_gate_calls_what_it_cannot_grade_a_prior() -> None:
    """With too few later deals a fit without an advantage may score, under its own name."""
    verdict = judge(later(EVEN, deals=ENOUGH_DEALS - 1), block=True)
    assert (verdict.used, verdict.kind) == (True, PRIOR)


def test_gate_without_later_deals_gives_a_prior() -> None:
    """Nothing to compare on: said so."""
    verdict = judge(later(EVEN, deals=0), block=True)
    assert (verdict.used, verdict.kind, verdict.text) == (True, PRIOR, "no later deals to compare on")


def test_gate_refuses_what_is_too_good() -> None:
    """Hardly ever wrong about what lies ahead: a leak, whether it blocks or not."""
    verdict = judge(later(WON * 0.98 + 0.01), block=False)
    assert not verdict.used
    assert verdict.text.startswith("leak: on 200 later deals AUC is 1.000")


def test_gate_refuses_what_is_badly_calibrated() -> None:
    """Better than both baselines, but what it calls 65 % is won nine times in ten."""
    wrong = np.arange(200) % 10 == 0
    dull = np.where((WON > 0) != wrong, 0.65, 0.35)
    verdict = judge(later(dull), block=False)
    assert not verdict.used
    assert verdict.text.endswith("better than both; badly calibrated: said and won are 0.25 apart in the mean")


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_labels_are_refused(seed: int) -> None:
    """Outcomes dealt out anew among the deals: no advantage, so no scores."""
    past = random_past(deals=600, seed=7)
    facts, rng = past.facts, np.random.default_rng(seed)
    closings = np.flatnonzero((facts.kind == Kind.OUTCOME) & (facts.phase == Phase.DONE))
    value = facts.value.copy()
    value[closings] = rng.permutation(value[closings])
    shuffled = History(replace(facts, value=value), past.labels)
    assert not train(shuffled, replace(RECIPE, block=True), as_of=past.now).gate.used


def planted(past: Past, *, share: float, late: bool) -> History:
    """A step that this share of the won deals has done from the first day on, entered then or (`late`) at the closing only."""
    facts, rng = past.facts, np.random.default_rng(3)
    won = np.flatnonzero((facts.kind == Kind.OUTCOME) & (facts.value == 1))
    won = won[rng.random(len(won)) < share]
    first = np.array([facts.at[facts.deal == facts.deal[row]].min() for row in won])
    added = facts.take(won)
    added = replace(
        added,
        at=first,
        known_at=added.at if late else first,
        kind=np.full(len(won), Kind.MILESTONE, np.int8),
        name=np.full(len(won), len(past.labels), np.int32),
        value=np.zeros(len(won), np.int64),
    )
    columns = (np.concatenate([getattr(facts, name), getattr(added, name)]) for name in Facts.__slots__)
    return History(Facts(*columns), (*past.labels, "countersigned"))


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_copied_outcome_is_refused_by_name(rich: Past, share: float) -> None:
    """A field that only won deals have from the start is named, however few of them have it."""
    gate = train(planted(rich, share=share, late=False), RECIPE, as_of=rich.now).gate
    assert not gate.used
    assert "step:countersigned" in gate.text


def test_back_dated_tick_is_fenced(rich: Past) -> None:
    """A step ticked at the closing and dated to the first day changes nothing: nobody knew of it while the deal was open."""
    recipe = Recipe(("age", "stage", "step_done"), penalties=(0.03,))
    plain, ticked = (
        train(history, recipe, as_of=rich.now) for history in (rich.history, planted(rich, share=1.0, late=True))
    )
    assert ticked.gate == plain.gate
