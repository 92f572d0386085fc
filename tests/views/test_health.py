"""Whether a job is fine, by the ledger and its own schedule."""

from pathlib import Path

import pytest

from crmsync.store import runs
from crmsync.store.engine import Store
from crmsync.store.runs import JOB
from crmsync.views.health import FAILING, FINE, SILENT, Health, health, job_lines
from crmsync.workspace import JobSpec
from tests.store.rows import SECOND, T0
from tests.views.conftest import DAY

MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
SPEC = JobSpec(name="hourly", file=Path("hourly.toml"), schedule="0 * * * *", steps=("pull",))
FIRST = T0 - T0 % HOUR + HOUR  # a full hour


def ran(store: Store, status: str, *, at: int = FIRST, took: int = MINUTE, message: str = "") -> None:
    """A run of the job that began at an instant."""
    number = runs.begin(store, job=SPEC.name, step=JOB, target=SPEC.name, now=at)
    if status != "running":
        runs.end(store, number, status=status, counts={}, message=message, now=at + took)


def looked(store: Store, *, at: int) -> Health:
    """The job's health at an instant."""
    return health(store, SPEC, now=at)


@pytest.mark.parametrize("status", ["done", "partial"])
def test_job_that_did_its_work_is_fine_until_it_is_overdue(store: Store, status: str) -> None:
    """It turns red by itself a grace time after its next time, to the microsecond, with nothing having run."""
    ran(store, status)
    last_moment = FIRST + HOUR + SPEC.grace_s * SECOND
    assert [looked(store, at=at).state for at in (FIRST, last_moment, last_moment + 1)] == [FINE, FINE, SILENT]


@pytest.mark.parametrize("status", ["failed", "stopped", "waiting"])
def test_job_whose_last_run_failed_is_failing_with_its_words(store: Store, status: str) -> None:
    """At once, and until a run did its work; one at work or put off says nothing yet."""
    ran(store, status, message="E202 refused")
    ran(store, "later", at=FIRST + HOUR)
    ran(store, "running", at=FIRST + 2 * HOUR)
    assert (looked(store, at=FIRST).state, looked(store, at=FIRST + 2 * HOUR).why) == (FAILING, "E202 refused")
    ran(store, "done", at=FIRST + 3 * HOUR)
    assert looked(store, at=FIRST + 3 * HOUR).state == FINE


def test_job_that_is_put_off_again_and_again_fails_when_it_is_overdue(store: Store) -> None:
    """A CRM that is down for some minutes wakes nobody; one that is down past the grace time does, in its own words."""
    ran(store, "done")
    ran(store, "later", at=FIRST + HOUR, message="E201 down")
    assert looked(store, at=FIRST + HOUR + 5 * MINUTE).state == FINE
    found = looked(store, at=FIRST + 2 * HOUR + 5 * MINUTE)
    assert (found.state, found.why.endswith("E201 down")) == (FAILING, True)


def test_job_whose_run_was_lost_is_no_alarm_until_it_is_overdue(store: Store) -> None:
    """A process that was killed goes on with its next run; only when none ends well in time somebody has to look."""
    ran(store, "done")
    ran(store, "running", at=FIRST + HOUR)
    runs.lose(store, now=FIRST + HOUR)
    now = FIRST + 2 * HOUR
    found = looked(store, at=now)
    assert (found.state, found.overran) == (FINE, False)
    late = looked(store, at=now + SPEC.grace_s * SECOND + 1)
    assert (late.state, late.why.endswith(runs.LOST_WORDS)) == (FAILING, True)


def test_job_that_never_ran_counts_from_the_ledgers_beginning(store: Store) -> None:
    """A new store is no alarm; one in which other things have run for longer than the job's time and grace is."""
    assert looked(store, at=FIRST).state == FINE
    runs.begin(store, job="", step="pull", target="main", now=FIRST)
    assert [looked(store, at=FIRST + span).state for span in (HOUR, DAY)] == [FINE, SILENT]


def test_job_counts_the_times_it_missed(store: Store) -> None:
    """Nine hours of sleep are nine runs of an hourly job."""
    ran(store, "done")
    assert [looked(store, at=FIRST + span).missed for span in (MINUTE, HOUR, 9 * HOUR)] == [0, 1, 9]


def test_run_longer_than_its_period_is_told(store: Store) -> None:
    """70 minutes of an hourly job are worth a warning, also while it is still at work; 50 are not."""
    for took, overran in ((50, False), (70, True)):
        ran(store, "done", took=took * MINUTE)
        told = [*job_lines(looked(store, at=FIRST + 70 * MINUTE), now=FIRST + 70 * MINUTE)]
        assert any(line.startswith("[warn] job hourly: took 70 min of the 60 min") for line in told) is overran
    ran(store, "running")
    assert looked(store, at=FIRST + 61 * MINUTE).overran


def test_red_job_says_since_when_and_what_to_do(store: Store) -> None:
    """Silence is told with the time that passed, and the likely reason."""
    ran(store, "done")
    now = FIRST + 9 * HOUR
    (line,) = job_lines(looked(store, at=now), now=now)
    assert line.startswith("[fail] job hourly: silent, missed 9 runs: due at 2023-11-15T00:00:00Z, and nothing has run")
    assert line.endswith("-> is crmsync serve running?")
