"""Dated examples: which instants, which outcome, which weight."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.clock import to_datetime
from crmsync.forecast.dataset import Examples, examples, snapshots, weights
from crmsync.forecast.history import History
from crmsync.records import Kind, Phase
from tests.forecast.conftest import START, Past

Make = Callable[..., History]
BORN = {"day": 1, "kind": Kind.CREATED}


def closed(day: float, *, won: bool = True, **more: Any) -> dict[str, Any]:
    """A closing."""
    return {"day": day, "kind": Kind.OUTCOME, "phase": Phase.DONE, "value": won, **more}


def taken(history: History, by: float, **more: int) -> Examples:
    """The examples known by a day, snapshots weekly."""
    instant = round((START + by) * DAY)
    return examples(history, snapshots(history, by=instant, every_days=7, **more), by=instant)


def days(sample: Examples) -> list[float]:
    """Days of the snapshots, counted from START."""
    return [at / DAY - START for at in sample.at.tolist()]


def test_snapshots_stand_on_mondays_while_the_deal_is_open(past: Make) -> None:
    """A deal is looked at each Monday 00:00 UTC from its creation to its closing."""
    sample = taken(past(BORN, closed(23)), 50)
    assert days(sample) == [7, 14, 21]
    assert {to_datetime(int(at)).strftime("%a %H:%M") for at in sample.at} == {"Mon 00:00"}


@pytest.mark.parametrize(("seconds", "expected"), [(59, [7]), (61, [7, 14])])
def test_last_minute_before_the_closing_is_fenced(past: Make, seconds: int, expected: list[float]) -> None:
    """A snapshot less than a minute before the closing isn't used."""
    assert days(taken(past(BORN, closed(14 + seconds / 86_400)), 50)) == expected


def test_closing_entered_later_ends_the_snapshots_when_it_was_true(past: Make) -> None:
    """Between a closing and its late entry the deal looked open, but what was known then isn't used."""
    assert days(taken(past(BORN, closed(10, known=30)), 50)) == [7]


def test_outcome_not_yet_known_gives_no_example(past: Make) -> None:
    """Only outcomes known by the instant count."""
    history = past(BORN, closed(23))
    assert [len(taken(history, by)) for by in (22, 23)] == [0, 3]


def test_deal_created_closed_gives_no_example(past: Make) -> None:
    """A deal that never lived through a snapshot isn't learnt from."""
    assert len(taken(past(BORN, closed(1)), 50)) == 0


def test_reopened_deal_ends_as_it_last_ended(past: Make) -> None:
    """Lost, reopened, won: all snapshots are won, and there is none while it was closed."""
    reopened = {"day": 20, "kind": Kind.OUTCOME, "phase": Phase.REOPENED}
    sample = taken(past(BORN, closed(8, won=False), reopened, closed(30)), 50)
    assert days(sample) == [7, 21, 28]
    assert sample.won.tolist() == [1, 1, 1]


def test_deal_deleted_while_open_has_no_outcome(past: Make) -> None:
    """Deleted before its closing: left out; deleted after it: kept."""
    gone = {"kind": Kind.DELETED}
    history = past(BORN, {**gone, "day": 20}, *({**row, "deal": 2} for row in (BORN, closed(9), {**gone, "day": 12})))
    assert history.deals[taken(history, 50).deal].tolist() == [2]


def test_population_begins_with_a_date(past: Make) -> None:
    """Deals made before the population's first day aren't learnt from."""
    history = past(BORN, closed(23))
    assert len(taken(history, 50, created_from=(START + 2) * DAY)) == 0


def test_weights_sum_to_the_number_of_deals() -> None:
    """A deal with four snapshots weighs twice as much as one with one."""
    weight = weights(np.array([1, 2, 2, 2, 2]))
    assert weight.sum() == pytest.approx(2)
    assert weight[1:].sum() == pytest.approx(2 * weight[0])


def test_examples_do_not_change_with_what_comes_later(rich: Past) -> None:
    """Deleting all facts after an instant changes nothing of the examples known by it."""
    by = rich.now - 120 * DAY
    seen = np.maximum(rich.facts.at, rich.facts.known_at) <= by
    early = History(rich.facts.take(seen), rich.labels)
    found = [examples(h, snapshots(h, by=by, every_days=7), by=by) for h in (early, rich.history)]
    ids = [
        (h.deals[sample.deal].tolist(), sample.at.tolist(), sample.won.tolist())
        for h, sample in zip((early, rich.history), found, strict=True)
    ]
    assert ids[0] == ids[1]
