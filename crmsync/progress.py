"""What a long step says while it runs, on stderr, and how signals stop it."""

import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from crmsync.errors import RetryLater
from crmsync.watch import Watch

LINE_EVERY_S = 5.0  # between plain lines
GRACE_S = 5.0  # for a step to reach its next checkpoint


class Lines(Watch):
    """A plain line every few seconds, for logs and pipes."""

    def __init__(self, *, every_s: float = LINE_EVERY_S) -> None:
        self._every_s = every_s
        self._counts: Counter[str] = Counter()
        self._told_at = time.monotonic()

    def say(self, what: str, count: int) -> None:
        """Adds up, and tells all counts when it is time."""
        self._counts[what] += count
        if time.monotonic() - self._told_at >= self._every_s:
            self._told_at = time.monotonic()
            told = ", ".join(f"{total:,} {name}" for name, total in self._counts.items())
            print(f"so far: {told}", file=sys.stderr, flush=True)


class Bars(Watch):
    """A line for each stream with its count, rate and time; no percentage, since nobody knows the end."""

    def __init__(self, bars: Any) -> None:
        self._bars = bars
        self._tasks: dict[str, Any] = {}
        self._counts: Counter[str] = Counter()
        self._began: dict[str, float] = {}

    def say(self, what: str, count: int) -> None:
        """Moves the stream's line on."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=None, rate="")
            self._began[what] = time.monotonic()
        self._counts[what] += count
        rate = self._counts[what] / max(time.monotonic() - self._began[what], 1.0)
        self._bars.update(self._tasks[what], advance=count, rate=f"{rate:,.0f}/s")


@contextmanager
def watching() -> Iterator[Watch]:
    """A watch that shows progress and that SIGTERM and Ctrl-C stop at the next checkpoint."""
    if not sys.stderr.isatty():
        with stoppable(Lines()) as watch:
            yield watch
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    shown = (TextColumn("{task.description}"), TextColumn("{task.completed:,.0f}"), TextColumn("{task.fields[rate]}"))
    bars = Progress(SpinnerColumn(), *shown, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    with bars, stoppable(Bars(bars)) as watch:
        yield watch


@contextmanager
def stoppable(watch: Watch, *, grace_s: float = GRACE_S) -> Iterator[Watch]:
    """The first signal asks the watch to stop; what comes to no checkpoint in time is broken off, which the store survives.

    A second Ctrl-C breaks off at once.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        if watch.stopping and number == signal.SIGINT:
            raise KeyboardInterrupt
        watch.stopping = True
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, grace_s, grace_s)

    def break_off(_number: int, _frame: FrameType | None) -> None:
        raise RetryLater("E602", "stopped on request", remedy="the next run goes on from what is stored")

    handlers: dict[int, Any] = {signal.SIGINT: stop, signal.SIGTERM: stop}
    if hasattr(signal, "SIGALRM"):
        handlers[signal.SIGALRM] = break_off
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield watch
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
