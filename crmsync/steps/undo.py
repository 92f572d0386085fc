"""undo: what a push wrote, where the CRM still shows it -> the values that stood there before. What shows something else is listed.

It goes the way of a push, with receipts of its own, so it can be broken off and repeated, and be undone itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from crmsync.clock import Clock
from crmsync.crm import Crm
from crmsync.errors import BadConfig
from crmsync.store import outbox, runs
from crmsync.store.engine import Store
from crmsync.store.outbox import UNDO, Planned
from crmsync.watch import Watch
from crmsync.writeback import digest
from crmsync.writeback.delivery import Delivery, why_not

UNDOABLE = ("push", "undo")
GIVEN = ("outbox_id", "digest", "run_id")  # what a row of the outbox gets from its own run
EXAMPLES, BLANK = 20, "(blank)"


def target(store: Store, run: int) -> str:
    """The CRM that a run wrote to. Raises BadConfig E504 for a run that writes to none."""
    row = runs.find(store, run)
    if row is None or row.step not in UNDOABLE:
        what = (
            f"there is no run {run}"
            if row is None
            else f"run {run} is a {row.step}, and only what was pushed is undone"
        )
        raise BadConfig("E504", what, remedy="the number at the end of a push's line; crmsync export run lists all")
    return row.target


def undo(store: Store, crm: Crm, *, run: int, run_id: int, clock: Clock, watch: Watch) -> dict[str, int]:
    """Puts back what run `run` changed in a CRM. Gives what became of it; `outbox.left_by` has the rest."""
    delivery = Delivery(store, crm, run_id, clock, watch)
    delivery.settle()
    rows = [{name: value for name, value in asdict(row).items() if name not in GIVEN} for row in _back(store, run)]
    named = digest.of(rows)
    outbox.plan(store, [{**row, "digest": named, "run_id": run_id} for row in rows])
    delivery.send(outbox.planned_by(store, run_id))
    return dict(delivery.counts)


def preview(store: Store, crm: Crm, *, run: int) -> list[tuple[Planned, str]]:
    """What an undo of a run would find now: each value, and why it would be left, "" where it would be put back. Only reads."""
    rows = _back(store, run)
    shown = crm.read_back(sorted({row.crm_id for row in rows}))
    return [(row, why_not(row, shown)) for row in rows]


def _back(store: Store, run: int) -> list[Planned]:
    """The way back of each value that a run wrote."""
    wrote = [row for row in outbox.written_by(store, run) if row.old != row.new]
    return [replace(row, old=row.new, new=row.old, reason=f"{UNDO}{run}") for row in wrote]


def lines(left: Iterable[tuple[Planned, str]]) -> list[str]:
    """What was left as it is, a line each."""
    return [f"left {row.crm_id} {row.target}: {why}" for row, why in left]


def preview_lines(run: int, found: Sequence[tuple[Planned, str]]) -> list[str]:
    """The first values that would be put back, what would be left, and how many of each."""
    back = [row for row, why in found if not why]
    left = [(row, why) for row, why in found if why]
    told = [f"{row.crm_id}  {row.target}: {row.old or BLANK} -> {row.new or BLANK}" for row in back[:EXAMPLES]]
    if len(back) > EXAMPLES:
        told.append(f"... and {len(back) - EXAMPLES:,} more; --json shows all")
    return [*told, *lines(left), f"undo {run} (dry run): {len(back):,} values to put back, {len(left):,} to leave"]
