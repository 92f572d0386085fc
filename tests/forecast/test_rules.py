"""Scores by stated rules."""

from collections.abc import Callable

import numpy as np

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast import enough
from crmsync.forecast.dataset import examples, open_deals, snapshots
from crmsync.forecast.history import History
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.rules import START, apply, risk
from crmsync.records import TEXT_LIMIT, Kind, Phase, Side
from tests.forecast.conftest import START as FIRST_DAY
from tests.forecast.conftest import Past

STEP = {"kind": Kind.MILESTONE, "side": Side.BUYER, "name": 1}


def test_risk_is_by_points_from_their_bound_on() -> None:
    """60 points are a low risk, 40 a middle one, and a point less is the next worse."""
    assert [risk(points) for points in (60, 59, 40, 39)] == ["low", "medium", "medium", "high"]


def test_rules_give_what_they_state(past: Callable[..., History]) -> None:
    """A plan half done by its buyer of late, the other half overdue: 50, 10 for the half, 10 and 10 for the buyer, 10 less."""
    history = past(
        {"day": 0, "kind": Kind.CREATED},
        {**STEP, "day": 0, "step": 1, "phase": Phase.PLANNED, "value": FIRST_DAY + 5},
        {**STEP, "day": 0, "step": 2, "phase": Phase.PLANNED, "value": FIRST_DAY + 6},
        {**STEP, "day": 8, "step": 1, "phase": Phase.DONE},
    )
    found = apply(history, [1], as_of=(FIRST_DAY + 10) * DAY)
    assert found.parts(0) == {"plan_done": 10, "buyer_step": 10, "buyer_act": 10, "overdue": -10}
    assert found.points.tolist() == [70]


def test_rules_tell_of_silence_and_a_date_that_passed(past: Callable[..., History]) -> None:
    """A deal that nobody has touched since it was made, and whose close date has passed."""
    history = past(
        {"day": 0, "kind": Kind.CREATED},
        {"day": 0, "kind": Kind.CLOSE_ON, "value": FIRST_DAY + 20},
    )
    assert apply(history, [1], as_of=(FIRST_DAY + 22) * DAY).parts(0) == {"idle": -15, "close_date": -10}


def test_rules_add_up_and_stay_within_their_scale(rich: Past) -> None:
    """START and the parts sum to the points, between 0 and 100, and the text fits a CRM's field."""
    found = apply(rich.history, rich.history.deals, as_of=rich.now)
    assert found.points.tolist() == [START + sum(found.parts(place).values()) for place in range(len(found))]
    assert found.points.min() >= 0
    assert found.points.max() <= 100
    assert max(len(found.text(place)) for place in range(len(found))) <= TEXT_LIMIT


def test_rules_say_that_they_are_no_probability(rich: Past) -> None:
    """What a seller reads begins with points, has no percentage, and says what it isn't."""
    found = apply(rich.history, open_deals(rich.history, as_of=rich.now)[:1], as_of=rich.now)
    assert found.text(0).startswith(f"{found.points[0]} of 100 points by rules, not a probability")
    assert "%" not in found.text(0)


def test_rules_know_nothing_later(rich: Past) -> None:
    """Facts seen after the instant change no points."""
    at = rich.now - 90 * DAY
    early = History(rich.facts.take(np.maximum(rich.facts.at, rich.facts.known_at) <= at), rich.labels)
    deals = open_deals(rich.history, as_of=at)
    assert (apply(early, deals, as_of=at).added == apply(rich.history, deals, as_of=at).added).all()


def test_enough_says_what_is_missing(rich: Past) -> None:
    """The same words whether training is refused or rules stand in."""
    found = snapshots(rich.history, by=rich.now, every_days=7)
    sample = examples(rich.history, found, by=rich.now)
    assert enough.missing(sample, Recipe(("age",), min_closed=10_000)).startswith("too few closed deals")
    assert enough.missing(sample, Recipe(("age",))) == ""
