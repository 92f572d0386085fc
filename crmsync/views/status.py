"""Where things stand: the jobs, age of the data, last run of each step, what waits, what is set aside, which fit scores.

What nobody ran turns red by itself: a job's state comes from its own schedule and the ledger (`health`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crmsync.clock import MICROS_PER_DAY
from crmsync.store import notices, outbox, pulled, runs
from crmsync.store.engine import Store
from crmsync.store.lease import at_work
from crmsync.store.runs import GOOD, JOB, LOST_WORDS, RUNNING, RunRow
from crmsync.views import ledger
from crmsync.views.cells import age, moment
from crmsync.views.health import Health, health, job_lines
from crmsync.views.scorer import Scorer, scorer, scorer_lines
from crmsync.words import many
from crmsync.workspace import JobSpec

STALE = 2 * MICROS_PER_DAY  # a pull older than this is worth a warning
STORY = ("pull", "reconcile", "compact", "train", "score", "stage", "push", "undo")
REMEDIES = {"partial": "crmsync export receipt, or quarantine, lists each", "later": "the next run goes on"}
AGAIN = "run it again; if it ends like this too, report it with this line"
ORDER = {step: place for place, step in enumerate(STORY)}


@dataclass(frozen=True, slots=True)
class Data:
    """How far a CRM has been pulled. None: never."""

    crm: str
    complete_at: int | None  # on the CRM's own clock: what it showed by then is here
    pulled_at: int | None  # on this machine's clock


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is planned for a CRM and not yet sent, and what was sent without an answer."""

    crm: str
    values: int
    digest: str
    unsettled: int


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """What write-back leaves alone in a CRM: a person's values in our fields, and deals that we wrote too often of late."""

    crm: str
    overrides: int
    example: str  # one of the deals, by the CRM's id
    paused: dict[str, int]  # deal -> how many runs wrote it in the last 24 hours


@dataclass(frozen=True, slots=True)
class SetAside:
    """Records of one object that couldn't be used, with one of their reasons."""

    crm: str
    source: str
    records: int
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """The newest run of a step and target, and when the newest one began that did its work; None: never."""

    run: RunRow
    succeeded_at: int | None


@dataclass(frozen=True, slots=True)
class Untold:
    """What of a job's notices or pings no address took in the last seven days."""

    job: str
    kind: str  # notice or ping
    failed: int


@dataclass(frozen=True, slots=True)
class Status:
    """All of it. `now_at`: this machine's clock; `holders`: who is at work."""

    now_at: int
    holders: list[str]
    jobs: list[Health]
    data: list[Data]
    steps: list[Step]
    waiting: list[Waiting]
    left_alone: list[LeftAlone]
    set_aside: list[SetAside]
    scorers: list[Scorer]
    untold: list[Untold]
    wrong: str  # why the jobs can't be read, "" when they can


def status(
    store: Store,
    *,
    crms: Iterable[str],
    models: Iterable[str],
    jobs: Iterable[JobSpec],
    writes_per_day: int,
    wrong: str,
    now: int,
) -> Status:
    """Reads it all."""
    newest, names = [row for row in runs.newest(store) if row.step != JOB], list(crms)
    pulls = {row.target: row.started_at for row in newest if row.step == "pull" and row.status in GOOD}
    succeeded = runs.succeeded(store)
    steps = [Step(row, succeeded.get((row.step, row.target))) for row in newest]
    return Status(
        now_at=now,
        holders=at_work(store),
        jobs=[health(store, spec, now=now) for spec in jobs],
        data=[Data(crm, pulled.complete_until(store, [crm]), pulls.get(crm)) for crm in names],
        steps=sorted(steps, key=lambda step: (ORDER.get(step.run.step, len(ORDER)), step.run.target)),
        waiting=[Waiting(crm, *outbox.backlog(store, crm)) for crm in names],
        left_alone=[_left_alone(store, crm, writes_per_day=writes_per_day, now=now) for crm in names],
        set_aside=[SetAside(*row) for row in runs.quarantined(store)],
        scorers=[scorer(store, model) for model in models],
        untold=_untold(store, now=now),
        wrong=wrong,
    )


def _left_alone(store: Store, crm: str, *, writes_per_day: int, now: int) -> LeftAlone:
    paused = outbox.written_often(store, crm, since=now - MICROS_PER_DAY + 1, times=writes_per_day)
    theirs = outbox.overrides(store, crm)
    return LeftAlone(crm, len(theirs), theirs[0][0] if theirs else "", paused)


def _untold(store: Store, *, now: int) -> list[Untold]:
    failed = notices.failed(store, since=now - 7 * MICROS_PER_DAY)
    return [Untold(job, "ping" if ping else "notice", count) for (job, ping), count in failed.items()]


def lines(found: Status) -> list[str]:
    """A line for each thing; what needs somebody is marked and says what to do."""
    return [*_lines(found)] or ["nothing is configured yet -> crmsync check"]


def _lines(found: Status) -> Iterator[str]:
    if found.wrong:
        yield f"[fail] jobs: {found.wrong}"
    for job in found.jobs:
        yield from job_lines(job, now=found.now_at)
    for lost in found.untold:
        untaken = f"{many(lost.failed, lost.kind)} in 7 days: no address took {'it' if lost.failed == 1 else 'them'}"
        yield f"[warn] told {lost.job}: {untaken} -> see [alerts], [ping]"
    for data in found.data:
        yield _data(data, now=found.now_at)
    for step in found.steps:
        yield _step(step, now=found.now_at, holders=found.holders)
    for waiting in found.waiting:
        yield from _outbox(waiting)
    for left in found.left_alone:
        yield from _spared(left)
    for it in found.set_aside:
        remedy = "correct them in the CRM; the next pull takes them"
        yield f"[warn] set aside {it.crm}: {it.records:,} of {it.source}: {it.reason} -> {remedy}"
    for each in found.scorers:
        yield from scorer_lines(each)


def _data(data: Data, *, now: int) -> str:
    pull = f"crmsync pull --crm {data.crm}"
    if data.complete_at is None:
        return f"[warn] data {data.crm}: nothing pulled yet -> {pull}"
    complete = moment(data.complete_at)
    if data.pulled_at is None:
        return f"[warn] data {data.crm}: complete up to {complete}; the last pull didn't end well -> {pull}"
    told = f"data {data.crm}: complete up to {complete}, pulled {age(now - data.pulled_at)} ago"
    return f"[warn] {told} -> {pull}" if now - data.pulled_at > STALE else f"[ok] {told}"


def _step(step: Step, *, now: int, holders: list[str]) -> str:
    row = step.run
    level = ledger.LEVELS.get(row.status, "fail")
    what = f"{ledger.line(row)}, {age(now - row.started_at)} ago"
    if row.status == RUNNING:  # of a process that was killed, until the next run tells it as lost
        return f"[ok] {what} by {runs.named(row.message)}" if row.message in holders else f"[warn] {what}: {LOST_WORDS}"
    if row.status not in GOOD:
        what += ", never done" if step.succeeded_at is None else f", last done {age(now - step.succeeded_at)} ago"
    told = f"[{level}] {what}" + (f": {row.message}" if row.message else "")
    return told if level == "ok" or " -> " in told else f"{told} -> {REMEDIES.get(row.status, AGAIN)}"


def is_red(found: Status) -> bool:
    """Whether something failed, fell silent or can't be read."""
    return any(line.startswith("[fail]") for line in lines(found))


def _outbox(waiting: Waiting) -> Iterator[str]:
    if waiting.unsettled:
        yield f"[warn] outbox {waiting.crm}: {waiting.unsettled:,} sent without an answer -> the next push asks the CRM"
    if waiting.values:
        wait = f"{many(waiting.values, 'value')} {'waits' if waiting.values == 1 else 'wait'}, plan {waiting.digest}"
        yield f"[warn] outbox {waiting.crm}: {wait} -> crmsync push --crm {waiting.crm} --dry-run"
    if not waiting.unsettled and not waiting.values:
        yield f"[ok] outbox {waiting.crm}: nothing waits"


def _spared(left: LeftAlone) -> Iterator[str]:
    if left.overrides:
        told = f"{many(left.overrides, 'value')} of people {'stands' if left.overrides == 1 else 'stand'} in our fields"
        yield f"[ok] overrides {left.crm}: {told}, such as in {left.example} -> crmsync explain {left.example}"
    for deal, times in left.paused.items():
        remedy = f"see what answers our writes there; crmsync explain {deal}"
        yield f"[warn] paused {left.crm}: {deal} was written {many(times, 'time')} in 24 hours -> {remedy}"
