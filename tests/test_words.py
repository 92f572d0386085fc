"""How counts read."""

import pytest

from crmsync.words import many


@pytest.mark.parametrize(("count", "told"), [(0, "0 deals"), (1, "1 deal"), (2, "2 deals"), (1_200, "1,200 deals")])
def test_many_says_one_or_several(count: int, told: str) -> None:
    """A noun stands in the plural but for one."""
    assert many(count, "deal") == told
