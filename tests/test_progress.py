"""What a long step says, and how signals stop it."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from crmsync.errors import RetryLater
from crmsync.progress import Lines, stoppable
from crmsync.watch import Watch


def interrupted(*numbers: int, work: Callable[[Watch], None], grace_s: float = 5) -> None:
    """Sends signals to this very process, then works on."""
    with stoppable(Watch(), grace_s=grace_s) as watch:
        for number in numbers:
            os.kill(os.getpid(), number)
        work(watch)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_step_at_its_next_checkpoint(number: int) -> None:
    """The first signal breaks nothing off; the checkpoint does, with the code for "later"."""
    with pytest.raises(RetryLater, match="E602 stopped at a checkpoint"):
        interrupted(number, work=lambda watch: watch.checkpoint())


def test_a_second_interrupt_breaks_off_at_once() -> None:
    """Somebody who presses Ctrl-C twice doesn't want to wait."""
    with pytest.raises(KeyboardInterrupt):
        interrupted(signal.SIGINT, signal.SIGINT, work=lambda _: time.sleep(30))


def test_a_step_without_checkpoints_is_broken_off_after_the_grace() -> None:
    """Training has no checkpoint; it doesn't outlive the signal for long."""
    with pytest.raises(RetryLater, match="E602 stopped on request"):
        interrupted(signal.SIGTERM, work=lambda _: time.sleep(30), grace_s=0.1)


def test_handlers_are_as_before_afterwards() -> None:
    """A program that runs steps keeps its own handlers."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]
    with stoppable(Watch()):
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)] == before


def test_lines_tell_the_sums_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    """A log gets a plain line on stderr when it is time, not one for every page."""
    for every_s in (60, 0):
        watch = Lines(every_s=every_s)
        watch.say("deals", 1_200)
    assert capsys.readouterr() == ("", "so far: 1,200 deals\n")
