"""When jobs run, over every change of the clocks that any zone has in eleven years."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest

from crmsync.clock import to_datetime, to_micros
from crmsync.scheduler import next_run
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
