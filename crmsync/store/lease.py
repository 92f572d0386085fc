"""One runner at a time: the lease that a pipeline holds while it works on a store, and the fence that refuses a late one.

A thread renews the lease, since some work (a training) has no checkpoints. A holder that was paused past the end of its lease may
wake up when another is at work: every write asks within its own transaction whether the lease's number is still this holder's.
"""

import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from crmsync.clock import MICROS_PER_SECOND, Clock
from crmsync.errors import CrmsyncError, LeaseHeld, RetryLater
from crmsync.store import runs
from crmsync.store.engine import Store

NAME = "runner"
LEASE_S = 300.0  # a holder that says nothing for so long is taken for dead; longer than a request to a CRM may take
BEATS = 5  # renewals in that time


class Lease:
    """Taken on entry, given back when the outermost block ends. Raises LeaseHeld while another runner is at work."""

    def __init__(self, store: Store, clock: Clock, *, lease_s: float = LEASE_S) -> None:
        self._store, self._clock, self._lease_s = store, clock, lease_s
        self._depth = self._fence = 0
        self.holder = holder_of(os.getpid())
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        if not self._depth:
            self._take()
            self._store.guard = self._check
            self._ended = threading.Event()
            threading.Thread(target=self._beat, args=(self._ended,), daemon=True).start()
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if not self._depth:
            self._ended.set()
            self._store.guard = None
            with suppress(CrmsyncError):  # it runs out by itself; a fault that is on its way matters more
                runs.give_lease_back(self._store, NAME, holder=self.holder)

    def _take(self) -> None:
        """Takes the lease; that of a process of this machine which is no more is taken over at once."""
        try:
            self._claim()
        except LeaseHeld:
            other = runs.lease_holder(self._store, NAME)
            if not has_ended(other):
                raise
            runs.give_lease_back(self._store, NAME, holder=other)
            self._claim()
        except RetryLater:  # another wrote at the same moment; now it can be seen who
            self._claim()

    def _claim(self) -> None:
        """The lease; the runs of those who hold none any more are told as lost."""
        now = self._clock()
        until = now + int(self._lease_s * MICROS_PER_SECOND)
        self._fence = runs.take_lease(self._store, NAME, holder=self.holder, now=now, until=until)
        with suppress(CrmsyncError):  # whoever takes it next tells them
            runs.lose(self._store, now=now)

    def _check(self, connection: Connection) -> None:
        """Refuses the write of a holder that isn't one any more."""
        fence = runs.lease_fence(connection, NAME)
        if fence != self._fence:
            what = "this run was paused for so long that another took over; nothing more of it is stored"
            raise LeaseHeld("E603", what, where=f"lease {NAME}", remedy="see crmsync status; the other run goes on")

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(self._lease_s / BEATS):
            now = self._clock()
            with suppress(CrmsyncError):  # a locked store: the next beat; a lost lease: the next write is refused
                runs.renew_lease(
                    self._store, NAME, fence=self._fence, until=now + int(self._lease_s * MICROS_PER_SECOND)
                )


def holder_of(pid: int) -> str:
    """How a process of this machine signs a lease. Its start tells it from a later process of the same number."""
    return f"process {pid} (start {_start(pid)}) on {socket.gethostname()}"


def _start(pid: int) -> str:
    """When a process began, in the kernel's ticks since boot; "?" where the system doesn't tell or there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "?"


def has_ended(holder: str) -> bool:
    """Whether a holder was a process of this machine that has ended."""
    process, _, host = holder.removeprefix("process ").partition(" on ")
    number, _, start = process.partition(" (start ")
    if host != socket.gethostname() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return start.rstrip(")") not in ("", "?", _start(int(number)))
