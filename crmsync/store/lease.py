"""One runner at a time: the lease that a pipeline holds while it works on a store."""

import os
import socket
from contextlib import suppress
from types import TracebackType
from typing import Self

from crmsync.clock import MICROS_PER_SECOND, Clock
from crmsync.errors import CrmsyncError, LeaseHeld
from crmsync.store import runs
from crmsync.store.engine import Store

NAME = "runner"
LEASE_S = 300  # a holder that says nothing for so long is taken for dead


class Lease:
    """Taken on entry, given back when the outermost block ends. Raises LeaseHeld while another runner is at work."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._depth = 0
        self._holder = f"process {os.getpid()} on {socket.gethostname()}"

    def __enter__(self) -> Self:
        if not self._depth:
            self._take()
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if not self._depth:
            with suppress(CrmsyncError):  # it runs out by itself; a fault that is on its way matters more
                runs.give_lease_back(self._store, NAME, holder=self._holder)

    def renew(self) -> None:
        """Keeps a lease that is held. Raises LeaseHeld when it ran out and another has taken it."""
        if self._depth:
            self._claim()

    def _take(self) -> None:
        """Takes the lease; that of a process of this machine which is no more is taken over at once."""
        try:
            self._claim()
        except LeaseHeld:
            other = runs.lease_holder(self._store, NAME)
            if not _is_dead(other):
                raise
            runs.give_lease_back(self._store, NAME, holder=other)
            self._claim()

    def _claim(self) -> None:
        now = self._clock()
        runs.take_lease(self._store, NAME, holder=self._holder, now=now, until=now + LEASE_S * MICROS_PER_SECOND)


def _is_dead(holder: str) -> bool:
    """Whether a holder was a process of this machine that has ended."""
    process, _, host = holder.removeprefix("process ").partition(" on ")
    if host != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
