"""Runs jobs when they are due, one after the other: `schedule` says when, by APScheduler's cron trigger.

The library's scheduler isn't used, because it knows neither the ledger (what was missed while nothing ran stands there, not in a
job store) nor any clock but the machine's, and runs jobs side by side, of which a store takes one at a time.
"""

import time
from collections.abc import Callable, Mapping

from crmsync import workspace
from crmsync.clock import MICROS_PER_SECOND, Clock, iso, system_clock
from crmsync.config import Config
from crmsync.errors import BadConfig, CrmsyncError, LeaseHeld, RetryLater
from crmsync.runner import Runner
from crmsync.schedule import next_run
from crmsync.store import runs
from crmsync.store.engine import Store
from crmsync.views.health import health
from crmsync.watch import Watch
from crmsync.words import many
from crmsync.workspace import JobSpec

POLL_S = 0.5  # how soon a signal or a clock that was set is noticed
RETRY_S = 300  # a job that a CRM or another runner kept from ending is tried again after so long
LOOK_EVERY = 60 * MICROS_PER_SECOND  # how soon a job that is overdue is noticed

Tell = Callable[[str], None]


def serve(config: Config, store: Store, *, tell: Tell, clock: Clock = system_clock, watch: Watch | None = None) -> None:
    """Runs the workspace's jobs when they are due, until `watch.stopping`. Raises BadConfig when there is nothing to run.

    `tell` takes what the service says of itself; each step's row of the ledger goes to `watch`.
    """
    watch = watch or Watch()
    jobs = workspace.jobs(config.file.resolve().parent)
    if not jobs:
        raise BadConfig("E111", "no jobs", where="jobs/", remedy="crmsync init DIR makes a workspace with the starters")
    runner = Runner(config, store, clock=clock, watch=watch)
    due = {name: first_due(spec, store, now=clock()) for name, spec in jobs.items()}
    tell(f"serving {many(len(jobs), 'job')}; next: {_next(due)}")
    looked_at = 0
    while not watch.stopping:
        if not 0 <= clock() - looked_at < LOOK_EVERY:  # also after the clock was set back
            looked_at = clock()
            for name, spec in jobs.items():
                runner.look(spec)
                due[name] = min(due[name], next_run(spec, after=looked_at))  # a clock that was ahead left it far off
        name = min(due, key=lambda job: due[job])
        if due[name] > clock():
            time.sleep(POLL_S)
            continue
        due[name] = _run(jobs[name], runner, tell=tell)
        tell(f"next: {_next(due)}")
    tell("stopped on request")


def first_due(spec: JobSpec, store: Store, *, now: int) -> int:
    """When a job is due first: at once where a time was missed and the job says "once", else at its next time."""
    last = runs.last_of_job(store, spec.name)
    if last is None or spec.missed == "skip":
        return next_run(spec, after=now)
    return max(next_run(spec, after=min(last.started_at, now)), now)


def _run(spec: JobSpec, runner: Runner, *, tell: Tell) -> int:
    """Runs a job once and gives when it is due again. No fault of a run ends the service."""
    clock = runner.clock
    try:
        runner.run(spec)
        _tell_if_long(spec, runner, tell=tell)
    except CrmsyncError as fault:
        tell(f"{spec.name}: {fault}")
        again = clock() + RETRY_S * MICROS_PER_SECOND
        if isinstance(fault, RetryLater | LeaseHeld):
            return min(again, next_run(spec, after=clock()))
    return next_run(spec, after=clock())


def _tell_if_long(spec: JobSpec, runner: Runner, *, tell: Tell) -> None:
    """A run that took longer than there was to the job's next time made it late."""
    found = health(runner.store, spec, now=runner.clock())
    if found.overran:
        tell(f"{spec.name}: took {found.took_s / 60:,.0f} min of the {found.period_s / 60:,.0f} to its next time")


def _next(due: Mapping[str, int]) -> str:
    name = min(due, key=lambda job: due[job])
    return f"{name} at {iso(due[name] // MICROS_PER_SECOND * MICROS_PER_SECOND)}"
