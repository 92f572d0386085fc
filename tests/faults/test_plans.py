"""Plans that nobody would draw up: each is shown and written as what it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmsync.clock import to_datetime, to_day
from crmsync.records import MilestoneRecord, Side
from crmsync.store.engine import Store
from crmsync.views import explain, explained
from tests.crms.stores import opened
from tests.store.rows import SECOND, T0, deal, milestone, pull

DAY = 86_400 * SECOND
TODAY = to_day(to_datetime(T0).date())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with opened(tmp_path) as empty:
        yield empty


def plan(store: Store, *steps: MilestoneRecord) -> list[str]:
    """What a person reads of a deal's plan."""
    pull(store, deals=[deal("D1")], milestones=list(steps))
    told = explained.lines(explain.explain(store, "D1"))
    start = next(place for place, line in enumerate(told) if line in ("plan", "no plan yet"))
    return told[start : told.index("", start)]


def step(number: int, **different: Any) -> MilestoneRecord:
    """A step of the deal."""
    return milestone(**{"crm_id": f"M{number}", "deal": "D1", "name": f"step {number}", **different})


def test_plan_without_steps_says_so(store: Store) -> None:
    """Instead of a list of nothing."""
    assert plan(store) == ["no plan yet"]


def test_plan_that_is_done_lists_when(store: Store) -> None:
    """Also a step that was done before it was made, as an import may have it."""
    told = plan(store, step(1, done_at=T0 + DAY), step(2, created_at=T0, done_at=T0 - DAY))
    assert [line.split("; ")[1] for line in told[1:]] == ["done 2023-11-15T22:13:20Z", "done 2023-11-13T22:13:20Z"]


def test_plan_whose_steps_are_all_late_lists_their_days(store: Store) -> None:
    """Years late, or promised for the last day that calendars have."""
    told = plan(store, step(1, due_on=TODAY - 4_000, done_at=None), step(2, due_on=2_932_896, done_at=None))
    assert [line.split(": ")[1] for line in told[1:]] == ["due 2012-12-01; open", "due 9999-12-31; open"]


def test_step_without_side_day_and_name_is_shown(store: Store) -> None:
    """Nobody's step for no day is still a step."""
    told = plan(store, step(1, name="", side=Side.UNKNOWN, due_on=None, done_at=None))
    assert [" ".join(line.split()) for line in told[1:]] == ["(unknown): no date; open"]
