"""The values that a record's property took, with when and by whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.records import Change, Value


@dataclass(frozen=True, slots=True)
class _Point:
    """What some properties were from an instant on."""

    at: int
    who: str
    held: dict[str, Value]


def history(kind: Kind, name: str, row: int, now: int) -> list[Change]:
    """The values of a property, oldest first; those that the record began with as of its creation."""
    made, computed = kind.records.created(row), name in kind.computed
    found: list[Change] = []
    for point in _points(kind, row, now, kind.needs(name)):
        held = {need: [value] for need, value in point.held.items()}
        value = kind.show(name, held, np.array([row]), now)[0]
        if value is None and not found:
            continue
        if not computed or not found or found[-1].value != value:
            who = "" if computed and point.at > made else point.who
            found.append(Change(point.at, name, value, who))
    return found


def _points(kind: Kind, row: int, now: int, needs: Sequence[str]) -> Iterator[_Point]:
    """What the needed properties were at creation and after each change of one of them.

    What a record made over the API begins with is written: it is a change already.
    """
    records = kind.records
    ours = row < len(records.created_at)
    fixed = records.fixed if ours else {}
    held: dict[str, Value] = {need: fixed[need](row) if need in fixed else None for need in needs}
    if ours:
        yield _Point(records.created(row), records.creator(row), dict(held))
    for change in records.changes(row, now):
        if change.field in held:
            held[change.field] = change.value
            yield _Point(change.at, change.who, dict(held))
