"""How counts read."""

import pytest

from crmsync.words import counted, many


@pytest.mark.parametrize(("count", "told"), [(0, "0 deals"), (1, "1 deal"), (2, "2 deals"), (1_200, "1,200 deals")])
def test_many_says_one_or_several(count: int, told: str) -> None:
    """A noun stands in the plural but for one."""
    assert many(count, "deal") == told


@pytest.mark.parametrize(
    ("name", "count", "told"),
    [
        ("calls", 1, "1 call"),
        ("deals", 2, "2 deals"),
        ("quarantined", 1, "1 set aside"),
        ("calls_left", 1, "1 calls left"),
    ],
)
def test_counted_says_what_a_step_counted(name: str, count: int, told: str) -> None:
    """Nouns as nouns, outcomes as they are."""
    assert counted(name, count) == told
