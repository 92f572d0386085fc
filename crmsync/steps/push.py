"""push: the newest plan of a CRM -> its fields, batch by batch, with a receipt for every value.

A receipt `in_flight` is durable before a request leaves. An answer that got lost is `unclear`: the CRM is read before anything is
sent again. A value is sent only if the CRM still shows what `stage` saw.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from crmsync.clock import Clock
from crmsync.config import PushConfig
from crmsync.crm import Crm
from crmsync.errors import Stopped
from crmsync.records import Result, Write
from crmsync.store import outbox, runs
from crmsync.store.engine import Store
from crmsync.store.outbox import DONE, FAILED, IN_FLIGHT, UNCLEAR, Planned
from crmsync.watch import Watch

CHANGED = "the CRM no longer shows what was there when this was planned"
GONE = "the deal is gone"
NOT_APPLIED = "the answer was lost and the CRM doesn't show the value"


def push(
    store: Store, crm: Crm, config: PushConfig, *, run_id: int, clock: Clock, watch: Watch, approve: str = ""
) -> dict[str, int]:
    """Sends the newest plan. Raises Stopped when the first plan of a CRM waits for approval; nothing has been sent then."""
    counts: Counter[str] = Counter(planned=0, written=0, failed=0, unclear=0, skipped=0, settled=0)
    settle(store, crm, run_id=run_id, clock=clock, counts=counts)
    plan = outbox.newest_plan(store, crm.name)
    counts["planned"] = len(plan)
    _may_go_out(store, crm, config, plan, approve=approve, run_id=run_id, now=clock())
    for batch in crm.batches(_writes(plan)):
        _send(store, crm, batch, {row.outbox_id: row for row in plan}, run_id=run_id, clock=clock, counts=counts)
        watch.say("push", len(batch))
        watch.checkpoint()
    return dict(counts)


def _may_go_out(
    store: Store, crm: Crm, config: PushConfig, plan: list[Planned], *, approve: str, run_id: int, now: int
) -> None:
    if not plan:
        return
    digest = plan[0].digest
    if approve and approve != digest:
        what = f"the plan for {crm.name} is {digest} now, not {approve}"
        raise Stopped("E502", what, remedy=f"crmsync push --crm {crm.name} --dry-run, then approve {digest}")
    if approve:
        runs.approve(store, digest, run_id=run_id, now=now)
    if config.first == "send" or outbox.ever_written(store, crm.name) or runs.approved(store, digest):
        return
    what = f"the first plan for {crm.name} waits for approval: {len(plan)} values in {len({row.crm_id for row in plan})} deals"
    raise Stopped("E501", what, remedy=f"crmsync push --crm {crm.name} --approve {digest}")


def _writes(plan: Iterable[Planned]) -> list[Write]:
    by_deal: dict[str, list[Planned]] = defaultdict(list)
    for row in plan:
        by_deal[row.crm_id].append(row)
    return [
        Write(crm_id, {row.result: row.new for row in rows}, tuple(row.outbox_id for row in rows))
        for crm_id, rows in by_deal.items()
    ]


def _send(
    store: Store,
    crm: Crm,
    batch: Sequence[Write],
    planned: dict[int, Planned],
    *,
    run_id: int,
    clock: Clock,
    counts: Counter[str],
) -> None:
    """One batch: compare with what the CRM shows, mark in flight, send, note what became of it."""
    shown = crm.read_back([write.crm_id for write in batch])
    refused: list[tuple[int, str, str]] = []
    sent: list[Write] = []
    for write in batch:
        rows = [planned[row] for row in write.outbox_ids]
        stale = {row.outbox_id: why for row in rows if (why := _stale(row, shown))}
        refused += [(row, FAILED, why) for row, why in stale.items()]
        kept = [row for row in rows if row.outbox_id not in stale]
        if kept:
            sent += _writes(kept)
    outbox.note(store, refused, run_id=run_id, now=clock())
    counts["skipped"] += len(refused)
    outbox.note(store, ((row, IN_FLIGHT, "") for write in sent for row in write.outbox_ids), run_id=run_id, now=clock())
    by_id = {write.crm_id: write for write in sent}
    for answer in crm.push(sent):
        state = DONE if answer.done else UNCLEAR if answer.unclear else FAILED
        rows_of = by_id[answer.crm_id].outbox_ids
        outbox.note(store, ((row, state, answer.error) for row in rows_of), run_id=run_id, now=clock())
        counts["written" if answer.done else state] += len(rows_of)


def _stale(row: Planned, shown: dict[str, dict[Result, str | None]]) -> str:
    """Why a planned value must not go out any more, "" when it may."""
    if row.crm_id not in shown:
        return GONE
    return "" if shown[row.crm_id].get(row.result) in (row.old, row.new) else CHANGED


def settle(store: Store, crm: Crm, *, run_id: int, clock: Clock, counts: Counter[str]) -> None:
    """Asks the CRM what became of values whose answer was lost. What it shows is done; what it doesn't is planned anew by stage."""
    open_rows = outbox.unsettled(store, crm.name)
    if not open_rows:
        return
    shown = crm.read_back(sorted({row.crm_id for row in open_rows}))
    settled = []
    for row in open_rows:
        arrived = row.crm_id in shown and shown[row.crm_id].get(row.result) == row.new
        settled.append((row.outbox_id, DONE, "") if arrived else (row.outbox_id, FAILED, NOT_APPLIED))
    outbox.note(store, settled, run_id=run_id, now=clock())
    counts["settled"] += len(settled)
