"""The run ledger, the lease and the approvals: what `pipeline` writes."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, insert, select, update

from crmsync.clock import iso
from crmsync.errors import CrmsyncError, LeaseHeld, RetryLater, Stopped, TooFew
from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.upsert import insert_new, table_of

_run, _lease, _approval = table_of(tables.Run), table_of(tables.Lease), table_of(tables.Approval)
_quarantine = table_of(tables.Quarantine)
_PAST = " as of "
_of_present = _run.c.target.not_like(f"%{_PAST}%")

JOB = "job"  # the step of the row that stands for a whole job
GOOD = ("done", "partial")  # how a run ends that did its work
RUNNING, LOST = "running", "lost"  # at work; its process ended without a word
EARLY = "early"  # there was too little to learn from yet
OPEN = (RUNNING, "later", LOST)  # how a run stands that neither did its work nor failed
STARTED = re.compile(r" \(start [^)]*\)")  # what `lease.holder_of` adds to a process's number
LOST_WORDS = "its process ended without a word -> the next run goes on from what is stored"


@dataclass(frozen=True, slots=True)
class RunRow:
    """One step of one run as the ledger has it."""

    run_id: int
    job: str
    step: str
    target: str
    status: str
    started_at: int
    ended_at: int | None
    counts: dict[str, int]
    message: str


def target_of(model: str, as_of: int | None) -> str:
    """The target of a run of a model; one that asks how a past day was has its own, since it says nothing of the present."""
    return model if as_of is None else f"{model}{_PAST}{iso(as_of)}"


def begin(store: Store, *, job: str, step: str, target: str, now: int, holder: str = "") -> int:
    """Opens a run in the ledger and gives its id. While it lasts, its message is the holder of the lease that it runs under."""
    values = {
        "job": job,
        "step": step,
        "target": target,
        "status": RUNNING,
        "started_at": now,
        "counts": "{}",
        "message": holder,
    }
    with store.write() as connection:
        return int(connection.execute(insert(_run).values(values).returning(_run.c.run_id)).scalar_one())


def end(store: Store, run_id: int, *, status: str, counts: dict[str, int], message: str, now: int) -> None:
    """Closes a run with what it counted. Where the clock was set back meanwhile, it took no time rather than less."""
    ended_at = case((_run.c.started_at > now, _run.c.started_at), else_=now)
    values = {"status": status, "counts": json.dumps(counts), "message": message, "ended_at": ended_at}
    with store.write() as connection:
        connection.execute(update(_run).where(_run.c.run_id == run_id).values(values))


def status_of(fault: CrmsyncError) -> str:
    """How a run ends that a fault ended."""
    if isinstance(fault, RetryLater):
        return "later"
    if isinstance(fault, TooFew):
        return EARLY
    if isinstance(fault, Stopped):
        return "waiting" if fault.code == "E501" else "stopped"
    return "failed"


def lose(store: Store, *, now: int) -> None:
    """Closes the runs whose holder holds no lease any more. When they ended nobody knows."""
    at_work = select(_lease.c.holder).where(_lease.c.expires_at > now)
    lost = (_run.c.status == RUNNING, _run.c.message.not_in(at_work))
    with store.write() as connection:
        connection.execute(update(_run).where(*lost).values(status=LOST, message=LOST_WORDS))


def get(store: Store, run_id: int) -> RunRow:
    """A run by its id."""
    with store.read() as connection:
        return _row(connection.execute(select(_run).where(_run.c.run_id == run_id)).one())


def find(store: Store, run_id: int) -> RunRow | None:
    """A run by its id, None if there is none."""
    with store.read() as connection:
        row = connection.execute(select(_run).where(_run.c.run_id == run_id)).one_or_none()
    return None if row is None else _row(row)


def newest(store: Store) -> list[RunRow]:
    """The newest run of each step and target, in the order of the steps' last start; none that asked how a past day was."""
    with store.read() as connection:
        ids = select(func.max(_run.c.run_id)).where(_of_present).group_by(_run.c.step, _run.c.target)
        rows = connection.execute(select(_run).where(_run.c.run_id.in_(ids)).order_by(_run.c.run_id)).all()
    return [_row(row) for row in rows]


def newest_id(store: Store) -> int:
    """The id of the newest run, 0 before the first."""
    with store.read() as connection:
        return int(connection.execute(select(func.max(_run.c.run_id))).scalar() or 0)


def after(store: Store, run_id: int, *, job: str | None = None) -> list[RunRow]:
    """The runs that began after another, oldest first: all of them, or those of one job."""
    query = select(_run).where(_run.c.run_id > run_id).order_by(_run.c.run_id)
    with store.read() as connection:
        rows = connection.execute(query if job is None else query.where(_run.c.job == job)).all()
    return [_row(row) for row in rows]


def last(store: Store, step: str, target: str, *, statuses: Sequence[str] = ()) -> RunRow | None:
    """The newest run of a step and target, or the newest one that ended in one of some ways."""
    query = select(_run).where(_run.c.step == step, _run.c.target == target)
    if statuses:
        query = query.where(_run.c.status.in_(statuses))
    with store.read() as connection:
        row = connection.execute(query.order_by(_run.c.run_id.desc()).limit(1)).one_or_none()
    return None if row is None else _row(row)


def turn(store: Store, job: str, *, due: int, pause: int) -> int | None:
    """When a job may be run for a time that it was due at; None when a run for it has come to an end, whoever made it.

    A run that is to go on later does so after a pause; one that never ended was killed, and may be done anew by who has its lease.
    """
    newest = last(store, JOB, job)
    if newest is None or newest.started_at < due:
        return due
    if newest.status not in OPEN:
        return None
    return due if newest.ended_at is None else newest.ended_at + pause


def succeeded(store: Store) -> dict[tuple[str, str], int]:
    """When the newest run that did its work began, by step and target."""
    newest = func.max(_run.c.started_at)
    good = (_run.c.status.in_(GOOD), _of_present)
    query = select(_run.c.step, _run.c.target, newest).where(*good).group_by(_run.c.step, _run.c.target)
    with store.read() as connection:
        return {(step, target): int(at) for step, target, at in connection.execute(query)}


def began(store: Store) -> int | None:
    """When the ledger's first run began, None before it."""
    with store.read() as connection:
        return connection.execute(select(func.min(_run.c.started_at))).scalar()


def tally(store: Store) -> dict[tuple[str, str, str], int]:
    """How many runs the ledger has, by step, target and status."""
    by = (_run.c.step, _run.c.target, _run.c.status)
    with store.read() as connection:
        rows = connection.execute(select(*by, func.count()).where(_of_present).group_by(*by).order_by(*by)).all()
    return {(step, target, status): int(count) for step, target, status, count in rows}


def newest_pull(store: Store) -> int:
    """The id of the newest pull that is complete, 0 if there is none: what a score names as what it saw."""
    done = select(func.max(_run.c.run_id)).where(_run.c.step == "pull", _run.c.status.in_(GOOD))
    with store.read() as connection:
        return int(connection.execute(done).scalar() or 0)


def last_of_job(store: Store, job: str) -> RunRow | None:
    """The newest run that a job made."""
    with store.read() as connection:
        row = connection.execute(
            select(_run).where(_run.c.job == job).order_by(_run.c.run_id.desc()).limit(1)
        ).one_or_none()
    return None if row is None else _row(row)


def _row(row: object) -> RunRow:
    values = {name: getattr(row, name) for name in RunRow.__slots__}
    return RunRow(**{**values, "counts": json.loads(values["counts"])})


def quarantined(store: Store) -> list[tuple[str, str, int, str]]:
    """What is set aside: CRM, source object, how many records, and one of their reasons."""
    query = (
        select(_quarantine.c.crm, _quarantine.c.source, func.count(), func.min(_quarantine.c.reason))
        .group_by(_quarantine.c.crm, _quarantine.c.source)
        .order_by(_quarantine.c.crm, _quarantine.c.source)
    )
    with store.read() as connection:
        return [(crm, source, int(count), reason) for crm, source, count, reason in connection.execute(query)]


def named(holder: str) -> str:
    """A lease's holder as people know it: without what tells its process from a later one of the same number."""
    return STARTED.sub("", holder)


def take_lease(store: Store, name: str, *, holder: str, now: int, until: int) -> int:
    """Takes or renews a lease until an instant and gives its fencing number. Raises LeaseHeld while another holds it."""
    with store.write() as connection:
        insert_new(connection, tables.Lease, [{"name": name, "holder": "", "fence": 0, "expires_at": 0}])
        row = connection.execute(select(_lease).where(_lease.c.name == name).with_for_update()).one()
        if row.holder not in ("", holder) and row.expires_at > now:
            what = f"another crmsync ({named(row.holder)}) is at work"
            raise LeaseHeld("E601", what, where=f"lease {name}", remedy="wait for it to end, or stop it")
        fence: int = row.fence + (row.holder != holder)
        taken = {"holder": holder, "fence": fence, "expires_at": until}
        connection.execute(update(_lease).where(_lease.c.name == name).values(taken))
    return fence


def renew_lease(store: Store, name: str, *, fence: int, until: int) -> None:
    """Prolongs a lease that is still the one of that number."""
    with store.write() as connection:
        mine = (_lease.c.name == name, _lease.c.fence == fence, _lease.c.holder != "")
        connection.execute(update(_lease).where(*mine).values(expires_at=until))


def lease_fence(connection: Connection, name: str) -> int:
    """A lease's number, which nobody can change before this transaction ends."""
    query = select(_lease.c.fence).where(_lease.c.name == name).with_for_update(read=True)
    return int(connection.execute(query).scalar_one())


def lease_holder(store: Store, name: str) -> str:
    """Who holds a lease, "" if nobody does."""
    with store.read() as connection:
        return connection.execute(select(_lease.c.holder).where(_lease.c.name == name)).scalar() or ""


def holders(store: Store) -> list[str]:
    """Who holds leases, each once."""
    query = select(_lease.c.holder).where(_lease.c.holder != "").distinct().order_by(_lease.c.holder)
    with store.read() as connection:
        return list(connection.execute(query).scalars())


def give_lease_back(store: Store, name: str, *, holder: str) -> None:
    """Ends a lease, if it is still this holder's."""
    with store.write() as connection:
        mine = (_lease.c.name == name, _lease.c.holder == holder)
        connection.execute(update(_lease).where(*mine).values(holder="", expires_at=0))


def approve(store: Store, digest: str, *, run_id: int, now: int) -> None:
    """Lets a plan out."""
    with store.write() as connection:
        insert_new(connection, tables.Approval, [{"digest": digest, "approved_at": now, "run_id": run_id}])


def approved(store: Store, digest: str) -> bool:
    """Whether somebody let a plan out."""
    with store.read() as connection:
        return connection.execute(select(_approval).where(_approval.c.digest == digest)).first() is not None
