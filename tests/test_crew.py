"""Work in processes of its own."""

import os
import signal
from collections.abc import Iterator

import pytest

from crmsync.crew import shares, together
from crmsync.errors import BadConfig, RetryLater


def counted(first: int, last: int) -> Iterator[int]:
    """Some numbers, and a fault after them where there are none."""
    yield from range(first, last)
    if first == last:
        raise BadConfig("E999", "nothing to count", where="here", remedy="count more")


def test_shares_hold_each_item_once() -> None:
    """Whatever their number is."""
    assert sorted(item for share in shares(range(10), 3) for item in share) == list(range(10))


def test_together_gives_what_each_share_yields() -> None:
    """All of it, each process's in its order."""
    assert sorted(together(counted, [(0, 3), (10, 12)])) == [0, 1, 2, 10, 11]


def test_together_raises_the_fault_of_a_process() -> None:
    """In the words in which it was raised there."""
    with pytest.raises(BadConfig, match="E999 here: nothing to count -> count more"):
        list(together(counted, [(5, 5)]))


def killed(signal_number: int) -> Iterator[int]:
    """A number, and then a signal to the process that gave it."""
    yield 1
    os.kill(os.getpid(), signal_number)
    yield 2


def test_together_tells_of_a_killed_process_in_one_line() -> None:
    """What it had given has come by then; the rest is for the next run."""
    found = together(killed, [(signal.SIGKILL,)])
    assert next(found) == 1
    with pytest.raises(RetryLater, match="E604 a process that shared the work was killed"):
        next(found)


def test_together_leaves_an_interruption_to_the_parent() -> None:
    """Ctrl-C reaches every process of a terminal; those that share the work go on until their parent ends them."""
    assert list(together(killed, [(signal.SIGINT,)])) == [1, 2]


def test_together_raises_what_nobody_foresaw(capfd: pytest.CaptureFixture[str]) -> None:
    """A defect is raised here with the place where it happened, and the process prints nothing of it."""
    with pytest.raises(TypeError) as defect:
        list(together(counted, [("first", 2)]))
    assert "in counted" in "".join(defect.value.__notes__)
    assert capfd.readouterr().err == ""
