"""Where things stand: age of the data, last run of each step, what waits, what is set aside, which fit scores, what runs next."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from crmsync.clock import MICROS_PER_DAY, iso
from crmsync.store import fits, outbox, pulled, runs
from crmsync.store.engine import Store
from crmsync.store.lease import NAME
from crmsync.store.runs import RunRow
from crmsync.views import ledger
from crmsync.views.cells import age, moment

STALE = 2 * MICROS_PER_DAY  # a pull older than this is worth a warning
ORDER = {step: place for place, step in enumerate(("pull", "train", "score", "stage", "push"))}  # of the story
LEVELS = {"done": "ok", "partial": "warn", "later": "warn", "waiting": "warn"}  # by status of a run; of others: fail


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
class Scorer:
    """The fit of a model that scores, None before the first; `refused`: the gate's words on a newer one that it held back."""

    model: str
    fit_id: int | None
    as_of: int | None
    verdict: str
    refused: str


@dataclass(frozen=True, slots=True)
class Status:
    """All of it. `now_at`, `next_at`: this machine's clock; `holder`: who is at work, "" if nobody."""

    now_at: int
    holder: str
    data: list[Data]
    runs: list[RunRow]
    waiting: list[Waiting]
    left_alone: list[LeftAlone]
    set_aside: list[SetAside]
    scorers: list[Scorer]
    next_at: dict[str, str]  # by job
    wrong: str  # why the jobs can't be read, "" when they can


def status(
    store: Store,
    *,
    crms: Iterable[str],
    models: Iterable[str],
    writes_per_day: int,
    next_runs: Mapping[str, int],
    wrong: str,
    now: int,
) -> Status:
    """Reads it all. `next_runs`: when each job is due, as the scheduler has it."""
    newest, names = runs.newest(store), list(crms)
    pulls = {row.target: row.started_at for row in newest if row.step == "pull" and row.status in ("done", "partial")}
    return Status(
        now_at=now,
        holder=runs.lease_holder(store, NAME),
        data=[Data(crm, pulled.complete_until(store, [crm]), pulls.get(crm)) for crm in names],
        runs=sorted(newest, key=lambda row: (ORDER.get(row.step, len(ORDER)), row.target)),
        waiting=[Waiting(crm, *outbox.backlog(store, crm)) for crm in names],
        left_alone=[_left_alone(store, crm, writes_per_day=writes_per_day, now=now) for crm in names],
        set_aside=[SetAside(*row) for row in runs.quarantined(store)],
        scorers=[_scorer(store, model) for model in models],
        next_at={job: iso(at) for job, at in next_runs.items()},
        wrong=wrong,
    )


def _left_alone(store: Store, crm: str, *, writes_per_day: int, now: int) -> LeftAlone:
    paused = outbox.written_often(store, crm, since=now - MICROS_PER_DAY + 1, times=writes_per_day)
    theirs = outbox.overrides(store, crm)
    return LeftAlone(crm, len(theirs), theirs[0][0] if theirs else "", paused)


def _scorer(store: Store, model: str) -> Scorer:
    used, newest = fits.newest_used(store, model), fits.newest(store, model)
    refused = "" if newest is None or newest.used else newest.verdict
    if used is None:
        return Scorer(model, None, None, "", refused)
    return Scorer(model, used.fit_id, used.as_of, used.verdict, refused)


def lines(found: Status) -> list[str]:
    """A line for each thing; what needs somebody is marked and says what to do."""
    return [*_lines(found)] or ["nothing is configured yet -> crmsync check"]


def _lines(found: Status) -> Iterator[str]:
    for data in found.data:
        yield _data(data, now=found.now_at)
    for row in found.runs:
        yield _run(row, now=found.now_at, holder=found.holder)
    for waiting in found.waiting:
        yield from _outbox(waiting)
    for left in found.left_alone:
        yield from _spared(left)
    for it in found.set_aside:
        yield f"[warn] set aside {it.crm}: {it.records:,} of {it.source}: {it.reason}"
    for scorer in found.scorers:
        yield from _fit(scorer)
    for job, at in found.next_at.items():
        yield f"[ok] job {job}: next at {at}"
    if found.wrong:
        yield f"[fail] jobs: {found.wrong}"


def _data(data: Data, *, now: int) -> str:
    if data.complete_at is None:
        return f"[warn] data {data.crm}: nothing pulled yet -> crmsync pull --crm {data.crm}"
    complete = moment(data.complete_at)
    if data.pulled_at is None:
        return f"[warn] data {data.crm}: complete up to {complete}; the last pull didn't end well"
    level = "warn" if now - data.pulled_at > STALE else "ok"
    return f"[{level}] data {data.crm}: complete up to {complete}, pulled {age(now - data.pulled_at)} ago"


def _run(row: RunRow, *, now: int, holder: str) -> str:
    level = LEVELS.get(row.status, "fail")
    what = f"{ledger.line(row)}, {age(now - row.started_at)} ago"
    if row.status == "running":
        level = "ok" if holder else "warn"
        what += f" by {holder}" if holder else ": broken off; the next run goes on from what is stored"
    return f"[{level}] {what}" + (f": {row.message}" if row.message else "")


def _outbox(waiting: Waiting) -> Iterator[str]:
    if waiting.unsettled:
        yield f"[warn] outbox {waiting.crm}: {waiting.unsettled:,} sent without an answer -> the next push asks the CRM"
    if waiting.values:
        remedy = f"crmsync push --crm {waiting.crm} --dry-run"
        yield f"[warn] outbox {waiting.crm}: {waiting.values:,} values wait, plan {waiting.digest} -> {remedy}"
    if not waiting.unsettled and not waiting.values:
        yield f"[ok] outbox {waiting.crm}: nothing waits"


def _spared(left: LeftAlone) -> Iterator[str]:
    if left.overrides:
        where = f"such as in {left.example} -> crmsync explain {left.example}"
        yield f"[ok] overrides {left.crm}: {left.overrides:,} values in our fields are a person's, {where}"
    for deal, times in left.paused.items():
        remedy = f"see what answers our writes there; crmsync explain {deal}"
        yield f"[warn] paused {left.crm}: {deal} was written {times} times in 24 hours -> {remedy}"


def _fit(scorer: Scorer) -> Iterator[str]:
    if scorer.fit_id is None or scorer.as_of is None:
        yield f"[warn] fit {scorer.model}: none yet -> crmsync train --model {scorer.model}"
    else:
        yield f"[ok] fit {scorer.model}: fit {scorer.fit_id}, as of {moment(scorer.as_of)}: {scorer.verdict}"
    if scorer.refused:
        yield f"[warn] fit {scorer.model}: a newer one was held back: {scorer.refused}"
