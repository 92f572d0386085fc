"""A row of the run ledger as one countable line."""

from collections.abc import Mapping

from crmsync.clock import MICROS_PER_SECOND
from crmsync.store.runs import RunRow
from crmsync.words import counted, many

CHANGED = ("deals", "milestones", "facts", "gone")  # what storing a pull's pages changed
NUMBERED = ("push", "undo")  # steps whose run can be named to `crmsync undo`
# By status; of others: fail.
LEVELS = dict.fromkeys(("done", "early"), "ok") | dict.fromkeys(("partial", "later", "lost", "waiting"), "warn")
PULLED = {
    "read": "record read",
    "changed": "row changed",
    "unchanged": "row unchanged",
    "quarantined": "record set aside",
}


def told(step: str, counts: Mapping[str, int]) -> list[str]:
    """The counts of a step in words, in their order. What a CRM gives are records; what a pull makes of them are rows."""
    if step != "pull" or not counts:
        return [counted(name, count) for name, count in counts.items()]
    changed = sum(counts.get(name, 0) for name in CHANGED)
    kept = {name: count for name, count in counts.items() if name not in CHANGED}
    counts = {"read": kept.pop("read", 0), "changed": changed, **kept}
    return [_pulled(name, count) if name in PULLED else counted(name, count) for name, count in counts.items()]


def _pulled(name: str, count: int) -> str:
    noun, _, rest = PULLED[name].partition(" ")
    return f"{many(count, noun)} {rest}"


def line(row: RunRow) -> str:
    """`pull main: 4,812 records read, 37 rows changed, 12 calls, 3.1 s`; what went wrong stands before the counts.

    A push's line ends with its run, which an undo asks for.
    """
    parts = told(row.step, row.counts)
    if row.status not in ("done", "partial"):
        parts.insert(0, row.status)
    if row.ended_at is not None:
        parts.append(f"{(row.ended_at - row.started_at) / MICROS_PER_SECOND:,.1f} s")
    if row.step in NUMBERED:
        parts.append(f"run {row.run_id}")
    return f"{row.step} {row.target}: {', '.join(parts)}"
