"""What people and the watchdog were told about jobs."""

from crmsync.store import notices
from crmsync.store.engine import Store
from crmsync.store.notices import PING, Notice
from tests.store.rows import T0


def keep(store: Store, state: str, *, sent: int, failed: int = 0, job: str = "nightly", at: int = T0) -> Notice:
    """A notice that was kept."""
    notice = Notice(job, state, at, sent, failed, "why")
    notices.add(store, notice)
    return notice


def test_told_is_the_newest_state_that_somebody_took(store: Store) -> None:
    """One that nobody took, a ping, and another job's notice don't count."""
    assert notices.told(store, "nightly") is None
    taken = keep(store, "failing", sent=1, failed=1)
    lost = keep(store, "fine", sent=0, failed=2)
    keep(store, PING, sent=0, failed=1)
    keep(store, "silent", sent=1, job="weekly")
    assert (notices.told(store, "nightly"), notices.newest(store, "nightly")) == (taken, lost)


def test_failed_counts_addresses_by_job_and_kind(store: Store) -> None:
    """What was taken isn't counted, nor what lies further back."""
    keep(store, "failing", sent=2, failed=1)
    keep(store, "fine", sent=0, failed=2, at=T0 + 1)
    keep(store, PING, sent=0, failed=1)
    assert notices.failed(store) == {("nightly", False): 3, ("nightly", True): 1}
    assert notices.failed(store, since=T0 + 1) == {("nightly", False): 2}
