"""Instants and days as the REST API writes them, and as people write them in SOQL and JSON."""

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import numpy as np

from crmsync.sandbox.columns import Ints

SECOND = 1_000_000  # micros
DAY = 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)(Z|[+-]\d\d:?\d\d)")


def instant_text(at: int) -> str:
    """Micros as `2026-09-24T03:26:07.000+0000`, cut to the second."""
    return (_EPOCH + timedelta(seconds=at // SECOND)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def instant_texts(at: Ints) -> list[str]:
    """Many instants at once."""
    seconds = np.datetime_as_string((at // SECOND).astype("datetime64[s]"))
    return [f"{text}.000+0000" for text in seconds.tolist()]


def day_text(day: int) -> str:
    """Days since 1970 as `2026-09-24`."""
    return date.fromordinal(day + 719_163).isoformat()


def day_of(at: int) -> int:
    """The UTC day of an instant."""
    return at // DAY


def read_instant(text: str) -> int | None:
    """Micros of an ISO 8601 instant with a zone, None if it is none."""
    match = _INSTANT.fullmatch(text)
    if not match:
        return None
    try:
        moment = datetime.fromisoformat(match[1] + match[2].replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1)


def read_day(text: str) -> int | None:
    """Days since 1970 of `YYYY-MM-DD`, None if it is none."""
    try:
        return date.fromisoformat(text).toordinal() - 719_163 if len(text) == 10 else None
    except ValueError:
        return None


def http_date(at: int) -> str:
    """Micros as the Date header writes them."""
    return format_datetime(_EPOCH + timedelta(seconds=at // SECOND), usegmt=True)
