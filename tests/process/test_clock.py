"""This machine's clock steps: back an hour, to 1970, to a day in 2038. Only the ledger obeys it."""

from itertools import repeat
from pathlib import Path

import pytest

from crmsync import scheduler
from crmsync.clock import Clock, iso, parse_instant
from crmsync.pipeline import Pipeline
from crmsync.store import dump, runs
from crmsync.views import ledger
from crmsync.watch import Watch
from tests.story.tale import Tale, tale

NOW = parse_instant("2026-06-01T02:00:00Z")
HOUR = 3_600 * 1_000_000
FIVE_MINUTES = HOUR // 12
HOURLY = 'schedule = "0 * * * *"\nsteps = ["pull"]\ncrms = ["hub"]\n'
STEPS = {
    "back an hour": NOW - HOUR,
    "to 1970": 1,
    "past 2038": parse_instant("2038-01-19T03:14:08Z"),
    "to 9999": parse_instant("9999-12-30"),
}


def serve_with_steps(it: Tale, *, steps: dict[int, int]) -> list[str]:
    """Serves by a clock that goes on by five minutes at each look, and steps at the announcements of these numbers; gives those."""
    told, watch, now = [], Watch(), NOW

    def clock() -> int:
        nonlocal now
        now += FIVE_MINUTES
        return now

    def tell(line: str) -> None:
        nonlocal now
        if "next: " in line:
            told.append(line.rpartition(" ")[2])
            now = steps.get(len(told), now)
            watch.stopping = len(told) > len(steps)

    scheduler.serve(it.config, it.store, tell=tell, clock=clock, watch=watch)
    return told


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


def test_job_runs_on_after_a_clock_that_was_far_ahead(tmp_path: Path) -> None:
    """A run in a wrong 2038 puts off neither the service's next one, once the clock is right, nor that of a service begun anew."""
    with tale(tmp_path) as it:
        for job in (it.pipeline.root / "jobs").glob("*.toml"):
            job.unlink()
        (it.pipeline.root / "jobs" / "hourly.toml").write_text(HOURLY)
        told = serve_with_steps(it, steps={1: STEPS["past 2038"], 2: NOW})
        anew = serve_with_steps(it, steps={})
    assert (told[0], told[1][:4], told[2], anew) == (iso(NOW + HOUR), "2038", iso(NOW + 2 * HOUR), [iso(NOW + HOUR)])
