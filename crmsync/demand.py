"""How many API calls of a CRM the configured jobs need on their busiest day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crmsync.clock import MICROS_PER_DAY
from crmsync.schedule import next_run
from crmsync.workspace import JobSpec

CALLING = ("pull", "reconcile", "push")  # the steps that speak to a CRM
MOST_RUNS = 1_440  # a day, of a job of every minute


@dataclass(frozen=True, slots=True)
class Demand:
    """`parts` in words, such as "pull 24 x 14"; `guessed`: steps that no run has measured yet count as little as they may."""

    calls: int
    parts: tuple[str, ...]
    guessed: tuple[str, ...]


def of(jobs: Iterable[JobSpec], crm: str, *, measured: Mapping[str, int], least: int, now: int) -> Demand:
    """What the jobs need of one CRM. `measured`: calls of each step's newest run that ended well; `least`: those of any other.

    Raises BadConfig for a schedule that can't be read.
    """
    times = dict.fromkeys(CALLING, 0)
    for job in jobs:
        if not job.crms or crm in job.crms:
            for step in (step for step in job.steps if step in times):
                times[step] += runs_a_day(job, now=now)
    needed = {step: count for step, count in times.items() if count}
    each = {step: measured.get(step, least) for step in needed}
    return Demand(
        calls=sum(count * each[step] for step, count in needed.items()),
        parts=tuple(f"{step} {count:,} x {each[step]:,}" for step, count in needed.items()),
        guessed=tuple(step for step in needed if step not in measured),
    )


def runs_a_day(job: JobSpec, *, now: int) -> int:
    """How often a job runs within 24 hours from its next run on."""
    at = next_run(job, after=now)
    end, count = at + MICROS_PER_DAY, 0
    while at < end and count < MOST_RUNS:
        at, count = next_run(job, after=at), count + 1
    return count
