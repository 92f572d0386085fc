"""What fields of the CRM say of a deal's chance."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.facts import Facts
from crmsync.forecast.fit import train
from crmsync.forecast.history import History
from crmsync.forecast.incumbents import Reading, readings
from crmsync.records import Kind, Phase, said
from tests.forecast.conftest import RECIPE, START, Past, random_past

EVERY = np.arange(4_000)
HALF = EVERY[:2_000], EVERY[2_000:]
CHANCE = np.random.default_rng(1).uniform(0.05, 0.95, 4_000)
WON = (np.random.default_rng(2).random(4_000) < CHANCE).astype(np.float64)
NO_WORD = np.full(4_000, -1)


def mapped(reading: Reading) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The second half's rates as the first half taught them."""
    early, late = HALF
    return reading.rates(early, WON[early], np.ones(len(early)), late)


@pytest.mark.parametrize("shown", [CHANCE, CHANCE * 100, CHANCE**3 * 50 + 7])
def test_rates_of_a_number_depend_on_its_rank_only(shown: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    """A calibrated score and a rank that sorts alike are graded alike: both come out as calibrated."""
    rates = mapped(Reading("score", NO_WORD, shown))
    assert np.abs(rates - CHANCE[HALF[1]]).mean() < 0.06


def test_rates_of_words_are_the_shares_that_they_won() -> None:
    """A category stands for how often it was won, whatever it is called."""
    words = (CHANCE > 0.5).astype(np.int64) + 3
    rates = mapped(Reading("category", words, np.full(4_000, np.nan)))
    expected = [WON[:2_000][words[:2_000] == word].mean() for word in (3, 4)]
    assert sorted(set(rates.round(2))) == pytest.approx(expected, abs=0.01)


def test_chance_is_taken_as_it_says() -> None:
    """A share or percent by its scale; what can be neither, such as a rank over 100, is no chance."""
    percent = Reading("p", NO_WORD[:2], np.array([20.0, 100.0])).chance
    rank = Reading("p", NO_WORD[:2], np.array([20.0, 850.0])).chance
    assert percent.tolist() == [0.2, 0.999]
    assert np.isnan(rank).all()


@pytest.mark.parametrize(
    ("text", "told"), [("0.2", ("P", 200)), ("75", ("P", 75_000)), ("Commit", ("P: Commit", 0)), ("NaN", ("P: NaN", 0))]
)
def test_said_keeps_numbers_and_words_apart(text: str, told: tuple[str, int]) -> None:
    """A number is a value under the field's name, a word is part of the name."""
    found = said("1", 0, source="deals", field="P", text=text, person="")
    assert (found["name"], found["value"]) == told


def test_readings_see_what_a_field_said_by_then(past: Callable[..., History]) -> None:
    """The latest word or number before the instant, of each field by itself."""
    told = {"kind": Kind.SAID}
    history = past(
        {**told, "day": 0, "name": 1, "value": 20_000},
        {**told, "day": 5, "name": 1, "value": 60_000},
        {**told, "day": 2, "name": 2},
    )
    found = readings(history.as_of([1, 1], (START + np.array([1, 6])) * DAY))
    assert [(each.field, each.number.tolist()) for each in found[:1]] == [("one", [20.0, 60.0])]
    assert [each.field for each in found] == ["one", "two"]


def knowing(past: Past, *, right: float) -> History:
    """The past with a CRM field that says from the start how the deal will end, right so often."""
    facts, rng = past.facts, np.random.default_rng(4)
    ends = facts.take(np.flatnonzero((facts.kind == Kind.OUTCOME) & (facts.phase == Phase.DONE)))
    first = np.array([facts.at[facts.deal == deal].min() for deal in ends.deal])
    told = np.where(rng.random(len(ends)) < right, ends.value, 1 - ends.value)
    added = replace(
        ends,
        at=first,
        known_at=first,
        kind=np.full(len(ends), Kind.SAID, np.int8),
        phase=np.zeros(len(ends), np.int8),
        name=np.full(len(ends), len(past.labels), np.int32),
        value=told * 80_000 + 10_000,
    )
    columns = (np.concatenate([getattr(facts, name), getattr(added, name)]) for name in Facts.__slots__)
    return History(Facts(*columns), (*past.labels, "Einstein"))


def test_gate_wants_more_than_the_crm_says() -> None:
    """A fit that a field of the CRM beats isn't used, and the field is named; one that beats the field is."""
    past = random_past(deals=600, seed=7, signal=3.0)
    blocking = replace(RECIPE, block=True)
    wise, foolish = (train(knowing(past, right=right), blocking, as_of=past.now).gate for right in (0.97, 0.5))
    assert not wise.used
    assert "no better than Einstein in the CRM" in wise.text
    assert (foolish.used, set(foolish.rivals)) == (True, {"Einstein"})
