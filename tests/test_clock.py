"""Instants as micros and days as numbers, there and back."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmsync.clock import MICROS_PER_DAY, iso, parse_instant, system_clock, to_date, to_datetime, to_day, to_micros


@given(st.datetimes(timezones=st.just(UTC)))
def test_micros_hold_an_instant_exactly(instant: datetime) -> None:
    """Nothing of an instant is lost, before or after 1970."""
    assert to_datetime(to_micros(instant)) == instant


@given(st.datetimes(timezones=st.just(UTC)))
def test_iso_is_read_back_as_the_same_instant(instant: datetime) -> None:
    """What is written to a file or a CRM means the same when it is read."""
    assert parse_instant(iso(to_micros(instant))) == to_micros(instant)


@given(st.dates())
def test_days_hold_a_date_exactly(day: date) -> None:
    """A date is a whole number of days, before or after 1970."""
    assert to_date(to_day(day)) == day


def test_to_micros_is_the_same_in_every_zone() -> None:
    """An instant doesn't depend on the zone that it is told in."""
    east = datetime(2026, 1, 31, 10, tzinfo=timezone(timedelta(hours=2)))
    assert to_micros(east) == to_micros(datetime(2026, 1, 31, 8, tzinfo=UTC))


def test_to_micros_refuses_a_time_without_a_zone() -> None:
    """Its zone would be a guess."""
    with pytest.raises(ValueError, match="a time without a zone"):
        to_micros(datetime(2026, 1, 31))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
        ("2026-01-31T09:00:00+01:00", "2026-01-31T08:00:00Z"),
        ("2026-01-31T08:00:00.000+0000", "2026-01-31T08:00:00Z"),
        ("2026-01-31T08:00:00.25Z", "2026-01-31T08:00:00.250000Z"),
    ],
)
def test_parse_instant_reads_the_forms_of_both_crms(text: str, same: str) -> None:
    """A date is its first moment in UTC; zones and fractions are kept."""
    assert iso(parse_instant(text)) == same


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "2026-01-31T08:00:00", "31.01.2026"])
def test_parse_instant_refuses_what_isnt_one(text: str) -> None:
    """Neither a date that doesn't exist nor a time without a zone becomes an instant."""
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)


def test_system_clock_tells_the_present() -> None:
    """The machine's clock is read in micros."""
    now = to_micros(datetime.now(UTC))
    assert abs(system_clock() - now) < MICROS_PER_DAY
