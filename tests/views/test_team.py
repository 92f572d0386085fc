"""The team's number from scores, and how its ranges held."""

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.dataset import open_deals
from crmsync.forecast.fit import train
from crmsync.forecast.history import History
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.rollup import learn
from crmsync.forecast.score import Scores, score
from crmsync.views.team import TEAM, Line, lines, track
from tests.forecast.conftest import START, random_past

RECIPE = Recipe(("age", "stage", "step_done", "buyer_idle", "overdue"), penalties=(0.03,))
TODAY = START + 300


@pytest.fixture(scope="module")
def history() -> History:
    """A year of 250 deals."""
    return random_past(deals=250, seed=7).history


@pytest.fixture(scope="module")
def scores(history: History) -> Scores:
    """The open deals after 300 days."""
    at = TODAY * DAY
    return score(train(history, RECIPE, as_of=at), history, open_deals(history, as_of=at), as_of=at)


def of_team(found: list[Line]) -> dict[str, Line]:
    """The team's lines by currency."""
    return {line.currency: line for line in found if line.owner == TEAM}


def test_team_expects_what_its_deals_do(history: History, scores: Scores) -> None:
    """A currency's expected sum is that of amount times chance within the period, and its owners' sums add up to it."""
    found = lines(history, scores, begins_on=TODAY - 5, ends_on=TODAY + 40, shock=learn())
    for currency, whole in of_team(found).items():
        own = [line for line in found if line.currency == currency and line.owner != TEAM]
        mine = np.array(scores.currency) == currency
        assert whole.expected_minor == round(np.nansum(scores.won_by(TODAY + 40)[mine] * scores.amount_minor[mine]))
        assert abs(whole.expected_minor - sum(line.expected_minor for line in own)) <= len(own)
        assert whole.p10_minor <= whole.p50_minor <= whole.p90_minor


def test_currencies_are_never_added(history: History, scores: Scores) -> None:
    """There is one team line for each currency, and the open deals stand in exactly one of them."""
    found = of_team(lines(history, scores, begins_on=TODAY, ends_on=TODAY + 40, shock=learn()))
    assert set(found) == {"EUR", "JPY"}
    assert sum(line.deals for line in found.values()) == len(scores)


def test_won_of_the_period_is_certain(history: History, scores: Scores) -> None:
    """What was won since the period began stands beside the range: the whole past's wins for a period that began with it."""
    everything = of_team(lines(history, scores, begins_on=START - 10, ends_on=TODAY + 9, shock=learn()))
    nothing = of_team(lines(history, scores, begins_on=TODAY, ends_on=TODAY + 9, shock=learn()))
    assert all(line.won_minor > 0 for line in everything.values())
    assert all(line.won_minor == 0 for line in nothing.values())


def test_later_period_begins_where_the_present_one_ends(history: History, scores: Scores) -> None:
    """The expected sums of two periods that follow each other add up to that of both."""
    spans = ((TODAY, TODAY + 20), (TODAY + 21, TODAY + 50), (TODAY, TODAY + 50))
    first, second, both = (
        of_team(lines(history, scores, begins_on=begin, ends_on=end, shock=learn()))["EUR"].expected_minor
        for begin, end in spans
    )
    assert abs(first + second - both) <= 1


def test_track_knows_each_period_beforehand(history: History) -> None:
    """A period's range is the same when everything later is deleted, and what came is what was won by its end."""
    whole, _ = track(history, RECIPE, until=TODAY * DAY, periods=3)
    facts = history.facts.take(history.seen_at <= (TODAY - 28) * DAY)
    early, shock = track(History(facts, history.labels), RECIPE, until=(TODAY - 28) * DAY, periods=2)
    assert whole[: len(early)] == early
    assert shock.mean != learn().mean
    assert any(row.came_minor > 0 for row in whole)


def test_track_tells_how_much_of_it_is_luck(history: History) -> None:
    """A range is held or not, or in part: by luck alone that differs from 0.8 by at most the spread of a yes or no."""
    whole, _ = track(history, RECIPE, until=TODAY * DAY, periods=1)
    assert whole
    assert all(0 < row.covered_sd <= 0.41 for row in whole)
