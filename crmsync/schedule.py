"""When a job is due, what of it was missed, how long until it comes again. The only file that imports APScheduler."""

import re
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from crmsync.clock import to_datetime, to_micros
from crmsync.errors import BadConfig
from crmsync.toml import locate
from crmsync.workspace import JobSpec

LONGEST_CHANGE = timedelta(hours=3)  # that clocks are put forward or back by
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")  # cron counts from Sunday; the library from Monday
MOST_MISSED = 100  # times are counted up to so many


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
    where = locate(spec.file, ["schedule"])
    return BadConfig("E112", f"schedule {spec.schedule!r} can't be read: {why}", where=where, remedy=remedy)


def _by_name(schedule: str) -> str:
    """The schedule with its weekdays by name."""
    *head, weekday = schedule.split() or [""]
    named = re.sub(r"(?<!/)\b[0-7]\b", lambda number: WEEKDAYS[int(number[0])], weekday)
    return " ".join([*head, named])


def missed(spec: JobSpec, *, since: int, now: int) -> int:
    """How many times a job was due after an instant and up to now, at most 100."""
    count, due = 0, next_run(spec, after=since)
    while due <= now and count < MOST_MISSED:
        count, due = count + 1, next_run(spec, after=due)
    return count


def period(spec: JobSpec, *, at: int) -> int:
    """How long it is from the first time after an instant to the next one, in micros."""
    due = next_run(spec, after=at)
    return next_run(spec, after=due) - due
