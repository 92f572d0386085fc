"""This machine's clock steps: back an hour, to 1970, to a day in 2038. Only the ledger obeys it."""

from itertools import repeat
from pathlib import Path

import pytest

from crmsync.clock import Clock, iso, parse_instant
from crmsync.pipeline import Pipeline
from crmsync.store import dump, runs
from crmsync.views import ledger
from tests.story.tale import tale

NOW = parse_instant("2026-06-01T02:00:00Z")
HOUR = 3_600 * 1_000_000
STEPS = {
    "back an hour": NOW - HOUR,
    "to 1970": 1,
    "past 2038": parse_instant("2038-01-19T03:14:08Z"),
    "to 9999": parse_instant("9999-12-30"),
}


def stepping(first: int, then: int, *, after: int) -> Clock:
    """A clock that steps after so many looks at it."""
    told = repeat(first, after)
    return lambda: next(told, then)


def standing(at: int) -> Clock:
    """A clock that stands."""
    return lambda: at


@pytest.mark.parametrize("to", STEPS.values(), ids=STEPS.keys())
def test_clock_that_steps_in_a_run_changes_nothing_that_is_stored(tmp_path: Path, to: int) -> None:
    """Pull, training, scores and plan are as with a good clock; every run ends, and none took less than no time."""
    found = []
    for place, second in (("good", NOW), ("stepped", to)):
        with tale(tmp_path / place) as it:
            it.pipeline = Pipeline(it.config, it.store, clock=stepping(NOW, second, after=4))
            it.pipeline.pull()
            it.pipeline.train("close")
            planned = it.plan()
            rows = runs.after(it.store, 0)
            assert not [line for line in map(ledger.line, rows) if " -" in line]
            found.append((dump.digest(it.store), planned, it.statuses()))
    assert found[0] == found[1]


@pytest.mark.parametrize("to", STEPS.values(), ids=STEPS.keys())
def test_store_is_free_after_the_clock_stepped(tmp_path: Path, to: int) -> None:
    """What ran by one clock doesn't keep out what runs by another, and both stand in the ledger."""
    with tale(tmp_path) as it:
        for clock in (NOW, to, NOW):
            Pipeline(it.config, it.store, clock=standing(clock)).pull("main")
        started = [iso(row.started_at) for row in runs.after(it.store, 0)]
    assert started == [iso(NOW), iso(to), iso(NOW)]
