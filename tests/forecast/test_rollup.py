"""The team's number and its range."""

from statistics import NormalDist

import numpy as np
import pytest

from crmsync.forecast.facts import Floats
from crmsync.forecast.rollup import GRID, PRIOR_SHARED, Period, Shock, covered, covered_if_right, draws, learn, ranges

DEALS = 120


def world(shared: float, *, periods: int, seed: int) -> list[tuple[Floats, Floats, Floats]]:
    """Chances, amounts and outcomes of periods in which deals share so much of their luck."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(periods):
        hidden = np.sqrt(shared) * rng.standard_normal() + np.sqrt(1 - shared) * rng.standard_normal(DEALS)
        threshold = rng.normal(-0.8, 0.5, DEALS)
        chance = np.array([NormalDist().cdf(each) for each in threshold])
        made.append((chance, np.rint(np.exp(rng.normal(9, 1, DEALS))), (hidden < threshold).astype(np.float64)))
    return made


@pytest.mark.parametrize("shared", [0.0, 0.1])
def test_range_covers_as_often_as_it_says(shared: float) -> None:
    """Learnt from the periods before, the 80 % range holds the sum in 80 % of the later ones, to two standard errors."""
    told = world(shared, periods=130, seed=3)
    shock = learn([Period(chance, won) for chance, _, won in told[:50]])
    inside = []
    for chance, amount, won in told[50:]:
        low, _, high = ranges(draws(chance, amount, np.zeros(DEALS, np.int64), shock=shock))[:, 0]
        inside.append(low <= won @ amount <= high)
    assert abs(np.mean(inside) - 0.8) < 2 * np.sqrt(0.16 / len(inside))


@pytest.mark.parametrize("shared", [0.0, 0.05, 0.2])
def test_shock_is_learnt_from_residuals(shared: float) -> None:
    """What deals share is found again, to two fifths of it, or to a hundredth where there is nothing."""
    found = learn([Period(chance, won) for chance, _, won in world(shared, periods=120, seed=5)])
    assert found.mean == pytest.approx(shared, rel=0.4, abs=0.01)


def test_shock_without_a_past_is_the_prior() -> None:
    """The mean is the documented one."""
    assert learn().mean == pytest.approx(PRIOR_SHARED, rel=0.1)


def test_draws_keep_each_chance() -> None:
    """However much is shared, the mean of the draws is the sum of chance times amount, to four standard errors."""
    chance, amount = np.array([0.1, 0.5, 0.9]), np.array([300.0, 200.0, 100.0])
    found = draws(chance, amount, np.zeros(3, np.int64), shock=Shock((GRID[-1] == GRID).astype(np.float64)))[:, 0]
    assert abs(found.mean() - chance @ amount) < 4 * found.std() / np.sqrt(len(found))


def test_groups_of_a_draw_share_its_shock() -> None:
    """Two owners' sums go up and down together, so the team's range is wider than that of independent owners."""
    chance, amount = np.full(200, 0.3), np.full(200, 100.0)
    found = draws(chance, amount, np.arange(200) % 2, shock=learn())
    assert np.corrcoef(found.T)[0, 1] > 0.2


def test_coverage_of_few_deals_isnt_flattered() -> None:
    """One deal at 50 % is always in the range from 0 to its amount; of a right distribution that counts 0.8, of one at 5 % less."""
    shock, one = learn(), np.zeros(1, np.int64)
    half = draws(np.array([0.5]), np.array([100.0]), one, shock=shock)
    assert [covered(half, np.array([came]))[0] for came in (0.0, 100.0)] == pytest.approx([0.8, 0.8], abs=0.02)
    rare = draws(np.array([0.05]), np.array([100.0]), one, shock=shock)
    assert covered(rare, np.array([100.0]))[0] == 0


def test_luck_of_few_deals_is_that_of_a_right_range() -> None:
    """Whatever is drawn from the range itself lies in it 80 times of 100, and a tenth of it below, be the deals three or sixty."""
    for deals in (3, 60):
        chance, amount = np.linspace(0.05, 0.4, deals), np.arange(1.0, deals + 1) * 100
        drawn = draws(chance, amount, np.zeros(deals, np.int64), shock=learn())
        assert covered_if_right(drawn).mean() == pytest.approx(0.8, abs=1e-9)
        below = [covered(drawn, came, between=(0.0, 0.1))[0] for came in drawn[:400]]
        assert np.mean(below) == pytest.approx(0.1, abs=0.05)


def test_draws_of_no_deals_are_empty() -> None:
    """A team without open deals has no groups and no fault."""
    none = np.zeros(0)
    assert ranges(draws(none, none, none.astype(np.int64), shock=learn())).shape == (3, 0)
