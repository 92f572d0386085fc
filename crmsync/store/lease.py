"""One runner at a time: the leases that a pipeline holds on what it works on, and the fence that refuses a late one.

A thread renews the lease, since some work (a training) has no checkpoints. A holder that was paused past the end of its lease may
wake up when another is at work: every write asks within its own transaction whether the lease's number is still this holder's.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from crmsync.clock import MICROS_PER_SECOND, Clock
from crmsync.errors import CrmsyncError, LeaseHeld, RetryLater
from crmsync.store import runs
from crmsync.store.engine import Store

NAME = "runner"  # of the lease on a whole store
LEASE_S = 300.0  # a holder that says nothing for so long is taken for dead; longer than a request to a CRM may take
BEATS = 5  # renewals in that time
LOOK_S = 1.0  # how often one that is waited for is tried


class Lease:
    """Taken on entry, given back when the outermost block ends. Raises LeaseHeld while another runner is at work."""

    def __init__(self, store: Store, clock: Clock, *, name: str = NAME, lease_s: float = LEASE_S) -> None:
        self._store, self._clock, self._name, self._lease_s = store, clock, name, lease_s
        self._depth = self._fence = 0
        self._holder = ""
        self._ended = threading.Event()
        self._beating: threading.Thread  # while it is held

    def __enter__(self) -> Self:
        if not self._depth:
            self._holder = own_holder()
            self._take()
            self._store.guards.append(self._check)
            self._ended.clear()
            self._beating = threading.Thread(target=self._beat, daemon=True)
            self._beating.start()
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if not self._depth:
            self._ended.set()
            self._store.guards.remove(self._check)
            self._beating.join()  # whoever closes the store next finds nobody at it
            with suppress(CrmsyncError):  # it runs out by itself; a fault that is on its way matters more
                runs.give_lease_back(self._store, self._name, holder=self._holder)

    def _take(self) -> None:
        """Takes the lease; that of a process of this machine which is no more is taken over at once."""
        try:
            self._claim()
        except LeaseHeld:
            other = runs.lease_holder(self._store, self._name)
            if not has_ended(other):
                raise
            runs.give_lease_back(self._store, self._name, holder=other)
            self._claim()
        except RetryLater:  # another wrote at the same moment; now it can be seen who
            self._claim()

    def _claim(self) -> None:
        """The lease; the runs of those who hold none any more are told as lost."""
        now = self._clock()
        until = now + int(self._lease_s * MICROS_PER_SECOND)
        self._fence = runs.take_lease(self._store, self._name, holder=self._holder, now=now, until=until)
        with suppress(CrmsyncError):  # whoever takes it next tells them
            runs.lose(self._store, now=now)

    def _check(self, connection: Connection) -> None:
        """Refuses the write of a holder that isn't one any more."""
        fence = runs.lease_fence(connection, self._name)
        if fence != self._fence:
            what = "this run was paused for so long that another took over; nothing more of it is stored"
            raise LeaseHeld(
                "E603", what, where=f"lease {self._name}", remedy="see crmsync status; the other run goes on"
            )

    def _beat(self) -> None:
        while not self._ended.wait(self._lease_s / BEATS):
            now = self._clock()
            with suppress(CrmsyncError):  # a locked store: the next beat; a lost lease: the next write is refused
                runs.renew_lease(
                    self._store, self._name, fence=self._fence, until=now + int(self._lease_s * MICROS_PER_SECOND)
                )


class Leases:
    """The leases of one runner: on PostgreSQL one on each job, CRM account and model, so that several runners share the work.

    SQLite takes one writer at a time, so there one lease is on all of them.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._known: dict[str, Lease] = {}

    @contextmanager
    def on(self, what: str, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Holds the lease on one of them: `job hourly`, `crm main` or `model close`. Raises LeaseHeld while another has it.

        With `waiting`, which is called every second and may raise, waits for it instead. Who waits for one thing only while it
        holds no other such thing waits for nobody who waits for it.
        """
        name = NAME if self._store.url.startswith("sqlite") else what
        lease = self._known.setdefault(name, Lease(self._store, self._clock, name=name))
        with ExitStack() as held:
            while not _took(held, lease, or_raise=waiting is None):
                time.sleep(LOOK_S)
                if waiting is not None:
                    waiting()
            yield


def _took(held: ExitStack, lease: Lease, *, or_raise: bool) -> bool:
    """Whether a lease could be taken; `held` gives it back."""
    try:
        held.enter_context(lease)
    except LeaseHeld:
        if or_raise:
            raise
        return False
    return True


def holder_of(pid: int, *, thread: int = 0) -> str:
    """How a process of this machine signs a lease. Its start tells it from a later process of the same number.

    Threads besides the main one sign for themselves.
    """
    own = f", thread {thread}" if thread not in (0, threading.main_thread().ident) else ""
    return f"process {pid} (start {_start(pid)}{own}) on {socket.gethostname()}"


def own_holder() -> str:
    """How this thread of this process signs."""
    return holder_of(os.getpid(), thread=threading.get_ident())


def at_work(store: Store) -> list[str]:
    """Who holds leases, but for processes of this machine that have ended."""
    return [holder for holder in runs.holders(store) if not has_ended(holder)]


def _start(pid: int) -> str:
    """When a process began, in the kernel's ticks since boot; "?" where the system doesn't tell or there is no such process.

    One that has ended and whose parent hasn't asked yet (Z) is none.
    """
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "?"
    return "?" if state == "Z" else rest[18]


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
    return start.rstrip(")").partition(",")[0] not in ("", "?", _start(int(number)))
