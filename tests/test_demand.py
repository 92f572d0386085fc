"""How many calls the configured jobs need in a day."""

from pathlib import Path

import pytest

from crmsync import demand
from crmsync.clock import parse_instant
from crmsync.demand import Demand
from crmsync.workspace import JobSpec

NOW = parse_instant("2026-06-01T00:30:00Z")  # a Monday


def job(schedule: str, *steps: str, crms: tuple[str, ...] = ()) -> JobSpec:
    """A job by its schedule."""
    return JobSpec.model_validate(
        {"name": "a", "file": Path("jobs/a.toml"), "schedule": schedule, "steps": steps, "crms": crms}
    )


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [("0 * * * *", 24), ("30 3 * * *", 1), ("0 2 * * sun", 1), ("*/15 8-17 * * *", 40), ("* * * * *", 1_440)],
)
def test_runs_a_day_counts_from_the_next_run_on(schedule: str, runs: int) -> None:
    """A weekly job has its day, too: the busiest one is what an allowance has to bear."""
    assert demand.runs_a_day(job(schedule, "pull"), now=NOW) == runs


def test_of_multiplies_measured_calls_with_runs() -> None:
    """Two jobs that pull count both; a step that calls nobody counts for nothing; another CRM's job isn't ours."""
    jobs = [
        job("0 * * * *", "pull"),
        job("30 3 * * *", "pull", "score", "stage", "push"),
        job("0 * * * *", "pull", crms=("hub",)),
    ]
    found = demand.of(jobs, "main", measured={"pull": 14, "push": 40}, least=8, now=NOW)
    assert found == Demand(25 * 14 + 40, ("pull 25 x 14", "push 1 x 40"), ())


def test_of_says_what_nobody_has_measured() -> None:
    """Before the first run a step counts as little as it may, and is named."""
    assert demand.of([job("0 4 * * *", "pull", "push")], "main", measured={"pull": 14}, least=8, now=NOW) == Demand(
        22, ("pull 1 x 14", "push 1 x 8"), ("push",)
    )


def test_of_jobs_that_call_nobody_is_nothing() -> None:
    """Training and scoring read the store alone."""
    assert demand.of([job("0 4 * * *", "train")], "main", measured={}, least=8, now=NOW) == Demand(0, (), ())
