"""Work in processes of its own."""

from collections.abc import Iterator

import pytest

from crmsync.crew import together
from crmsync.errors import BadConfig


def counted(first: int, last: int) -> Iterator[int]:
    """Some numbers, and a fault after them where there are none."""
    yield from range(first, last)
    if first == last:
        raise BadConfig("E999", "nothing to count", where="here", remedy="count more")


def test_together_gives_what_each_share_yields() -> None:
    """All of it, each process's in its order."""
    assert sorted(together(counted, [(0, 3), (10, 12)])) == [0, 1, 2, 10, 11]


def test_together_raises_the_fault_of_a_process() -> None:
    """In the words in which it was raised there."""
    with pytest.raises(BadConfig, match="E999 here: nothing to count -> count more"):
        list(together(counted, [(5, 5)]))
