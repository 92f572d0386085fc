"""When deals end: curves and close dates."""

from typing import Any

import numpy as np
import pytest

from crmsync.forecast.clues import Clues
from crmsync.forecast.facts import Floats
from crmsync.forecast.timing import EDGES, Logit, Timing

COUNT = 20_000


def clues(count: int, **given: Any) -> Clues:
    """Deals that don't differ but in what is given."""
    none = {"promise": np.nan, "close_date": np.nan, "kept": 0.5}
    names = ("odds", "pace", "age", "idle", "promise", "close_date", "kept", "weekday")
    columns = [np.broadcast_to(np.asarray(given.get(name, none.get(name, 0.0)), float), (count,)) for name in names]
    return Clues(*columns)


def learnt(*, mean: float, loss_mean: float, watched: float, seed: int = 2) -> Timing:
    """From exponential times to a win and to a loss, whichever is first, watched for up to so many days."""
    rng = np.random.default_rng(seed)
    win, loss, view = rng.exponential(mean, COUNT), rng.exponential(loss_mean, COUNT), rng.uniform(0, watched, COUNT)
    days = np.minimum(np.minimum(win, loss), view)
    end = np.where(days == view, -1, (win < loss).astype(np.int64))
    return Timing.learn(clues(COUNT), days=days, end=end, weight=np.ones(COUNT))


def test_close_dates_are_those_of_the_law() -> None:
    """With open and lost deals treated as such, the quantiles are the law's own, though most deals weren't watched to the end."""
    timing = learnt(mean=30, loss_mean=60, watched=200)
    curve = timing.curve(clues(1), np.array([2 / 3]))
    rate = 1 / 30 + 1 / 60
    found = [curve.quantile(share)[0] for share in (0.2, 0.5, 0.8)]
    np.testing.assert_allclose(found, -np.log1p(-np.array([0.2, 0.5, 0.8])) / rate, rtol=0.08)


def test_leaving_out_the_open_deals_would_be_early() -> None:
    """The same law told by closed deals only gives a median that is a third too early; with the open ones it is right."""
    rng = np.random.default_rng(3)
    whole, view = rng.exponential(40, COUNT), rng.uniform(0, 60, COUNT)
    days, end = np.minimum(whole, view), np.where(whole < view, 1, -1)
    closed = end == 1
    medians = [
        Timing.learn(clues(int(some.sum())), days=days[some], end=end[some], weight=np.ones(some.sum()))
        .curve(clues(1), np.ones(1) * 0.9)
        .quantile(0.5)[0]
        for some in (closed, np.ones(COUNT, np.bool_))
    ]
    assert medians[0] < 0.67 * 40 * np.log(2)
    assert medians[1] == pytest.approx(40 * np.log(2), rel=0.1)


def test_curve_grows_to_the_probability() -> None:
    """From nothing today to the probability itself, whatever that is."""
    chance = np.array([1e-6, 0.05, 0.4, 0.97, 1 - 1e-6])
    curve = learnt(mean=30, loss_mean=60, watched=200).curve(clues(5), chance)
    assert np.all(np.diff(curve.won, axis=1) >= 0)
    np.testing.assert_array_equal(curve.won[:, -1], chance)
    assert curve.within(np.full(5, -1.0)).tolist() == [0.0] * 5
    np.testing.assert_allclose(curve.within(np.full(5, 1e9)), chance)


def test_quantile_is_the_inverse_of_the_curve() -> None:
    """By the day of a share, that share of the chance is reached."""
    curve = learnt(mean=30, loss_mean=60, watched=200).curve(clues(3), np.array([0.1, 0.5, 0.9]))
    for share in (0.1, 0.5, 0.9):
        np.testing.assert_allclose(curve.within(curve.quantile(share)), share * curve.won[:, -1], rtol=1e-9)


def test_promises_move_the_dates() -> None:
    """Where deals end when the last promise falls due, a later promise is a later close date."""
    rng = np.random.default_rng(5)
    promise = rng.uniform(5, 90, COUNT)
    days = np.maximum(promise + rng.normal(3, 2, COUNT), 0.1)
    timing = Timing.learn(clues(COUNT, promise=promise), days=days, end=np.ones(COUNT, np.int64), weight=np.ones(COUNT))
    found = timing.curve(clues(2, promise=np.array([10.0, 60.0])), np.full(2, 0.9)).quantile(0.5)
    assert found[0] < 20 < 50 < found[1] < 80


def test_weekends_are_learnt() -> None:
    """Where nothing ends on weekends, a Saturday's chance is small, from whatever weekday one looks."""
    rng = np.random.default_rng(6)
    weekday = rng.integers(0, 7, COUNT).astype(np.float64)
    days = rng.exponential(10, COUNT)
    days = np.where(np.mod(weekday + days, 7) >= 5, days + 2, days)
    timing = Timing.learn(clues(COUNT, weekday=weekday), days=days, end=np.ones(COUNT, np.int64), weight=np.ones(COUNT))
    thursday = np.diff(timing.curve(clues(1, weekday=3.0), np.ones(1) * 0.9).won[0])
    assert max(thursday[2:4]) < 0.3 * min(thursday[1], thursday[4])


@pytest.mark.parametrize("end", [0, -1, 1])
def test_one_kind_of_end_is_no_fault(end: int) -> None:
    """Only lost, only open or only won: a curve all the same."""
    timing = Timing.learn(clues(30), days=np.full(30, 9.5), end=np.full(30, end), weight=np.ones(30))
    found = timing.curve(clues(1), np.array([0.3])).quantile(0.5)
    assert 0 <= found[0] <= EDGES[-1]


def test_logit_finds_the_law() -> None:
    """Many outcomes of a known line give that line."""
    rng = np.random.default_rng(1)
    columns: Floats = rng.normal(size=(50_000, 2))
    odds = 0.5 + columns @ np.array([1.0, -2.0])
    came = (rng.random(50_000) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    found = Logit.learn(columns, came, np.ones(50_000)).odds(np.array([[0.0, 0.0], [1.0, 1.0]]))
    np.testing.assert_allclose(found, [0.5, -0.5], atol=0.06)
