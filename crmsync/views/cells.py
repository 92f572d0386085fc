"""How values are shown, by the name of their column: instants and days as ISO text, the rest as it is."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from math import isnan
from typing import Any

from crmsync.clock import MICROS_PER_DAY, MICROS_PER_SECOND, iso, to_date

DAY_COLUMNS = ("close_p20", "close_p50", "close_p80")


def is_instant(column: str) -> bool:
    """Whether a column holds micros."""
    return column in ("at", "as_of", "stamp") or column.endswith("_at")


def is_day(column: str) -> bool:
    """Whether a column holds days since 1970."""
    return column.endswith("_on") or column in DAY_COLUMNS


def cell(column: str, value: Any) -> Any:
    """One value: an instant as `2026-01-31T08:00:00Z`, a day as `2026-01-31`, anything else as it is."""
    if value is None or isinstance(value, str):
        return value
    if is_instant(column):
        return iso(value)
    return to_date(value).isoformat() if is_day(column) else value


def document(told: Any) -> Any:
    """Records, rows and lists of them as what JSON takes."""
    if is_dataclass(told) and not isinstance(told, type):
        return document(asdict(told))
    if isinstance(told, Mapping):
        return {str(name): cell(str(name), document(value)) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [document(each) for each in told]
    return None if isinstance(told, float) and isnan(told) else told


def moment(micros: int) -> str:
    """An instant to the second."""
    return iso(micros // MICROS_PER_SECOND * MICROS_PER_SECOND)


def age(micros: int) -> str:
    """A span of time as a person says it: `40 s`, `12 min`, `5 h`, `3 days`."""
    seconds = max(micros, 0) // MICROS_PER_SECOND
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    if micros < 2 * MICROS_PER_DAY:
        return f"{seconds // 3600} h"
    return f"{micros // MICROS_PER_DAY} days"
