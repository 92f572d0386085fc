"""How promises slip."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from bench import worlds
from crmsync.clock import parse_instant
from crmsync.forecast.companies import Companies
from crmsync.forecast.history import History
from crmsync.forecast.slips import Lives, Slips, factors, spread_of
from crmsync.forecast.spells import DONE, spells
from crmsync.forecast.workdays import Workdays
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS
from tests.forecast.conftest import DAY, START, write
from tests.forecast.test_ledger import done, promised

NOW = parse_instant("2026-09-21")
RNG = np.random.default_rng(1)


@pytest.fixture(scope="module")
def history() -> History:
    """A world of 800 deals."""
    return worlds.made(generate(law=LAWS["milestones"], now=NOW, deals=800, seed=301)).known_by(NOW).history


@pytest.fixture(scope="module")
def slips(history: History) -> Slips:
    """What it tells."""
    return Slips.learn(history, Workdays(), by=NOW)


def test_slips_find_the_law(slips: Slips) -> None:
    """Steps are done sooner near their day than long before, and dates are moved by 3 to 15 working days, as the law has it."""
    assert max(slips.done[:4]) < 0.03 < 0.06 < min(slips.done[5:7])
    assert {days for days, _ in slips.jumps} == set(range(3, 16))


def test_sellers_steps_are_done_sooner(slips: Slips) -> None:
    """In this law every step of the seller's has a higher factor than any of the buyer's."""
    buyer, seller = ([factor for kind, factor in slips.kinds.items() if kind[0] == side] for side in "12")
    assert max(buyer) < min(seller)


def test_factor_shrinks_to_one() -> None:
    """A group of which little was expected stays near 1; the more there is, the nearer to its own rate."""
    few, many = factors(np.array([0, 1]), np.array([2.0, 200.0]), np.array([1.0, 100.0]), spread=0.1)
    assert few == pytest.approx(12 / 11)
    assert many == pytest.approx(210 / 110)


def test_spread_is_that_of_the_groups() -> None:
    """Counts around a common rate show no spread; counts around rates that differ show theirs."""
    group, expected = np.arange(4_000), np.full(4_000, 5.0)
    alike = RNG.poisson(expected).astype(float)
    apart = RNG.poisson(expected * RNG.gamma(1 / 0.2, 0.2, 4_000)).astype(float)
    assert spread_of(group, alike, expected) < 0.02
    assert spread_of(group, apart, expected) == pytest.approx(0.2, abs=0.03)


def test_company_that_keeps_its_word_is_told_apart(history: History, slips: Slips) -> None:
    """A company is given a factor of its own when companies differ; of a person who is unknown nothing is made."""
    some = Companies(history.deals, 1 + history.deals % 2)
    known = History(history.facts, history.labels, companies=some)
    found = spells(known, by=NOW)
    assert len(set(found.company.tolist())) == 2
    assert np.isfinite(slips.factor(found, known, slips.kept(slips.record(found, known)))).all()


def test_tick_on_the_day_of_the_promise_counts_for_nobody(past: Callable[..., History]) -> None:
    """What is done when it is promised shows no keeping: a day later the same tick does."""
    at_once, next_day = ([promised(0, 9), done(day)] for day in (0.5, 1.5))
    ended = [
        Lives.of(spells(past(*facts), by=(START + 20) * DAY), Workdays()).ended(DONE).sum()
        for facts in (at_once, next_day)
    ]
    assert ended == [0, 1]


def test_slips_are_the_same_after_json(slips: Slips) -> None:
    """What a fit holds is what was learnt."""
    assert Slips.from_json(json.loads(json.dumps(slips.to_json()))) == slips


def test_slips_of_a_past_without_promises_are_weak_priors() -> None:
    """Without a promise there are rates all the same, between 0 and 1, and no jumps."""
    nothing = History(write(), ("",))
    found = Slips.learn(nothing, Workdays(), by=NOW)
    assert all(0 < rate < 0.1 for rate in (*found.done, *found.moved, *found.gone))
    assert found.jumps == ()
