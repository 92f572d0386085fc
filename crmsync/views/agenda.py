"""The jobs: what each does, when it ran last, when it is due."""

from collections.abc import Mapping
from dataclasses import dataclass

from crmsync.store import runs
from crmsync.store.engine import Store
from crmsync.views.cells import moment
from crmsync.workspace import JobSpec


@dataclass(frozen=True, slots=True)
class Job:
    """A job with its times on this machine's clock. `last_status` is "" before its first run."""

    name: str
    schedule: str
    zone: str
    steps: tuple[str, ...]
    last_at: int | None
    last_status: str
    next_at: int


def agenda(store: Store, specs: Mapping[str, JobSpec], next_runs: Mapping[str, int]) -> list[Job]:
    """Every job, the one that is due first first. `next_runs`: when each is due, as the scheduler has it."""
    found = []
    for name, spec in specs.items():
        last = runs.last_of_job(store, name)
        last_at, last_status = (None, "") if last is None else (last.started_at, last.status)
        found.append(Job(name, spec.schedule, spec.zone, spec.steps, last_at, last_status, next_runs[name]))
    return sorted(found, key=lambda job: job.next_at)


def table(found: list[Job]) -> list[tuple[str, ...]]:
    """As rows of text, a head first."""
    head = ("job", "schedule", "zone", "steps", "last run", "", "next run")
    return [
        head,
        *(
            (
                job.name,
                job.schedule,
                job.zone,
                " ".join(job.steps),
                "never" if job.last_at is None else moment(job.last_at),
                job.last_status,
                moment(job.next_at),
            )
            for job in found
        ),
    ]
