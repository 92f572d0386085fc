"""Time, read at one place. Instants travel as integer microseconds since 1970 UTC ("micros"), days as integer days since 1970."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

MICROS_PER_SECOND = 1_000_000
MICROS_PER_DAY = 86_400 * MICROS_PER_SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)

Clock = Callable[[], int]  # gives the present instant in micros


def system_clock() -> int:
    """The machine's present instant in micros."""
    return time.time_ns() // 1000


def to_micros(instant: datetime) -> int:
    """An aware datetime as micros. Raises ValueError on a naive one: its zone would be a guess."""
    if instant.tzinfo is None:
        raise ValueError("a time without a zone")
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * MICROS_PER_SECOND + since.microseconds


def to_datetime(micros: int) -> datetime:
    """Micros as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=micros)


def to_day(day: date) -> int:
    """A date as days since 1970."""
    return (day - _EPOCH_DAY).days


def to_date(day: int) -> date:
    """Days since 1970 as a date."""
    return _EPOCH_DAY + timedelta(days=day)


@lru_cache(maxsize=8_192)  # a record's stamps are read several times, and many records share one
def parse_instant(text: str) -> int:
    """An ISO 8601 instant (or a date: its first moment, UTC) as micros. Raises ValueError when it can't be read."""
    if len(text) == len("2026-01-31"):
        return to_day(date.fromisoformat(text)) * MICROS_PER_DAY
    try:
        return to_micros(datetime.fromisoformat(text))
    except OverflowError:
        raise ValueError("no calendar goes so far") from None


def iso(micros: int) -> str:
    """Micros as `2026-01-31T08:00:00Z`, with a fraction only where there is one."""
    return to_datetime(micros).isoformat().replace("+00:00", "Z")
