"""From values to columns."""

from collections.abc import Callable

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.columns import Column, Counts, Labels, Money, Numbers, Slopes, Steps, counts_by_name
from crmsync.forecast.encoding import REST, Encoding, learn, matrix
from crmsync.forecast.facts import Floats, Which
from crmsync.forecast.history import AsOf, History
from crmsync.forecast.recipe import Recipe
from crmsync.records import Kind
from tests.forecast.conftest import START

LABELS = ("", "EUR", "JPY", "won't")
RECIPE = Recipe((), rare_deals=2, knots=3)


def learnt(column: Column, count: int, recipe: Recipe = RECIPE) -> Encoding:
    """The encoding of a column of so many deals."""
    return learn(column, np.arange(count), np.arange(count), LABELS, recipe)


def encoded(column: Column, encoding: Encoding, count: int) -> Floats:
    """The columns."""
    return matrix(column, encoding, np.arange(count), {text: number for number, text in enumerate(LABELS)})


def test_numbers_unknown_get_a_column_of_their_own() -> None:
    """Where a number is unknown, a column says so."""
    column = Numbers(np.array([0.0, np.nan, 3.0]), log=True)
    found = encoded(column, learnt(column, 3), 3)
    assert found[:, 1].tolist() == [0, 1, 0]
    assert found[[0, 2], 0].tolist() == [0, np.log(4)]


def test_counts_go_in_as_they_are_and_by_their_logarithm() -> None:
    """Two columns, and a third where some are unknown."""
    column = Counts(np.array([0.0, np.nan, 3.0]))
    found = encoded(column, learnt(column, 3), 3)
    assert found[[0, 2], :2].tolist() == [[0, 0], [np.log(4), 3]]
    assert found[:, 2].tolist() == [0, 1, 0]


@pytest.mark.parametrize("kind", [Numbers, Counts])
def test_more_than_was_learnt_from_counts_as_the_most(kind: Callable[[Floats], Column]) -> None:
    """A thousand visits lift a score no higher than the most that a deal of the training had; the least likewise."""
    encoding = learnt(kind(np.array([2.0, np.nan, 7.0])), 3)
    far, near = (encoded(kind(np.array(values)), encoding, 3) for values in ([-1e6, np.nan, 1e6], [2.0, np.nan, 7.0]))
    np.testing.assert_array_equal(far, near)


def test_counts_of_an_older_fit_have_the_logarithm_only() -> None:
    """A fit that was made when counts were numbers scores as it did."""
    counts, number = Counts(np.array([0.0, 3.0])), Numbers(np.array([0.0, 3.0]), log=True)
    old = Encoding("number")
    assert encoded(counts, old, 2).tolist() == encoded(number, old, 2).tolist()


def test_steps_reach_their_thresholds() -> None:
    """Thresholds stand at equal shares of the data, and count up."""
    column = Steps(np.arange(8.0))
    encoding = learnt(column, 8)
    assert encoding.knots == (2, 4, 6)
    assert encoded(column, encoding, 8).sum(axis=1).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_steps_of_a_constant_need_no_column() -> None:
    """A number that never varies has no threshold."""
    assert learnt(Steps(np.ones(9)), 9).width == 0


def test_labels_that_are_rare_stand_together() -> None:
    """A level that fewer deals have than asked goes to the rest, like one never seen."""
    column = Labels(np.array([1, 1, 2, -1], dtype=np.int32))
    encoding = learnt(column, 4)
    assert encoding.levels == ("EUR", REST)
    assert encoded(column, encoding, 4).tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]


def test_levels_keep_the_commonest() -> None:
    """Not more levels than asked."""
    column = Labels(np.array([1, 1, 1, 2, 2], dtype=np.int32))
    assert learnt(column, 5, Recipe((), rare_deals=1, max_levels=1)).levels == ("EUR", REST)


def test_slopes_multiply_the_number_by_the_level() -> None:
    """Each level has the number in its own column."""
    column = Slopes(np.array([1, 1, 2], dtype=np.int32), np.array([5.0, 7.0, 9.0]))
    assert encoded(column, learnt(column, 3), 3).tolist() == [[5, 0], [7, 0], [0, 9]]


def test_money_compares_within_a_currency() -> None:
    """Amounts are told against the median of their own currency; an unknown amount is unknown."""
    column = Money(np.array([1e4, 1e4, 1e6, 2e6, np.nan]), np.array([1, 1, 2, 2, 1], dtype=np.int32))
    found = encoded(column, learnt(column, 5), 5)
    np.testing.assert_allclose(found[:, 0], [0, 0, np.log(1 / 1.5), np.log(2 / 1.5), np.nan])


@pytest.mark.parametrize(("seen", "expected"), [(True, [1, 1]), (False, [np.log(3), np.log(2)])])
def test_names_pool_the_rest(past: Callable[..., History], seen: bool, expected: list[float]) -> None:
    """Names in too few deals, and new ones, add up in one column."""
    rows = [
        {"deal": deal, "day": 1, "kind": Kind.CALL, "name": name} for deal, name in ((1, 1), (1, 1), (1, 3), (2, 1))
    ]
    asof = past(*rows).as_of([1, 2], (START + 2) * DAY)
    column = counts_by_name(asof, Which((Kind.CALL,)), seen=seen)
    encoding = learn(column, np.arange(2), asof.deals, asof.history.labels, RECIPE)
    assert encoding.levels == ("one", REST)
    np.testing.assert_allclose(matrix(column, encoding, np.array([0]), asof.history.label_ids)[0], expected)


def test_more_by_name_than_was_learnt_from_counts_as_the_most(past: Callable[..., History]) -> None:
    """A step that somebody ticks again and again is worth no more than the most that a deal of the training had."""
    rows = [{"deal": deal, "day": day, "kind": Kind.CALL, "name": 1} for deal in (1, 2) for day in (1, 5, 5, 5)]
    early, late = (past(*rows).as_of([1, 2], (START + day) * DAY) for day in (2, 6))
    encoding = learn(_calls(early), np.arange(2), early.deals, early.history.labels, RECIPE)
    then, now = (matrix(_calls(each), encoding, np.arange(2), each.history.label_ids) for each in (early, late))
    np.testing.assert_array_equal(now, then)


def _calls(asof: AsOf) -> Column:
    return counts_by_name(asof, Which((Kind.CALL,)))
