"""The promise ledger, step by step."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.history import History
from crmsync.forecast.ledger import NO_DAY, Plan
from crmsync.records import Kind, Phase, Side
from tests.forecast.conftest import START

Make = Callable[..., History]
STEP = {"kind": Kind.MILESTONE, "step": 7, "side": Side.BUYER, "name": 1}


def promised(day: float, due: int, **more: Any) -> dict[str, Any]:
    """A step promised on a day for another one."""
    return {**STEP, "day": day, "phase": Phase.PLANNED, "value": START + due, **more}


def done(day: float, **more: Any) -> dict[str, Any]:
    """A step ticked."""
    return {**STEP, "day": day, "phase": Phase.DONE, **more}


def plan(history: History, day: float) -> Plan:
    """The plan of deal 1 on a day."""
    return history.as_of([1], round((START + day) * DAY)).plan


@pytest.mark.parametrize(("ticked", "kept", "late"), [(5.9, 1, 0), (6.0, 0, 1), (9, 0, 1)])
def test_promise_is_kept_until_its_day_ends(past: Make, ticked: float, kept: int, late: int) -> None:
    """A step promised for a day is in time until midnight UTC after it."""
    found = plan(past(promised(0, 5), done(ticked)), 20)
    assert (found.kept[Side.BUYER, 0], found.late[Side.BUYER, 0]) == (kept, late)


def test_back_dated_tick_is_late(past: Make) -> None:
    """A tick that the CRM learnt after the promised day doesn't keep the promise, whatever date it bears."""
    assert plan(past(promised(0, 5), done(4, known=9)), 20).late[Side.BUYER, 0] == 1


def test_open_promise_becomes_overdue_by_itself(past: Make) -> None:
    """Nothing has to happen for a promise to be overdue the day after."""
    history = past(promised(0, 5))
    assert [plan(history, day).overdue[Side.BUYER, 0] for day in (5, 5.9, 6)] == [0, 0, 1]


def test_moves_tell_late_ones_apart(past: Make) -> None:
    """A move after the missed day is a late move; both count, and their days add up."""
    found = plan(past(promised(0, 5), promised(4, 8), promised(10, 20)), 11)
    assert [found.moves.sum(), found.late_moves.sum(), found.slip_days.sum()] == [2, 1, 15]


def test_same_date_again_is_no_move(past: Make) -> None:
    """A plan saved once more with the same date moved nothing."""
    assert plan(past(promised(0, 5), promised(3, 5)), 4).moves.sum() == 0


def test_reopened_step_is_open_again(past: Make) -> None:
    """What was done counts as open after it was reopened, and as overdue if its day has passed."""
    found = plan(past(promised(0, 5), done(3), {**STEP, "day": 8, "phase": Phase.REOPENED}), 9)
    assert [found.done.sum(), found.open.sum(), found.overdue.sum(), found.kept.sum()] == [0, 1, 1, 0]


def test_removed_step_leaves_the_plan(past: Make) -> None:
    """A removed step counts nowhere, not even its moves."""
    found = plan(past(promised(0, 5), promised(1, 9), {**STEP, "day": 2, "phase": Phase.REMOVED}), 3)
    assert found.size.sum() + found.moves.sum() + found.promised.sum() == 0


def test_plan_tells_sides_and_steps_apart(past: Make) -> None:
    """Steps of both sides are counted by side; a step without a number is told by its name."""
    ours = {"step": 8, "side": Side.SELLER}
    history = past(promised(0, 5), promised(0, 3, **ours), done(1, **ours), done(2, step=0, name=3))
    assert plan(history, 4).size[:, 0].tolist() == [0, 2, 1]


def test_next_step_is_the_one_due_first(past: Make) -> None:
    """The next step is the open one with the earliest promise; one without a date comes last."""
    history = past(promised(0, -START, step=1, name=3), promised(0, 9, step=2, name=1), promised(0, 6, step=3, name=2))
    found = plan(history, 1)
    assert found.next_step[Side.BUYER, 0] == 2
    assert found.next_step_due[Side.BUYER, 0] == START + 6


def test_next_due_skips_what_is_overdue(past: Make) -> None:
    """The next promise lies ahead; the oldest open one may lie behind."""
    found = plan(past(promised(0, 3, step=1), promised(0, 9, step=2)), 5)
    assert found.next_due[Side.BUYER, 0] == START + 9
    assert found.oldest_due[Side.BUYER, 0] == START + 3


def test_deal_without_plan_has_empty_one(past: Make) -> None:
    """No plan: no steps and no dates, beside deals that have one."""
    history = past(promised(0, 3), {"deal": 2, "day": 0, "kind": Kind.CREATED})
    found = history.as_of([2], (START + 1) * DAY).plan
    assert found.size.sum() == 0
    assert np.all(found.next_due == NO_DAY)


def test_waiting_adds_up_over_reopening_and_moves(past: Make) -> None:
    """Days stood open and days overdue count while the step was open, against the day that was promised at the time."""
    step = past(promised(0, 5), done(8), {**STEP, "day": 10, "phase": Phase.REOPENED}, promised(12, 20))
    found = plan(step, 23)
    assert found.waited_days[Side.BUYER, 0] == 8 + 13
    assert found.overdue_days[Side.BUYER, 0] == 3 + 2 + 3


def test_plan_without_days_says_so(past: Make) -> None:
    """A step that came up without a day has none until one is named, and nobody knows how often that had moved before."""
    history = past(promised(0, -START), promised(9, 20))
    before, after = plan(history, 5), plan(history, 12)
    assert (before.has_days[0], after.has_days[0]) == (False, True)
    assert (before.watched[0], after.watched[0]) == (False, False)


def test_dated_plan_is_watched(past: Make) -> None:
    """A step that was promised for a day from the first is known in full, and so is having no plan."""
    history = past(promised(0, 5))
    assert [bool(plan(history, day).watched[0]) for day in (-1, 3)] == [True, True]
