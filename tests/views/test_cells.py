"""How values are shown."""

import pytest

from crmsync.clock import MICROS_PER_DAY, MICROS_PER_SECOND
from crmsync.views.cells import age, document


def test_document_shows_instants_and_days_by_their_names() -> None:
    """A program reads ISO texts, and null for what isn't a number."""
    row = {"started_at": 0, "due_on": 1, "close_p50": None, "score": float("nan"), "count": 3}
    assert document([row]) == [
        {"started_at": "1970-01-01T00:00:00Z", "due_on": "1970-01-02", "close_p50": None, "score": None, "count": 3}
    ]


@pytest.mark.parametrize(
    ("micros", "told"),
    [
        (-5, "0 s"),
        (119 * MICROS_PER_SECOND, "119 s"),
        (3600 * MICROS_PER_SECOND, "60 min"),
        (MICROS_PER_DAY, "24 h"),
        (3 * MICROS_PER_DAY, "3 days"),
    ],
)
def test_age_is_told_as_a_person_says_it(micros: int, told: str) -> None:
    """Seconds, minutes, hours, then days."""
    assert age(micros) == told
