"""Relative date literals: TODAY, LAST_N_DAYS:30, THIS_QUARTER ... as ranges of days. Time zone UTC, fiscal year from January."""

from collections.abc import Callable
from datetime import date, timedelta

Range = tuple[date, date]  # first day, day after the last


def _month(day: date, months: int) -> date:
    """The first day of the month that lies some months from a day's."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _months(today: date, *, size: int, start: int, count: int = 1) -> Range:
    """`count` periods of `size` months, beginning `start` periods from the one that holds today."""
    first = date(today.year, (today.month - 1) // size * size + 1, 1)
    return _month(first, start * size), _month(first, (start + count) * size)


def _days(today: date, start: int, end: int) -> Range:
    return today + timedelta(days=start), today + timedelta(days=end)


def _weeks(today: date, *, start: int, count: int = 1) -> Range:
    """Weeks begin on Sunday, as in the locale en_US."""
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    return sunday + timedelta(weeks=start), sunday + timedelta(weeks=start + count)


_MONTHS_OF = {
    "MONTH": 1,
    "QUARTER": 3,
    "FISCAL_QUARTER": 3,
    "YEAR": 12,
    "FISCAL_YEAR": 12,
}


def _plain() -> dict[str, Callable[[date], Range]]:
    made: dict[str, Callable[[date], Range]] = {
        "YESTERDAY": lambda today: _days(today, -1, 0),
        "TODAY": lambda today: _days(today, 0, 1),
        "TOMORROW": lambda today: _days(today, 1, 2),
        "LAST_90_DAYS": lambda today: _days(today, -90, 1),
        "NEXT_90_DAYS": lambda today: _days(today, 1, 91),
    }
    for word, start in (("LAST", -1), ("THIS", 0), ("NEXT", 1)):
        made[f"{word}_WEEK"] = lambda today, start=start: _weeks(today, start=start)  # type: ignore[misc]
        for name, size in _MONTHS_OF.items():
            made[f"{word}_{name}"] = lambda today, size=size, start=start: _months(  # type: ignore[misc]
                today, size=size, start=start
            )
    return made


def _counted() -> dict[str, Callable[[date, int], Range]]:
    made: dict[str, Callable[[date, int], Range]] = {
        "LAST_N_DAYS": lambda today, n: _days(today, -n, 1),
        "NEXT_N_DAYS": lambda today, n: _days(today, 1, n + 1),
        "N_DAYS_AGO": lambda today, n: _days(today, -n, 1 - n),
        "LAST_N_WEEKS": lambda today, n: _weeks(today, start=-n, count=n),
        "NEXT_N_WEEKS": lambda today, n: _weeks(today, start=1, count=n),
        "N_WEEKS_AGO": lambda today, n: _weeks(today, start=-n),
    }
    for name, size in _MONTHS_OF.items():
        made[f"LAST_N_{name}S"] = lambda today, n, size=size: _months(  # type: ignore[misc]
            today, size=size, start=-n, count=n
        )
        made[f"NEXT_N_{name}S"] = lambda today, n, size=size: _months(  # type: ignore[misc]
            today, size=size, start=1, count=n
        )
        made[f"N_{name}S_AGO"] = lambda today, n, size=size: _months(today, size=size, start=-n)  # type: ignore[misc]
    return made


_PLAIN, _COUNTED = _plain(), _counted()


def period(literal: str, today: date) -> Range | None:
    """The days that a relative literal means today, None if there is no such literal or the calendar doesn't reach that far."""
    name, colon, count = literal.partition(":")
    if not colon:
        return _PLAIN[name](today) if name in _PLAIN else None
    try:
        return _COUNTED[name](today, int(count)) if name in _COUNTED else None
    except (OverflowError, ValueError):
        return None
