"""One policy for every call to a CRM: how often to try, how long to wait, when to give up.

A room describes each failure as a `CallError`; this module decides, and stamina waits: as long as the CRM asked, or anything up to
a limit that doubles with each try ("full jitter"), so that many clients don't come back at once. Nothing here knows of HTTP.
"""

import logging
import random
from collections.abc import Callable
from typing import TypeVar

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from crmsync.errors import RetryLater

ATTEMPTS = 6
TIMEOUT_S = 300.0  # over all attempts of one call
PATIENCE_S = 120.0  # a CRM that asks for a longer wait ends the run; the next one goes on
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0  # the limits of the first wait and of any

T = TypeVar("T")
_log = logging.getLogger(__name__)


class CallError(Exception):
    """A call that failed. `passing`: trying again may help; `wait_s`: the wait that the CRM asked for, None if none."""

    def __init__(self, what: str, *, passing: bool, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.what, self.passing, self.wait_s = what, passing, wait_s
        self.where = ""  # known to `call`


def call(attempt: Callable[[], T], *, where: str) -> T:
    """Calls until it succeeds. A passing failure that stays is a RetryLater; any other is let through as CallError."""
    tries = 0

    def attempted() -> T:
        nonlocal tries
        tries += 1
        return attempt()

    def again(error: Exception) -> bool | float:
        return _again(error, tries, where=where)

    try:
        return stamina.RetryingCaller(attempts=ATTEMPTS, timeout=TIMEOUT_S)(again, attempted)
    except CallError as error:
        if not error.passing:
            raise
        what = f"{error.what} (tried {'once' if tries == 1 else f'{tries} times'})"
        raise RetryLater("E201", what, where=where, remedy=_remedy(error)) from None


def _again(error: Exception, tries: int, *, where: str) -> bool | float:
    """What stamina asks after a failure: not again, or again after so many seconds."""
    if not isinstance(error, CallError) or not error.passing or (error.wait_s or 0) > PATIENCE_S:
        return False
    error.where = where
    return pause_s(tries) if error.wait_s is None else error.wait_s


def pause_s(tries: int) -> float:
    """How long to wait after so many tries when the CRM names no wait."""
    return random.uniform(0.0, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (tries - 1)))


def _remedy(error: CallError) -> str:
    wait = f"wait {error.wait_s:.0f} s, as the CRM asks" if (error.wait_s or 0) > PATIENCE_S else "wait"
    return f"{wait}; the next run goes on from what is stored"


def _tell_wait(details: RetryDetails) -> None:
    """Says that a call waits for its next try, and which: nothing of what was asked or answered, which may quote anything."""
    error = details.caused_by
    if isinstance(error, CallError):
        _log.warning("%s: waiting %.1f s before try %d", error.where, details.wait_for, details.retry_num + 1)


set_on_retry_hooks([_tell_wait])
