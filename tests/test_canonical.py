"""One text for what two CRMs show."""

import pytest

from crmsync.canonical import canonical
from crmsync.clock import parse_instant
from crmsync.records import Result


@pytest.mark.parametrize(
    ("result", "shown", "kept"),
    [
        (Result.PROBABILITY, "63.20", "63.2"),
        (Result.EXPECTED_AMOUNT, "1E+3", "1000.00"),
        (Result.CLOSE_DATE, "2026-01-31", "2026-01-31"),
        (Result.CLOSE_DATE, "2026-01-31T00:00:00Z", "2026-01-31"),
        (Result.SCORED_AT, "2026-01-31T08:00:00.000+00:00", "2026-01-31T08:00:00Z"),
        (Result.RISK, "high", "high"),
        (Result.PROBABILITY, "", None),
        (Result.PROBABILITY, "soon", "soon"),
        (Result.PROBABILITY, "1E+99", "1E+99"),
        (Result.CLOSE_DATE, "99999-01-01", "99999-01-01"),
    ],
)
def test_canonical_keeps_one_text_for_one_value(result: Result, shown: str, kept: str | None) -> None:
    """Numbers, days and instants have one form; blank is none; what doesn't fit the type stays as it is."""
    assert canonical(result, shown, instant=parse_instant) == kept
