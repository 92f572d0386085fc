"""The write-back ledger: the outbox that `stage` fills, and the receipts that `push` appends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, exists, func, insert, select

from crmsync.records import OURSELVES, TRAVELLERS, Result
from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.upsert import table_of

IN_FLIGHT, DONE, FAILED, UNCLEAR = "in_flight", "done", "failed", "unclear"
OVERRAN = "went over a value that came between reading and writing: "  # how the receipt of such a write begins
UNDO = "undo of run "  # how the reason of a value that an undo puts back begins

_outbox, _receipt, _deal = table_of(tables.Outbox), table_of(tables.Receipt), table_of(tables.Deal)
_held, _run = table_of(tables.Held), table_of(tables.Run)


@dataclass(frozen=True, slots=True)
class Planned:
    """One planned value as the outbox has it."""

    outbox_id: int
    digest: str
    run_id: int
    score_id: int
    deal_id: int
    crm: str
    crm_id: str
    result: Result
    target: str
    old: str | None
    new: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a CRM shows in one of our fields: by the newest pull, or by what we wrote after it.

    `set_at`: since when, on the CRM's clock, as far as it tells; `written_at`: when we did, on this machine's, None: never.
    """

    value: str | None
    ours: bool  # it is what we wrote last, by our ledger or, where that knows nothing of it, by the CRM; or blank
    set_at: int = field(default=0, compare=False)
    written_at: int | None = field(default=None, compare=False)
    by_crm: bool = field(default=False, compare=False)  # only the CRM tells that it is ours: our ledger was lost


def _states() -> Any:
    """Each outbox row's newest receipt."""
    newest = select(func.max(_receipt.c.receipt_id)).group_by(_receipt.c.outbox_id)
    return select(_receipt).where(_receipt.c.receipt_id.in_(newest)).subquery("state")


def plan(store: Store, rows: Sequence[dict[str, Any]]) -> None:
    """Stores a plan, all of it or none."""
    if rows:
        with store.write() as connection:
            connection.execute(insert(_outbox), list(rows))


def newest_plan(store: Store, crm: str) -> list[Planned]:
    """The rows of the newest plan for a CRM that are still to be sent. An older plan is never sent once there is a newer one."""
    with store.read() as connection:
        return _planned(connection.execute(_waiting(connection, crm).order_by(_outbox.c.outbox_id)))


def _waiting(connection: Connection, crm: str) -> Select[Any]:
    sent = exists(_receipt.c.receipt_id).where(_receipt.c.outbox_id == _outbox.c.outbox_id)
    return select(_outbox).where(_outbox.c.crm == crm, _outbox.c.run_id == newest_stage(connection, crm), ~sent)


def newest_stage(connection: Connection, crm: str) -> int | None:
    """The run that made the newest plan for a CRM, which may be an empty one; None before the first."""
    done = (_run.c.step == "stage", _run.c.target == crm, _run.c.status == "done")
    return connection.execute(select(func.max(_run.c.run_id)).where(*done)).scalar()


def unsettled(store: Store, crm: str) -> list[Planned]:
    """Rows whose request left without an answer that could be read: the CRM has to be asked what became of them."""
    with store.read() as connection:
        return _planned(connection.execute(_unsettled(crm).order_by(_outbox.c.outbox_id)))


def _unsettled(crm: str) -> Select[Any]:
    state = _states()
    query = select(_outbox).join(state, state.c.outbox_id == _outbox.c.outbox_id)
    return query.where(_outbox.c.crm == crm, state.c.state.in_((IN_FLIGHT, UNCLEAR)))


def backlog(store: Store, crm: str) -> tuple[int, str, int]:
    """How many values of the newest plan for a CRM wait, the plan's digest ("" if none do), and how many are unsettled."""
    with store.read() as connection:
        rows = _waiting(connection, crm).subquery()
        waiting, digest = connection.execute(select(func.count(), func.min(rows.c.digest)).select_from(rows)).one()
        unsettled = connection.execute(select(func.count()).select_from(_unsettled(crm).subquery())).scalar_one()
    return waiting, digest or "", unsettled


def written_by(store: Store, run_id: int) -> list[Planned]:
    """What one push wrote: what it sent, if only a later run learnt that it arrived."""
    state = _states()
    sent = select(_receipt.c.outbox_id).where(_receipt.c.run_id == run_id, _receipt.c.state == IN_FLIGHT)
    query = select(_outbox).join(state, state.c.outbox_id == _outbox.c.outbox_id)
    query = query.where(_outbox.c.outbox_id.in_(sent), state.c.state == DONE).order_by(_outbox.c.outbox_id)
    with store.read() as connection:
        return _planned(connection.execute(query))


def last_sent(store: Store, run_id: int) -> dict[tuple[int, Result], tuple[Planned, int]]:
    """The newest value that arrived, for each result of the deals that one push wrote to, and the run that sent it."""
    state = _states()
    deals = select(_outbox.c.deal_id).join(_receipt, _receipt.c.outbox_id == _outbox.c.outbox_id)
    newest = select(func.max(_outbox.c.outbox_id)).join(_receipt, _receipt.c.outbox_id == _outbox.c.outbox_id)
    newest = newest.join(state, state.c.outbox_id == _outbox.c.outbox_id)
    newest = newest.where(_outbox.c.deal_id.in_(deals.where(_receipt.c.run_id == run_id)))
    newest = newest.where(_receipt.c.state == IN_FLIGHT, state.c.state == DONE)
    newest = newest.group_by(_outbox.c.deal_id, _outbox.c.result)
    query = select(_outbox, _receipt.c.run_id.label("sent_by"))
    query = query.join(_receipt, _receipt.c.outbox_id == _outbox.c.outbox_id)
    query = query.where(_outbox.c.outbox_id.in_(newest), _receipt.c.state == IN_FLIGHT)
    with store.read() as connection:
        return {(row.deal_id, Result(row.result)): (_one(row), row.sent_by) for row in connection.execute(query)}


def planned_by(store: Store, run_id: int) -> list[Planned]:
    """What one run planned."""
    query = select(_outbox).where(_outbox.c.run_id == run_id).order_by(_outbox.c.outbox_id)
    with store.read() as connection:
        return _planned(connection.execute(query))


def left_by(store: Store, run_id: int) -> list[tuple[Planned, str]]:
    """What a run was to write and didn't, each with the reason."""
    state = _states()
    query = select(_outbox, state.c.error).join(state, state.c.outbox_id == _outbox.c.outbox_id)
    query = query.where(state.c.run_id == run_id, state.c.state == FAILED).order_by(_outbox.c.outbox_id)
    with store.read() as connection:
        return [(_one(row), row.error) for row in connection.execute(query)]


def overran(store: Store, crm: str) -> list[tuple[Planned, str]]:
    """What was written over a value that nobody had read, with the receipt's words."""
    query = select(_outbox, _receipt.c.error).join(_receipt, _receipt.c.outbox_id == _outbox.c.outbox_id)
    query = query.where(_outbox.c.crm == crm, _receipt.c.error.like(f"{OVERRAN}%")).order_by(_receipt.c.receipt_id)
    with store.read() as connection:
        return [(_one(row), row.error) for row in connection.execute(query)]


def note(store: Store, rows: Iterable[tuple[int, str, str]], *, run_id: int, now: int) -> None:
    """Appends receipts: (outbox_id, state, error). Durable when it returns."""
    values = [
        {"outbox_id": row, "state": state, "error": error, "run_id": run_id, "at": now} for row, state, error in rows
    ]
    if values:
        with store.write() as connection:
            connection.execute(insert(_receipt), values)


def ever_written(store: Store, crm: str) -> bool:
    """Whether anything was ever sent to a CRM."""
    query = select(_receipt.c.receipt_id).join(_outbox, _outbox.c.outbox_id == _receipt.c.outbox_id)
    query = query.where(_outbox.c.crm == crm, _receipt.c.state == DONE).limit(1)
    with store.read() as connection:
        return connection.execute(query).first() is not None


def shown(store: Store, crm: str) -> dict[tuple[int, Result], Shown]:
    """What the CRM shows in our fields of each open deal; a field that no pull has seen yet is missing."""
    with store.read() as connection:
        held = connection.execute(_held_of(crm)).all()
        written = {(row.deal_id, row.result): row for row in connection.execute(_last_written(crm))}
        undone = any(row.reason.startswith(UNDO) for row in written.values())
        meant = _meant(connection, crm) if undone else set()
    found: dict[tuple[int, Result], Shown] = {}
    for row in held:
        last = written.get((row.deal_id, row.result))
        value = last.new if last is not None and last.run_id > row.seen_run_id else row.value
        ours, written_at = value is None, None
        if last is not None and last.new == value:
            put_back = last.reason.startswith(UNDO)
            ours = ours or not put_back or (row.deal_id, row.result, value) in meant
            written_at = last.at
        by_crm = last is None and value is not None and row.set_by == OURSELVES
        if by_crm:
            ours, written_at = True, row.set_at  # the CRM's clock is near enough to tell the age in days
        found[row.deal_id, Result(row.result)] = Shown(value, ours, row.set_at, written_at, by_crm)
    return found


def overrides(store: Store, crm: str) -> list[tuple[str, Result, str]]:
    """The values in our fields of open deals that aren't ours: deal by the CRM's id, result, value. Ours stands in the score."""
    numbers = select(_deal.c.deal_id, _deal.c.crm_id).where(_deal.c.crm == crm)
    theirs = {key: it.value for key, it in shown(store, crm).items() if not it.ours and key[1] not in TRAVELLERS}
    with store.read() as connection:
        ids = {row.deal_id: row.crm_id for row in connection.execute(numbers)}
    return sorted((ids[deal_id], result, value or "") for (deal_id, result), value in theirs.items())


def _meant(connection: Connection, crm: str) -> set[tuple[int, str, str | None]]:
    """Every value that a score of ours ever gave to a field: what an undo puts back and isn't among them is a person's."""
    query = select(_outbox.c.deal_id, _outbox.c.result, _outbox.c.new).distinct()
    query = query.join(_receipt, _receipt.c.outbox_id == _outbox.c.outbox_id)
    query = query.where(_outbox.c.crm == crm, _receipt.c.state == DONE, _outbox.c.reason.not_like(f"{UNDO}%"))
    return {(row.deal_id, row.result, row.new) for row in connection.execute(query)}


def written_often(store: Store, crm: str, *, since: int, times: int) -> dict[str, int]:
    """The deals, by their CRM's id, that so many runs or more have written since an instant, and how many did."""
    runs = func.count(_receipt.c.run_id.distinct())
    query = select(_outbox.c.crm_id, runs).join(_receipt, _receipt.c.outbox_id == _outbox.c.outbox_id)
    query = query.where(_outbox.c.crm == crm, _receipt.c.state == DONE, _receipt.c.at >= since)
    query = query.group_by(_outbox.c.crm_id).having(runs >= times).order_by(_outbox.c.crm_id)
    with store.read() as connection:
        return {crm_id: int(count) for crm_id, count in connection.execute(query)}


def _held_of(crm: str) -> Select[Any]:
    open_now = (_deal.c.crm == crm, _deal.c.closed_at.is_(None), _deal.c.gone_at.is_(None))
    return select(_held).join(_deal, _deal.c.deal_id == _held.c.deal_id).where(*open_now)


def _last_written(crm: str) -> Select[Any]:
    """The newest value that reached the CRM, for each deal and result."""
    newest = (
        select(func.max(_receipt.c.receipt_id))
        .join(_outbox, _outbox.c.outbox_id == _receipt.c.outbox_id)
        .where(_outbox.c.crm == crm, _receipt.c.state == DONE)
        .group_by(_outbox.c.deal_id, _outbox.c.result)
    )
    return (
        select(_outbox.c.deal_id, _outbox.c.result, _outbox.c.new, _outbox.c.reason, _receipt.c.run_id, _receipt.c.at)
        .join_from(_receipt, _outbox, _outbox.c.outbox_id == _receipt.c.outbox_id)
        .where(_receipt.c.receipt_id.in_(newest))
    )


def _planned(rows: Iterable[Any]) -> list[Planned]:
    return [_one(row) for row in rows]


def _one(row: Any) -> Planned:
    values = {name: getattr(row, name) for name in Planned.__slots__}
    return Planned(**{**values, "result": Result(row.result)})
