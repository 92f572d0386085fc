"""The run ledger, the lease that keeps runners apart, and approvals."""

import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy import text

from crmsync.config import StoreConfig
from crmsync.errors import CrmsyncError, LeaseHeld, RetryLater
from crmsync.store import runs
from crmsync.store.engine import Store, open_store
from crmsync.store.lease import holder_of
from tests.store.rows import T0, run

MINUTE = 60_000_000


def take(store: Store, holder: str, *, at: int = T0) -> int:
    """The fence of a lease taken for a minute."""
    return runs.take_lease(store, "runner", holder=holder, now=at, until=at + MINUTE)


def test_begin_and_end_keep_what_a_run_counted(store: Store) -> None:
    """The ledger tells of each step when it ran, how it ended and what it counted."""
    number = runs.begin(store, job="nightly", step="pull", target="main", now=T0)
    runs.end(store, number, status="partial", counts={"deals": 3}, message="one failed", now=T0 + 1)
    assert runs.last_of_job(store, "nightly") == runs.RunRow(
        number, "nightly", "pull", "main", "partial", T0, T0 + 1, {"deals": 3}, "one failed"
    )


def test_newest_gives_the_last_run_of_each_step_and_target(store: Store) -> None:
    """Older runs and other targets don't hide it; the order is that of the last starts."""
    run(store, "pull", target="main")
    hub, again = run(store, "pull", target="hub"), run(store, "pull", target="main", status="failed")
    train = run(store, "train", target="close")
    assert [row.run_id for row in runs.newest(store)] == [hub, again, train]


def test_newest_shows_a_run_that_is_still_at_work(store: Store) -> None:
    """A run has no end while it lasts."""
    runs.begin(store, job="", step="score", target="close", now=T0)
    [row] = runs.newest(store)
    assert (row.status, row.ended_at, row.counts) == ("running", None, {})


def test_lose_closes_the_runs_of_those_who_hold_no_lease(store: Store) -> None:
    """A killed process's run is told as lost, with no end that anybody knows; one at work and one that ended stay as they are."""
    take(store, "one")
    work = {"job": "", "target": "main", "now": T0}
    kept, lost = (runs.begin(store, step="pull", holder=holder, **work) for holder in ("one", "two"))
    ended = run(store, "push")
    runs.lose(store, now=T0)
    assert [runs.get(store, number).status for number in (kept, lost, ended)] == ["running", "lost", "done"]
    assert (runs.get(store, lost).ended_at, runs.get(store, lost).message) == (None, runs.LOST_WORDS)


def test_lose_takes_a_lease_that_has_run_out_for_none(store: Store) -> None:
    """From the end of the lease on its holder counts as dead."""
    take(store, "one")
    number = runs.begin(store, job="", step="pull", target="main", now=T0, holder="one")
    told = []
    for at in (T0 + MINUTE - 1, T0 + MINUTE):
        runs.lose(store, now=at)
        told.append(runs.get(store, number).status)
    assert told == ["running", "lost"]


def test_newest_pull_is_the_last_complete_one(store: Store) -> None:
    """A failed pull isn't what a score saw; one that set records aside is."""
    assert runs.newest_pull(store) == 0
    partial = run(store, "pull", status="partial")
    run(store, "pull", status="failed")
    run(store, "score")
    assert runs.newest_pull(store) == partial


def test_last_of_job_is_none_before_its_first_run(store: Store) -> None:
    """A job that never ran has no last run."""
    run(store, "pull")
    assert runs.last_of_job(store, "nightly") is None


def test_take_lease_refuses_a_second_holder(store: Store) -> None:
    """Two runners never work at once; the refusal names the one at work."""
    take(store, "one")
    with pytest.raises(LeaseHeld, match=r"E601 .*another crmsync \(one\) is at work") as refusal:
        take(store, "two", at=T0 + MINUTE - 1)
    assert refusal.value.exit_code == 4


def test_named_leaves_out_what_only_tells_processes_apart() -> None:
    """A person reads the number that `kill` takes, and where."""
    assert runs.named(holder_of(os.getpid())) == f"process {os.getpid()} on {socket.gethostname()}"
    assert runs.named("one") == "one"


def test_take_lease_renews_for_its_holder(store: Store) -> None:
    """The holder prolongs its lease under the same fence."""
    assert take(store, "one") == take(store, "one", at=T0 + MINUTE // 2)
    with pytest.raises(LeaseHeld):
        take(store, "two", at=T0 + MINUTE)


def test_take_lease_passes_on_once_it_has_expired(store: Store) -> None:
    """A runner that died doesn't block the next one for longer than its lease, and the fence tells them apart."""
    first = take(store, "one")
    assert take(store, "two", at=T0 + MINUTE) == first + 1


def test_give_lease_back_frees_it_at_once(store: Store) -> None:
    """The next runner needn't wait, and still gets a greater fence."""
    first = take(store, "one")
    runs.give_lease_back(store, "runner", holder="one")
    assert take(store, "two") == first + 1


def test_give_lease_back_leaves_anothers_lease_alone(store: Store) -> None:
    """A late runner can't end the lease of the one that followed it."""
    take(store, "one")
    take(store, "two", at=T0 + MINUTE)
    runs.give_lease_back(store, "runner", holder="one")
    with pytest.raises(LeaseHeld):
        take(store, "three", at=T0 + MINUTE)


def test_take_lease_keeps_leases_of_different_names_apart(store: Store) -> None:
    """One lease says nothing about another."""
    take(store, "one")
    assert runs.take_lease(store, "web", holder="two", now=T0, until=T0 + 1) == 1


def test_take_lease_lets_one_of_many_win(url: str, store: Store) -> None:
    """Runners that start at the same moment, each with connections of its own: one works, the others are told to go away."""
    opened = [open_store(StoreConfig(url=url)) for _ in range(4)]

    def attempt(number: int) -> str:
        try:
            take(opened[number], f"runner{number}")
        except (LeaseHeld, RetryLater) as refusal:
            return refusal.code
        return "won"

    with ThreadPoolExecutor(len(opened)) as pool:
        told = list(pool.map(attempt, range(len(opened))))
    for each in opened:
        each.close()
    assert told.count("won") == 1
    assert set(told) <= {"won", "E601", "E302"}


def test_take_lease_waits_for_a_writer_and_then_sees_its_lease(url: str, store: Store) -> None:
    """A runner that comes while another takes the lease is refused, or told to come again; it never takes it as well."""
    take(store, "one")
    second, begun = open_store(StoreConfig(url=url)), Event()
    with ThreadPoolExecutor(1) as pool:
        with store.write() as connection:
            connection.execute(text("UPDATE lease SET expires_at = :until"), {"until": T0 + 3 * MINUTE})
            attempt = pool.submit(_announced, begun, lambda: take(second, "two", at=T0 + 2 * MINUTE))
            begun.wait()
        with pytest.raises(CrmsyncError) as refusal:
            attempt.result()
    second.close()
    assert refusal.value.code in ("E601", "E302")


def _announced(begun: Event, act: Callable[[], int]) -> int:
    begun.set()
    return act()


def test_approve_lets_exactly_one_plan_out(store: Store) -> None:
    """An approval is for one digest, and giving it twice is no fault."""
    runs.approve(store, "abc", run_id=1, now=T0)
    runs.approve(store, "abc", run_id=2, now=T0)
    assert (runs.approved(store, "abc"), runs.approved(store, "abd")) == (True, False)


def test_last_is_the_newest_run_that_ended_in_some_way(store: Store) -> None:
    """Of one step and target; without a way to end, one that is at work counts."""
    done, failed = run(store, "pull"), run(store, "pull", status="failed")
    run(store, "pull", target="hub")
    work = runs.begin(store, job="", step="pull", target="main", now=T0)
    found = [runs.last(store, "pull", "main", statuses=each) for each in ((), runs.GOOD, ("failed",), ("later",))]
    assert [row and row.run_id for row in found] == [work, done, failed, None]


def test_succeeded_tells_when_each_step_last_did_its_work(store: Store) -> None:
    """Partly done counts, failed doesn't."""
    run(store, "pull", status="partial")
    run(store, "push", status="failed")
    assert runs.succeeded(store) == {("pull", "main"): T0}


def test_began_is_the_ledgers_first_instant(store: Store) -> None:
    """None before the first run."""
    assert runs.began(store) is None
    run(store, "pull")
    assert runs.began(store) == T0


def test_tally_counts_runs_by_how_they_ended(store: Store) -> None:
    """Each step, target and status by itself."""
    for status in ("done", "done", "failed"):
        run(store, "pull", status=status)
    assert runs.tally(store) == {("pull", "main", "done"): 2, ("pull", "main", "failed"): 1}
