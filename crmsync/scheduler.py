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
from crmsync.pipeline import Pipeline
from crmsync.schedule import next_run
from crmsync.store import runs
from crmsync.store.engine import Store
from crmsync.watch import Watch
from crmsync.workspace import JobSpec

POLL_S = 0.5  # how soon a signal or a clock that was set is noticed
RETRY_S = 300  # a job that a CRM or another runner kept from ending is tried again after so long

Tell = Callable[[str], None]


def serve(config: Config, store: Store, *, tell: Tell, clock: Clock = system_clock, watch: Watch | None = None) -> None:
    """Runs the workspace's jobs when they are due, until `watch.stopping`. Raises BadConfig when there is nothing to run."""
    watch = watch or Watch()
    jobs = workspace.jobs(config.file.resolve().parent)
    if not jobs:
        raise BadConfig("E111", "no jobs", where="jobs/", remedy="crmsync init DIR makes a workspace with the starters")
    due = {name: first_due(spec, store, now=clock()) for name, spec in jobs.items()}
    tell(f"serving {len(jobs)} jobs; next: {_next(due)}")
    while not watch.stopping:
        name = min(due, key=lambda job: due[job])
        if due[name] > clock():
            time.sleep(POLL_S)
            continue
        due[name] = _run(jobs[name], config, store, tell=tell, clock=clock, watch=watch)
        tell(f"next: {_next(due)}")
    tell("stopped on request")


def first_due(spec: JobSpec, store: Store, *, now: int) -> int:
    """When a job is due first: at once where a time was missed and the job says "once", else at its next time."""
    last = runs.last_of_job(store, spec.name)
    if last is None or spec.missed == "skip":
        return next_run(spec, after=now)
    return max(next_run(spec, after=last.started_at), now)


def _run(spec: JobSpec, config: Config, store: Store, *, tell: Tell, clock: Clock, watch: Watch) -> int:
    """Runs a job once and gives when it is due again. No fault of a run ends the service."""
    try:
        for row in Pipeline(config, store, clock=clock, watch=watch, job=spec.name).run(spec):
            counts = ", ".join(f"{count:,} {name}" for name, count in row.counts.items() if count)
            tell(f"{spec.name}: {row.step} {row.target}: {row.status}" + (f": {counts}" if counts else ""))
    except CrmsyncError as fault:
        tell(f"{spec.name}: {fault}")
        again = clock() + RETRY_S * MICROS_PER_SECOND
        if isinstance(fault, RetryLater | LeaseHeld):
            return min(again, next_run(spec, after=clock()))
    return next_run(spec, after=clock())


def _next(due: Mapping[str, int]) -> str:
    name = min(due, key=lambda job: due[job])
    return f"{name} at {iso(due[name] // MICROS_PER_SECOND * MICROS_PER_SECOND)}"
