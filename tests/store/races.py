"""Runners as processes of their own, who want the same lease."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, cast


@dataclass(frozen=True, slots=True)
class Rival:
    """One of them."""

    process: subprocess.Popen[str]

    def tell(self, order: str) -> None:
        """Gives an order and doesn't wait."""
        print(order, file=cast(IO[str], self.process.stdin), flush=True)

    def answer(self) -> str:
        """What came of the oldest order that wasn't answered yet."""
        return cast(IO[str], self.process.stdout).readline().strip()

    def ask(self, order: str) -> str:
        """Gives an order and waits for what comes of it."""
        self.tell(order)
        return self.answer()


@contextmanager
def rivals(url: str, *, count: int, lease_s: float = 60) -> Iterator[list[Rival]]:
    """Runners that have the store open, and end with the block."""
    command = [sys.executable, "-m", "tests.store.rival", url, str(lease_s)]
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
            stack.enter_context(process)
            stack.callback(process.kill)
            started.append(Rival(process))
        assert [each.answer() for each in started] == ["ready"] * count
        yield started


def race(runners: Sequence[Rival]) -> tuple[list[str], list[str]]:
    """All want the lease at the same moment, then all write; gives what came of both. Whoever has it gives it back."""
    for each in runners:
        each.tell("take")
    took = [each.answer() for each in runners]
    wrote = [each.ask("write") for each, answer in zip(runners, took, strict=True) if answer == "done"]
    for each in runners:
        each.ask("give")
    return took, wrote


def overlaps(url: str, *, races: int) -> int:
    """How many of so many races of two to four runners had any other end than one holder who could write."""
    with rivals(url, count=4) as all_of_them:
        ends = (race(all_of_them[: 2 + number % 3]) for number in range(races))
        return sum(
            took.count("done") != 1 or took.count("E601") != len(took) - 1 or wrote != ["done"] for took, wrote in ends
        )
