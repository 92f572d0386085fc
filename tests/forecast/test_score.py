"""Scoring."""

import subprocess
import sys

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.facts import Facts
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.score import NO_DUE, day_by, score
from crmsync.records import Kind, Side
from tests.forecast.conftest import START, Past, write


def test_score_imports_neither_scikit_learn_nor_pandas() -> None:
    """The scoring path is plain numpy."""
    code = "import sys, crmsync.forecast.score, crmsync.forecast.reasons; print({'sklearn', 'pandas', 'scipy'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert found.stdout.strip() == "set()"


def test_scores_are_orderly(rich: Past, rich_fit: Fit) -> None:
    """Probabilities lie between 0 and 1, dates between today and each other, chances below the probability."""
    scores = score(rich_fit, rich.history, rich.history.deals, as_of=rich.now)
    assert np.all((scores.probability > 0) & (scores.probability < 1))
    days = np.stack([np.full(len(scores), rich.now // DAY), scores.close_p20, scores.close_p50, scores.close_p80])
    assert np.all(np.diff(days, axis=0) >= 0)
    assert np.all(scores.won_soon <= scores.probability)


@pytest.mark.parametrize("kind", [Kind.VIEW, Kind.EMAIL])
def test_no_number_of_visits_lifts_a_score_beyond_what_was_learnt(rich: Past, rich_fit: Fit, kind: Kind) -> None:
    """A buyer, or a machine that follows links, may come a thousand times: from the most of any deal on nothing moves."""
    deal, hour = int(rich.history.deals[0]), rich.now / DAY - START - 1 / 24

    def visited(times: int) -> float:
        visits = write(*({"deal": deal, "day": hour, "kind": kind, "side": Side.BUYER} for _ in range(times)))
        columns = (np.concatenate([getattr(rich.facts, name), getattr(visits, name)]) for name in Facts.__slots__)
        return float(score(rich_fit, History(Facts(*columns), rich.labels), [deal], as_of=rich.now).probability[0])

    assert visited(100) == pytest.approx(visited(2_000), rel=0, abs=1e-12)
    assert visited(100) != visited(0)


def test_close_date_is_the_day_whose_end_is_nearest() -> None:
    """From a midnight on, what is due in 1.4 days is due by the end of today, in 1.6 days by that of tomorrow."""
    assert day_by(7 * DAY, np.array([0.1, 1.4, 1.6])).tolist() == [7, 7, 8]
    assert day_by(7 * DAY + DAY // 2, np.array([0.1, 0.9, 1.1])).tolist() == [7, 7, 8]


def test_won_by_a_period_grows_to_the_probability(rich: Past, rich_fit: Fit) -> None:
    """Nothing is won by yesterday; everything that is won, is won in ten years."""
    scores = score(rich_fit, rich.history, rich.history.deals, as_of=rich.now)
    today = rich.now // DAY
    assert scores.won_by(today - 1).max() == 0
    np.testing.assert_allclose(scores.won_by(today + 3650), scores.probability)


def test_score_tells_the_buyers_next_step(rich: Past, rich_fit: Fit) -> None:
    """The step is an open one of the plan with its day, or there is none and no day."""
    scores = score(rich_fit, rich.history, rich.history.deals, as_of=rich.now)
    none = np.array([step == "" for step in scores.next_step])
    assert {"security review", "legal", "signature", ""} >= set(scores.next_step)
    assert np.all((scores.next_step_on == NO_DUE) == none)
    assert np.all(scores.steps_done <= scores.steps)


def test_past_score_is_made_again_bit_equal(rich: Past, rich_fit: Fit) -> None:
    """What was learnt after an instant doesn't change a score as of it."""
    at = rich.now - 50 * DAY
    seen = np.maximum(rich.facts.at, rich.facts.known_at) <= at
    then = History(rich.facts.take(seen), rich.labels)
    old, new = (score(rich_fit, history, then.deals, as_of=at) for history in (then, rich.history))
    np.testing.assert_array_equal(old.contributions, new.contributions)
    assert old.close_p50.tolist() == new.close_p50.tolist()


def test_no_deals_give_no_scores(rich: Past, rich_fit: Fit) -> None:
    """An empty pipeline is no fault."""
    assert len(score(rich_fit, rich.history, [], as_of=rich.now)) == 0
