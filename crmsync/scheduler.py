"""When jobs run: APScheduler's cron trigger says when, a loop of our own runs them one after the other.

The library's scheduler isn't used, because it knows neither the ledger (what was missed while nothing ran stands there, not in a
job store) nor any clock but the machine's, and runs jobs side by side, of which a store takes one at a time.
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from crmsync import workspace
from crmsync.clock import MICROS_PER_SECOND, Clock, iso, system_clock, to_datetime, to_micros
from crmsync.config import Config
from crmsync.errors import BadConfig, CrmsyncError, LeaseHeld, RetryLater
from crmsync.pipeline import Pipeline
from crmsync.store import runs
from crmsync.store.engine import Store
from crmsync.watch import Watch
from crmsync.workspace import JobSpec

POLL_S = 0.5  # how soon a signal or a clock that was set is noticed
RETRY_S = 300  # a job that a CRM or another runner kept from ending is tried again after so long
LONGEST_CHANGE = timedelta(hours=3)  # that clocks are put forward or back by
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")  # cron counts from Sunday; the library from Monday

Tell = Callable[[str], None]


def next_run(spec: JobSpec, *, after: int) -> int:
    """The first instant after another at which a job is due. Raises BadConfig when its schedule can't be read or never comes.

    Where clocks are changed, a job with set hours runs once for each time on the wall: a time that is skipped comes as much later
    as clocks were put forward, one that comes twice counts the first time. A job of every hour (`*`) runs both times.
    """
    zone, schedule = ZoneInfo(spec.zone), _by_name(spec.schedule)
    hourly = any(hour.startswith("*") for hour in schedule.split()[1:2])
    try:
        # The library is asked for times on the wall only: its own way through an hour that comes twice may never end.
        trigger = CronTrigger.from_crontab(schedule, timezone=UTC)
    except ValueError as error:
        raise _bad_schedule(spec, str(error)) from None
    wall, due = to_datetime(after).astimezone(zone).replace(tzinfo=UTC) - LONGEST_CHANGE, set[int]()
    while (found := trigger.get_next_fire_time(None, wall)) is not None:
        first, again = (to_micros(found.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
        due |= {first, again} if hourly and again > first else {first}
        if first > after:
            return min(each for each in due if each > after)
        wall = found + timedelta(microseconds=1)
    raise _bad_schedule(spec, "no such day ever comes")


def _bad_schedule(spec: JobSpec, why: str) -> BadConfig:
    remedy = 'five fields: minute hour day month weekday, such as "30 3 * * mon-fri"'
    return BadConfig("E112", f"schedule {spec.schedule!r} can't be read: {why}", where=str(spec.file), remedy=remedy)


def _by_name(schedule: str) -> str:
    """The schedule with its weekdays by name."""
    *head, weekday = schedule.split() or [""]
    named = re.sub(r"(?<!/)\b[0-7]\b", lambda number: WEEKDAYS[int(number[0])], weekday)
    return " ".join([*head, named])


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
