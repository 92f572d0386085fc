"""undo: what a push wrote, where the CRM still shows it -> the values that stood there before. What shows something else is listed.

It goes the way of a push, with receipts of its own, so it can be broken off and repeated, and be undone itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from crmsync.clock import Clock
from crmsync.crm import Crm
from crmsync.errors import BadConfig, counting
from crmsync.records import Result
from crmsync.store import outbox, runs
from crmsync.store.engine import Store
from crmsync.store.outbox import UNDO, Planned
from crmsync.watch import Watch
from crmsync.words import many
from crmsync.writeback import digest
from crmsync.writeback.delivery import Delivery, why_not

UNDOABLE = ("push", "undo")
Fields = Mapping[Result, str]
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
    # Fewer, too: an answer that was found late may be all that is left of a run.
    if len(outbox.written_by(store, run)) < row.counts.get("written", 0):
        what = f"the receipts of run {run} are no longer kept"
        raise BadConfig("E504", what, remedy="[retention] receipts_days says how far back a push can be undone")
    return row.target


def undo(
    store: Store, crm: Crm, fields: Fields, *, run: int, run_id: int, clock: Clock, watch: Watch
) -> dict[str, int]:
    """Puts back what run `run` changed in a CRM. Gives what became of it; `outbox.left_by` has the rest.

    `fields`: where each result goes by the present config.
    """
    delivery = Delivery(store, crm, run_id, clock, watch)
    with counting(lambda: delivery.counts):
        delivery.settle()
        planned = _plan(store, _back(store, run, fields), run_id=run_id)
        delivery.leave([(row, why) for row, why in planned if why])
        delivery.send([row for row, why in planned if not why])
    return dict(delivery.counts)


def _plan(store: Store, back: Sequence[tuple[Planned, str]], *, run_id: int) -> list[tuple[Planned, str]]:
    """The way back as rows of the outbox, in the name of the run that undoes."""
    rows = [{name: value for name, value in asdict(row).items() if name not in GIVEN} for row, _ in back]
    named = digest.of(rows)
    outbox.plan(store, [{**row, "digest": named, "run_id": run_id} for row in rows])
    return list(zip(outbox.planned_by(store, run_id), (why for _, why in back), strict=True))


def preview(store: Store, crm: Crm, fields: Fields, *, run: int) -> list[tuple[Planned, str]]:
    """What an undo of a run would find now: each value, and why it would be left, "" where it would be put back. Only reads."""
    back = _back(store, run, fields)
    shown = crm.read_back(sorted({row.crm_id for row, why in back if not why}))
    return [(row, why or why_not(row, shown)) for row, why in back]


def _back(store: Store, run: int, fields: Fields) -> list[tuple[Planned, str]]:
    """The way back of each value that a run wrote, and why it isn't gone, "" where it may be."""
    wrote = [row for row in outbox.written_by(store, run) if row.old != row.new]
    last = outbox.last_sent(store, run)
    back = [replace(row, old=row.new, new=row.old, reason=f"{UNDO}{run}") for row in wrote]
    return [(row, _not_this_runs(row, *last[row.deal_id, row.result], fields)) for row in back]


def _not_this_runs(row: Planned, last: Planned, sent_by: int, fields: Fields) -> str:
    """Why a value is left whatever the CRM shows: a later run wrote it again, or it would go to another field now."""
    if last.outbox_id != row.outbox_id and last.reason != row.reason:
        return f"run {sent_by} has written it since: undo that one first"
    if fields.get(row.result) != row.target:
        return f"{row.result.value} goes to {fields.get(row.result, 'no field')} now: name {row.target} in the config for the undo"
    return ""


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
    return [
        *told,
        *lines(left),
        f"undo {run} (dry run): {many(len(back), 'value')} to put back, {len(left):,} to leave",
    ]
