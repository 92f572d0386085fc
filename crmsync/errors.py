"""What can go wrong, grouped by what to do next.

CrmsyncError             one line: code, what, where, what to do; carries the exit code
├── BadConfig     exit 2   somebody has to change a file or a variable
├── Stopped       exit 3   a guard stopped the run, or it waits for approval
│   └── TooFew    exit 3   too little has come to an end yet to learn from
├── LeaseHeld     exit 4   another runner is at work
├── RetryLater    exit 75  the CRM is down or its allowance is used up: the next run goes on
└── SkipRecord    -        one record can't be used: it is set aside with this reason, the rest goes on
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


class CrmsyncError(Exception):
    """A foreseeable fault, told in one line.

    `code` is stable and documented in docs/errors.md; `where` is a `file:line`, a field, an object or an address;
    `remedy` is what a person should do next, best as a command. `counts`: what a step had counted until then.
    """

    exit_code = 2

    def __init__(self, code: str, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(code, what)
        self.code, self.what, self.where, self.remedy = code, what, where, remedy
        self.counts: dict[str, int] = {}

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" -> {self.remedy}" if self.remedy else ""
        return " ".join(f"{self.code} {place}{self.what}{remedy}".split())


class BadConfig(CrmsyncError):
    """A setting, an argument or a right is wrong; trying again won't help."""


class Stopped(CrmsyncError):
    """A guard stopped the run before it did harm, or it waits for somebody's approval."""

    exit_code = 3


class TooFew(Stopped):
    """Too little has come to an end yet to learn from: nothing is wrong, and time mends it."""


class LeaseHeld(CrmsyncError):
    """Another runner holds the lease; this one has done nothing."""

    exit_code = 4


class RetryLater(CrmsyncError):
    """A passing fault outlived its retries; what was stored stays, the next run goes on from there."""

    exit_code = 75


class SkipRecord(CrmsyncError):
    """One record can't be used; `what` says why. Never reaches the command line."""


@contextmanager
def counting(counts: Callable[[], Mapping[str, int]]) -> Iterator[None]:
    """A fault that leaves the block carries what had been counted until then, so that the ledger has it."""
    try:
        yield
    except CrmsyncError as fault:
        fault.counts = {**fault.counts, **counts()}
        raise
