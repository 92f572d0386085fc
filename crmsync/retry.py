"""One policy for every call to a CRM: how often to try, how long to wait, when to give up.

A room describes each failure as a `CallError`; this module decides, and stamina waits (exponential, with jitter,
unless the CRM named a wait). Nothing here knows of HTTP.
"""

from collections.abc import Callable
from typing import TypeVar

import stamina

from crmsync.errors import RetryLater

ATTEMPTS = 6
TIMEOUT_S = 300.0  # over all attempts of one call
PATIENCE_S = 120.0  # a CRM that asks for a longer wait ends the run; the next one goes on
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0

T = TypeVar("T")


class CallError(Exception):
    """A call that failed. `passing`: trying again may help; `wait_s`: the wait that the CRM asked for, None if none."""

    def __init__(self, what: str, *, passing: bool, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.what, self.passing, self.wait_s = what, passing, wait_s


def _again(error: Exception) -> bool | float:
    """What stamina asks after a failure: not again, again after its own wait, or again after so many seconds."""
    if not isinstance(error, CallError) or not error.passing or (error.wait_s or 0) > PATIENCE_S:
        return False
    return True if error.wait_s is None else error.wait_s


def call(attempt: Callable[[], T], *, where: str) -> T:
    """Calls until it succeeds. A passing failure that stays is a RetryLater; any other is let through as CallError."""
    tries = 0
    try:
        for again in stamina.retry_context(
            on=_again, attempts=ATTEMPTS, timeout=TIMEOUT_S, wait_initial=FIRST_WAIT_S, wait_max=LONGEST_WAIT_S
        ):
            with again:
                tries += 1
                return attempt()
    except CallError as error:
        if not error.passing:
            raise
        what = f"{error.what} (tried {'once' if tries == 1 else f'{tries} times'})"
        raise RetryLater("E201", what, where=where, remedy="wait; the next run goes on from what is stored") from None
    raise AssertionError("unreachable: the loop returns or raises")
