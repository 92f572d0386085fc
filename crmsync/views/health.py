"""Whether a job is fine: how its last run ended, and whether it is overdue by its own schedule.

It reads the ledger and the clock only, so a job turns red by itself when nothing runs at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crmsync import schedule
from crmsync.clock import MICROS_PER_SECOND
from crmsync.store import runs
from crmsync.store.engine import Store
from crmsync.store.runs import GOOD, JOB, LOST, OPEN, RUNNING, RunRow
from crmsync.views import ledger
from crmsync.views.cells import age, moment
from crmsync.words import many
from crmsync.workspace import JobSpec

FINE, FAILING, SILENT = "fine", "failing", "silent"
VERDICTS = (*GOOD, "failed", "stopped", "waiting")  # how a run ends that says something about its job


@dataclass(frozen=True, slots=True)
class Health:
    """A job's state and why, "" while it is fine. Instants are this machine's; `period_s` is from its time to its next one."""

    job: str
    state: str
    why: str
    last: RunRow | None
    succeeded_at: int | None  # when the newest run began that did its work
    missed: int  # times that have passed since the newest run began
    took_s: float  # by the newest run, so far where it is at work
    period_s: float
    next_at: int

    @property
    def overran(self) -> bool:
        """Whether the newest run took longer than there was to the job's next time."""
        return self.took_s > self.period_s


def health(store: Store, spec: JobSpec, *, now: int) -> Health:
    """Looks a job up. Raises BadConfig when its schedule can't be read."""
    last, good = runs.last(store, JOB, spec.name), runs.last(store, JOB, spec.name, statuses=GOOD)
    state, why = _state(store, spec, last, good, now=now)
    began = last.started_at if last else now
    ended = now if last is None else last.ended_at or (began if last.status == LOST else now)
    return Health(
        spec.name,
        state,
        why,
        last,
        good.started_at if good else None,
        schedule.missed(spec, since=began, now=now),
        (ended - began) / MICROS_PER_SECOND,
        schedule.period(spec, at=began) / MICROS_PER_SECOND,
        schedule.next_run(spec, after=now),
    )


def _state(store: Store, spec: JobSpec, last: RunRow | None, good: RunRow | None, *, now: int) -> tuple[str, str]:
    verdict = runs.last(store, JOB, spec.name, statuses=VERDICTS)
    if verdict is not None and verdict.status not in GOOD:
        return FAILING, verdict.message or verdict.status
    since = good.started_at if good else runs.began(store)
    if since is None:  # a new store: nothing could have run yet
        return FINE, ""
    due = schedule.next_run(spec, after=since)
    if now <= due + spec.grace_s * MICROS_PER_SECOND:
        return FINE, ""
    if last is not None and last.status in OPEN:
        return FAILING, f"due at {moment(due)}, and no run has ended well since: {_words(last)}"
    return SILENT, f"due at {moment(due)}, and nothing has run since"


def _words(row: RunRow) -> str:
    return "the newest is at work, or was broken off" if row.status == RUNNING else row.message


def job_lines(job: Health, *, now: int) -> Iterator[str]:
    """How a job stands, and when it took too long."""
    following = f"next at {moment(job.next_at)}"
    if job.state != FINE:
        missed = f", missed {many(job.missed, 'run')}" if job.missed else ""
        why, _, remedy = job.why.partition(" -> ")
        remedy = remedy or ("is crmsync serve running?" if job.state == SILENT else f"crmsync run {job.job}")
        yield f"[fail] job {job.job}: {job.state}{missed}: {why}; {following} -> {remedy}"
    elif job.last is None:
        yield f"[ok] job {job.job}: hasn't run yet; {following}"
    else:
        level = ledger.LEVELS.get(job.last.status, "ok")
        told = f"[{level}] job {ledger.line(job.last).removeprefix('job ')}, {age(now - job.last.started_at)} ago; {following}"
        yield told if level == "ok" else f"{told} -> see its steps below"
    if job.overran:
        took, there_was = (age(int(span * MICROS_PER_SECOND)) for span in (job.took_s, job.period_s))
        yield f"[warn] job {job.job}: took {took} of the {there_was} to its next time -> a wider schedule"
