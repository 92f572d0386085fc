"""Close dates."""

import numpy as np
import pytest

from crmsync.forecast.timing import Timing, incidence_of_winning

COUNT = 20_000


def learnt(rng: np.random.Generator, *, mean: float, watched: float, loss_mean: float = 60.0) -> Timing:
    """From exponential times to a win and to a loss, whichever is first, watched for up to so many days."""
    win, loss, view = rng.exponential(mean, COUNT), rng.exponential(loss_mean, COUNT), rng.uniform(0, watched, COUNT)
    days = np.minimum(np.minimum(win, loss), view)
    end = np.where(days == view, -1, (win < loss).astype(np.int64))
    same = np.full(COUNT, 0.5)
    return Timing.learn(probability=same, age_days=same, days=days, end=end, weight=np.ones(COUNT), won=20)


def test_close_dates_are_those_of_the_law() -> None:
    """With open and lost deals treated as such, the quantiles are the law's own, though most deals weren't watched to the end."""
    timing = learnt(np.random.default_rng(2), mean=30, watched=200)
    rate = 1 / 30 + 1 / 60
    found = [timing.quantile(np.array([0.5]), np.array([1.0]), share)[0] for share in (0.2, 0.5, 0.8)]
    np.testing.assert_allclose(found, -np.log1p(-np.array([0.2, 0.5, 0.8])) / rate, rtol=0.05, atol=1)


def test_won_within_never_exceeds_the_probability() -> None:
    """It grows with the days, from nothing to the probability itself."""
    timing = learnt(np.random.default_rng(2), mean=30, watched=200)
    days = np.array([-1.0, 0.0, 5.0, 50.0, 1e6])
    found = timing.won_within(np.full(5, 0.4), np.ones(5), days)
    assert found[:2].tolist() == [0, 0]
    assert np.all(np.diff(found[1:]) > 0)
    assert found[-1] == pytest.approx(0.4)


def test_incidence_counts_open_deals_as_open() -> None:
    """By hand: of two deals one is won on day 1; of the other nothing is known after day 2, then one of one is won on day 3."""
    at, incidence = incidence_of_winning(np.array([1.0, 2.0, 3.0]), np.array([1, -1, 1]), np.ones(3))
    assert at.tolist() == [1, 2, 3]
    np.testing.assert_allclose(incidence, [1 / 3, 1 / 3, 1])


def test_lost_deals_take_their_share() -> None:
    """A deal that is lost can't be won later: the incidence ends below 1."""
    _, incidence = incidence_of_winning(np.array([1.0, 2.0]), np.array([0, 1]), np.ones(2))
    assert incidence.tolist() == [0, 0.5]


def test_cells_tell_deals_apart() -> None:
    """With enough wins, likely deals that close soon get sooner dates than unlikely ones that close late."""
    rng = np.random.default_rng(4)
    probability = rng.random(COUNT)
    days = rng.exponential(np.where(probability > 0.5, 10, 100))
    timing = Timing.learn(
        probability=probability,
        age_days=np.ones(COUNT),
        days=days,
        end=np.ones(COUNT, np.int64),
        weight=np.ones(COUNT),
        won=COUNT,
    )
    early, late = timing.quantile(np.array([0.9, 0.1]), np.ones(2), 0.5)
    assert early < 10 < 60 < late


def test_timing_without_a_win_gives_today() -> None:
    """Without any win there is no date to tell, and no fault."""
    timing = Timing.learn(
        probability=np.ones(3),
        age_days=np.ones(3),
        days=np.ones(3),
        end=np.zeros(3, np.int64),
        weight=np.ones(3),
        won=0,
    )
    assert timing.quantile(np.ones(1), np.ones(1), 0.8).tolist() == [0]
