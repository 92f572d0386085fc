"""Instants and days as HubSpot writes them: ISO 8601 in UTC, milliseconds only where there are any."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import format_datetime

import numpy as np

from crmsync.sandbox.columns import Ints

MILLI, SECOND = 1_000, 1_000_000  # micros
DAY = 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = 719_163  # the ordinal of 1970-01-01


def instant_text(at: int) -> str:
    """Micros as `2026-09-24T03:26:07.250Z`, cut to the millisecond."""
    text = (_EPOCH + timedelta(microseconds=at // MILLI * MILLI)).isoformat(timespec="milliseconds")
    return text[:23].removesuffix(".000") + "Z"


def instant_texts(at: Ints) -> list[str]:
    """Many instants at once."""
    texts = np.datetime_as_string((at // MILLI).astype("datetime64[ms]"))
    return [f"{text.removesuffix('.000')}Z" for text in texts.tolist()]


def day_text(day: int) -> str:
    """Days since 1970 as `2026-09-24`."""
    return date.fromordinal(day + _EPOCH_DAY).isoformat()


def read_instant(text: str) -> int | None:
    """Micros of epoch milliseconds, of an ISO instant with a zone, or of a day (its midnight UTC); None if it is none."""
    try:
        if text.removeprefix("-").isdigit():
            return int(text) * MILLI
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return (moment.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) if len(text) == 10 else None
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def local_instant(day: int, hour: int, zone: tzinfo) -> int:
    """Micros of an hour of a day as the account's clocks show it."""
    moment = datetime.combine(date.fromordinal(day + _EPOCH_DAY), datetime.min.time(), zone).replace(hour=hour)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def local_instants(days: Ints, hour: int, zone: tzinfo) -> Ints:
    """`local_instant` of many days: the same few thousand come again and again."""
    distinct, inverse = np.unique(days, return_inverse=True)
    return np.array([local_instant(int(day), hour, zone) for day in distinct], dtype=np.int64)[inverse]


def local_day(at: int, zone: tzinfo) -> int:
    """The day, since 1970, that the account's clocks show at an instant."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone).toordinal() - _EPOCH_DAY


def http_date(at: int) -> str:
    """Micros as the Date header writes them."""
    return format_datetime(_EPOCH + timedelta(seconds=at // SECOND), usegmt=True)
