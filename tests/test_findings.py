"""Findings that are made alike for every CRM."""

import pytest

from crmsync.clock import MICROS_PER_SECOND
from crmsync.findings import named, skew

NOON = 1_790_000_000 * MICROS_PER_SECOND


@pytest.mark.parametrize(
    ("apart_s", "level", "words"),
    [
        (0, "ok", "0 s behind"),
        (60, "ok", "60 s ahead of"),
        (-60, "ok", "60 s behind"),
        (61, "warn", "61 s ahead of"),
        (3_600, "warn", "3600 s ahead of"),
        (-3_600, "warn", "3600 s behind"),
    ],
)
def test_skew_tells_seconds_and_direction(apart_s: int, level: str, words: str) -> None:
    """An hour to either side is worth a warning with its seconds."""
    found = skew("main", theirs=NOON + apart_s * MICROS_PER_SECOND, ours=NOON, local=False)
    assert (found.code, found.level, found.what) == ("C206", level, f"main: the CRM's clock is {words} this machine's")


def test_skew_leaves_a_local_crm_its_own_time() -> None:
    """A stopped clock is what local CRMs are for; the seconds are told all the same."""
    found = skew("main", theirs=NOON - 10**12, ours=NOON, local=True)
    assert (found.level, "1000000 s behind" in found.what) == ("ok", True)


def test_named_says_where_an_account_is() -> None:
    """A person compares it with the one that is meant."""
    assert [named(place) for place in ("sandbox", "production", "")] == [" (sandbox)", " (production)", ""]
