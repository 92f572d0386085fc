"""undo: what a push wrote, where the CRM still shows it -> the values that stood there before. What shows something else is listed.

It goes the way of a push, with receipts of its own, so it can be broken off and repeated, and be undone itself.
"""

from crmsync.clock import Clock
from crmsync.crm import Crm
from crmsync.errors import BadConfig
from crmsync.store import outbox, runs
from crmsync.store.engine import Store
from crmsync.store.outbox import UNDO, Planned
from crmsync.watch import Watch
from crmsync.writeback import digest
from crmsync.writeback.delivery import Delivery

UNDOABLE = ("push", "undo")


def target(store: Store, run: int) -> str:
    """The CRM that a run wrote to. Raises BadConfig E504 for a run that writes to none."""
    row = runs.find(store, run)
    if row is None or row.step not in UNDOABLE:
        what = f"there is no run {run}" if row is None else f"run {run} is a {row.step}"
        raise BadConfig(
            "E504", f"{what}, which nothing can be undone of", remedy="crmsync status names each push's run"
        )
    return row.target


def undo(store: Store, crm: Crm, *, run: int, run_id: int, clock: Clock, watch: Watch) -> dict[str, int]:
    """Puts back what run `run` changed in a CRM. Gives what became of it; `outbox.left_by` has the rest."""
    delivery = Delivery(store, crm, run_id, clock, watch)
    delivery.settle()
    wrote = outbox.written_by(store, run)
    rows = [
        {
            "score_id": row.score_id,
            "deal_id": row.deal_id,
            "crm": row.crm,
            "crm_id": row.crm_id,
            "result": row.result.value,
            "target": row.target,
            "old": row.new,
            "new": row.old,
            "reason": f"{UNDO}{run}",
        }
        for row in wrote
        if row.old != row.new
    ]
    named = digest.of(rows)
    outbox.plan(store, [{**row, "digest": named, "run_id": run_id} for row in rows])
    delivery.send(outbox.planned_by(store, run_id))
    return dict(delivery.counts)


def lines(left: list[tuple[Planned, str]]) -> list[str]:
    """What was left as it is, a line each."""
    return [f"left {row.crm_id} {row.target}: {why}" for row, why in left]
