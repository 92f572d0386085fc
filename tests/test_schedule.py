"""When jobs run, over every change of the clocks that any zone has in eleven years."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest

from crmsync.clock import to_datetime, to_micros
from crmsync.schedule import missed, next_run, period
from crmsync.workspace import JobSpec

FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def changes(zone: ZoneInfo) -> list[datetime]:
    """The days, at midnight UTC, in which a zone's clocks were changed."""
    days = [FIRST + number * DAY for number in range((LAST - FIRST).days)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return [days[place] for place in range(len(days) - 1) if offsets[place] != offsets[place + 1]]


def runs(schedule: str, zone: str, *, start: datetime, end: datetime) -> list[datetime]:
    """When a job is due between two instants, on the zone's own clock."""
    spec = JobSpec(name="job", file=Path("job.toml"), schedule=schedule, zone=zone, steps=("pull",))
    due, found = to_micros(start), []
    while (due := next_run(spec, after=due)) <= to_micros(end):
        found.append(to_datetime(due).astimezone(ZoneInfo(zone)))
    return found


@pytest.mark.parametrize("hour", range(4))
def test_next_run_comes_once_a_day_in_every_zone(hour: int) -> None:
    """Around every change of the clocks a daily job at night has one run for each day, never none and never two."""
    wrong = []
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for day in changes(zone):
            midnight = day.replace(tzinfo=zone)
            due = [each.date() for each in runs(f"30 {hour} * * *", name, start=midnight - DAY, end=midnight + 3 * DAY)]
            if due != [(midnight + number * DAY).date() for number in range(-1, 3)]:
                wrong.append((name, day, due))
    assert wrong == []


def test_next_run_of_a_skipped_time_comes_after_the_change() -> None:
    """Half past two isn't there on the night when clocks go from two to three: the job runs at half past three."""
    night = datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/Berlin"))
    assert [each.hour for each in runs("30 2 * * *", "Europe/Berlin", start=night, end=night + DAY)] == [3]


def test_next_run_of_an_hourly_job_goes_by_real_hours() -> None:
    """On the night with an hour twice an hourly job runs in each of them."""
    night = datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/Berlin"))
    due = runs("0 * * * *", "Europe/Berlin", start=night, end=night + timedelta(hours=6))
    assert {later - earlier for earlier, later in pairwise(each.astimezone(UTC) for each in due)} == {
        timedelta(hours=1)
    }


def job(schedule: str) -> JobSpec:
    """A pull in UTC."""
    return JobSpec(name="job", file=Path("job.toml"), schedule=schedule, steps=("pull",))


def test_missed_counts_the_times_that_passed() -> None:
    """Asleep from eleven to eight, an hourly job missed nine times; a time that is now counts, one to come doesn't."""
    evening = to_micros(datetime(2026, 6, 1, 23, tzinfo=UTC))
    morning = evening + to_span(timedelta(hours=9))
    counted = [missed(job("0 * * * *"), since=evening, now=now) for now in (morning - 1, morning)]
    assert counted == [8, 9]


def test_missed_counts_to_a_hundred() -> None:
    """A year of silence is told at once, whatever the schedule."""
    began = to_micros(FIRST)
    assert missed(job("0 * * * *"), since=began, now=began + to_span(timedelta(days=365))) == 100


def test_period_is_that_of_the_next_two_times() -> None:
    """From Friday a working-day job has three days to run, from Monday one."""
    friday = to_micros(datetime(2026, 6, 4, 12, tzinfo=UTC))
    spans = [period(job("0 3 * * mon-fri"), at=friday + to_span(timedelta(days=days))) for days in (0, 3)]
    assert spans == [to_span(timedelta(days=3)), to_span(DAY)]


def to_span(span: timedelta) -> int:
    """A span in micros."""
    return span // timedelta(microseconds=1)
