"""One runner at a time, whatever becomes of the one before: real processes on both databases."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crmsync.clock import system_clock
from crmsync.errors import LeaseHeld
from crmsync.store import runs
from crmsync.store.engine import Store
from crmsync.store.lease import NAME, Lease, Leases, holder_of
from tests.store.races import overlaps, rivals

RACES = 20
FAR = 10**15  # micros
PAUSED_S = 0.6


def test_lease_has_one_holder_in_every_race(url: str, store: Store) -> None:
    """Of two to four processes that want the lease at the same moment one has it, in every race."""
    assert overlaps(url, races=RACES) == 0


def test_lease_refuses_the_late_write_of_a_holder_that_was_paused(url: str, store: Store) -> None:
    """A holder that sleeps past the end of its lease can't write any more once another has taken it; that one can."""
    with rivals(url, count=2, lease_s=PAUSED_S / 2) as (paused, other):
        assert paused.ask("take") == "done"
        os.kill(paused.process.pid, signal.SIGSTOP)
        time.sleep(PAUSED_S)
        assert other.ask("take") == "done"
        os.kill(paused.process.pid, signal.SIGCONT)
        assert (paused.ask("write"), other.ask("write")) == ("E603", "done")


def test_lease_refuses_the_late_write_after_the_other_has_ended(url: str, store: Store) -> None:
    """A lease that another took and gave back isn't the sleeper's own again."""
    with rivals(url, count=2, lease_s=PAUSED_S / 2) as (paused, other):
        paused.ask("take")
        os.kill(paused.process.pid, signal.SIGSTOP)
        time.sleep(PAUSED_S)
        assert [other.ask(order) for order in ("take", "give")] == ["done", "done"]
        os.kill(paused.process.pid, signal.SIGCONT)
        assert paused.ask("write") == "E603"


def test_lease_outlives_work_that_takes_longer(url: str, store: Store) -> None:
    """A holder that works on without a checkpoint, as a training does, keeps its lease."""
    with rivals(url, count=2, lease_s=PAUSED_S / 2) as (busy, other):
        assert busy.ask("take") == "done"
        time.sleep(PAUSED_S)
        assert (other.ask("take"), busy.ask("write")) == ("E601", "done")


def test_lease_of_a_killed_process_is_free_at_once(url: str, store: Store) -> None:
    """Nobody waits for a lease to run out whose holder, a process of this machine, is no more."""
    with rivals(url, count=2) as (killed, other):
        killed.ask("take")
        killed.process.kill()
        killed.process.wait()
        assert other.ask("take") == "done"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system doesn't tell when a process began")
def test_lease_isnt_kept_by_a_later_process_of_the_same_number(store: Store) -> None:
    """A number that the system gave to another process since doesn't keep a lease alive."""
    reused = f"process {os.getppid()} (start 1) on {socket.gethostname()}"
    runs.take_lease(store, NAME, holder=reused, now=0, until=FAR * 10)
    with Lease(store, system_clock):
        assert runs.lease_holder(store, NAME) == holder_of(os.getpid())


def test_lease_of_a_living_process_is_respected(store: Store) -> None:
    """The lease of a process that lives, and of one on another machine, is nobody else's."""
    for living in (holder_of(os.getppid()), "process 1 (start 1) on elsewhere"):
        runs.take_lease(store, NAME, holder=living, now=FAR * 10, until=FAR * 20)
        with pytest.raises(LeaseHeld), Lease(store, system_clock):
            pass
        runs.give_lease_back(store, NAME, holder=living)


def test_store_is_free_again_when_the_lease_ends(store: Store) -> None:
    """What a lease asked of every write ends with it."""
    with Lease(store, system_clock):
        runs.begin(store, job="", step="pull", target="", now=0)
    runs.take_lease(store, NAME, holder="another", now=FAR * 10, until=FAR * 20)
    assert runs.begin(store, job="", step="pull", target="", now=0) > 0


def test_lease_leaves_no_thread_behind(store: Store) -> None:
    """Who ends while the lease is being renewed waits for that: else it would open a connection of a store that was closed."""
    ours, renewing = threading.current_thread(), threading.Event()

    def slow() -> int:
        if threading.current_thread() is not ours:
            renewing.set()
            time.sleep(PAUSED_S)
        return system_clock()

    before = set(threading.enumerate())
    with Lease(store, slow, lease_s=PAUSED_S / 10):
        renewing.wait()
    assert set(threading.enumerate()) <= before


def test_leases_let_runners_share_a_postgresql_store(url: str, store: Store) -> None:
    """There another runner may work on another CRM at the same time, not on the same one; on SQLite on neither."""

    def refused(what: str) -> bool:
        try:
            with Leases(store, system_clock).on(what):
                return False
        except LeaseHeld:
            return True

    with Leases(store, system_clock).on("crm main"), ThreadPoolExecutor(1) as another:
        found = [another.submit(refused, what).result() for what in ("crm main", "crm hub")]
    assert found == [True, url.startswith("sqlite")]


def test_lease_that_is_waited_for_comes(store: Store) -> None:
    """Who waits has it once the other is done, and may give up any time."""
    waited: list[str] = []

    def wait() -> str:
        with Leases(store, system_clock).on("crm main", waiting=lambda: waited.append("")):
            return "mine"

    def give_up() -> None:
        raise InterruptedError

    with ThreadPoolExecutor(2) as others:
        with Leases(store, system_clock).on("crm main"):
            came, gave_up = others.submit(wait), others.submit(_hold, store, give_up)
            with pytest.raises(InterruptedError):
                gave_up.result()
            while not waited:
                time.sleep(0.05)
        assert came.result() == "mine"


def _hold(store: Store, waiting: Callable[[], None]) -> None:
    with Leases(store, system_clock).on("crm main", waiting=waiting):
        pass
