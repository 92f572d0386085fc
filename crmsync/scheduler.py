"""Runs jobs when they are due, one after the other: `schedule` says when, by APScheduler's cron trigger.

The library's scheduler isn't used, because it knows neither the ledger (what was missed while nothing ran stands there, not in a
job store) nor any clock but the machine's, and runs jobs side by side, of which a store takes one at a time.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crmsync import workspace
from crmsync.clock import MICROS_PER_SECOND, Clock, iso, system_clock
from crmsync.config import Config
from crmsync.errors import BadConfig, CrmsyncError, LeaseHeld, RetryLater
from crmsync.runner import RETRY_S, Runner
from crmsync.schedule import next_run
from crmsync.store import runs
from crmsync.store.engine import Store
from crmsync.store.runs import JOB, OPEN
from crmsync.views.health import health
from crmsync.watch import Watch
from crmsync.words import many
from crmsync.workspace import JobSpec

POLL_S = 0.5  # how soon a signal or a clock that was set is noticed
HELD_S = 5  # one that another runner is at is looked at again: it may have been killed
LOOK_EVERY = 60 * MICROS_PER_SECOND  # how soon a job that is overdue is noticed

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """When a job runs next: at `at`, for the time `due` by its schedule, which several runs may try to serve."""

    at: int
    due: int


def serve(config: Config, store: Store, *, tell: Tell, clock: Clock = system_clock, watch: Watch | None = None) -> None:
    """Runs the workspace's jobs when they are due, until `watch.stopping`. Raises BadConfig when there is nothing to run.

    `tell` takes what the service says of itself; each step's row of the ledger goes to `watch`. Several may serve one store: each
    time of a job is served by one of them.
    """
    watch = watch or Watch()
    follow(workspace.jobs(config.file.resolve().parent), Runner(config, store, clock=clock, watch=watch), tell=tell)


def follow(jobs: Mapping[str, JobSpec], runner: Runner, *, tell: Tell) -> None:
    """Lets jobs run when they are due, until the runner is told to stop."""
    if not jobs:
        raise BadConfig("E111", "no jobs", where="jobs/", remedy="crmsync init DIR makes a workspace with the starters")
    clock = runner.clock
    turns = {name: first_turn(spec, runner.store, now=clock()) for name, spec in jobs.items()}
    tell(f"serving {many(len(jobs), 'job')}; next: {_next(turns)}")
    looked_at = 0
    while not runner.watch.stopping:
        if not 0 <= clock() - looked_at < LOOK_EVERY:  # also after the clock was set back
            looked_at = clock()
            for name, spec in jobs.items():
                runner.look(spec)
                due = next_run(spec, after=looked_at)
                turns[name] = min(turns[name], Turn(due, due), key=_at)  # a clock that was ahead left it far off
        name = min(turns, key=lambda job: turns[job].at)
        if turns[name].at > clock():
            time.sleep(POLL_S)
            continue
        turns[name] = _run(jobs[name], turns[name], runner, tell=tell)
        tell(f"next: {_next(turns)}")
    tell("stopped on request")


def first_turn(spec: JobSpec, store: Store, *, now: int) -> Turn:
    """When a job runs first: at once where a time was missed and the job says "once", else at its next time.

    A run without an end counts as missed until it has one: it was killed, or another runner is at it.
    """
    last, newest = runs.last_of_job(store, spec.name), runs.last(store, JOB, spec.name)
    if newest is not None and newest.status in OPEN and spec.missed == "once":
        return Turn(now, newest.started_at)
    since = now if last is None or spec.missed == "skip" else min(last.started_at, now)
    due = next_run(spec, after=since)
    return Turn(max(due, now), due)


def _run(spec: JobSpec, turn: Turn, runner: Runner, *, tell: Tell) -> Turn:
    """Runs a job once and gives when it runs again. No fault of a run ends the service."""
    pause, again = 0, None
    try:
        if runner.run(spec, due=turn.due):
            _tell_if_long(spec, runner, tell=tell)
        again = runner.turn(spec, due=turn.due)  # another may have put it off
    except CrmsyncError as fault:
        if not isinstance(fault, LeaseHeld) or turn.at == turn.due:
            tell(f"{spec.name}: {fault}")
        pause = HELD_S if isinstance(fault, LeaseHeld) else RETRY_S if isinstance(fault, RetryLater) else 0
    now = runner.clock()
    due = next_run(spec, after=now)
    if pause:
        again = now + pause * MICROS_PER_SECOND
    return Turn(due, due) if again is None or not now < again < due else Turn(again, turn.due)


def _tell_if_long(spec: JobSpec, runner: Runner, *, tell: Tell) -> None:
    """A run that took longer than there was to the job's next time made it late."""
    found = health(runner.store, spec, now=runner.clock())
    if found.overran:
        tell(f"{spec.name}: took {found.took_s / 60:,.0f} min of the {found.period_s / 60:,.0f} to its next time")


def _at(turn: Turn) -> int:
    return turn.at


def _next(turns: Mapping[str, Turn]) -> str:
    name = min(turns, key=lambda job: turns[job].at)
    return f"{name} at {iso(turns[name].at // MICROS_PER_SECOND * MICROS_PER_SECOND)}"
