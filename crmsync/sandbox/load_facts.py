"""`facts.csv` of a world directory as columns, put together into the items that a CRM keeps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import (
    CALL,
    COMPLETE,
    EMAIL,
    HAPPENED,
    KIND_NAMES,
    LIFECYCLE_NAMES,
    MEETING,
    MILESTONE,
    NOBODY,
    REMOVE,
    REOPEN,
    SCHEDULE,
    STAGE,
    START,
    UNKNOWN,
    VIEW,
    WORK,
    Facts,
    Ints,
    Words,
)
from crmsync.sandbox.csv_rows import Table, read_day, read_instant
from crmsync.sandbox.load_deals import DAY_REMEDY, INSTANT_REMEDY, Users

REQUIRED = ("deal_id", "at", "kind", "name", "lifecycle", "resource")
_KINDS = {KIND_NAMES[kind]: kind for kind in (STAGE, MILESTONE, CALL, MEETING, EMAIL, VIEW, WORK)}
_LIFECYCLES = {name: number for number, name in enumerate(LIFECYCLE_NAMES) if number != REMOVE}
_ITEMS = (CALL, MEETING, WORK)
_START_GOES_ON = (SCHEDULE, REOPEN)  # after these a start belongs to the same item
_COMPLETE_GOES_ON = (SCHEDULE, START, REOPEN)
_REOPEN_GOES_ON = (COMPLETE,)
Row = tuple[int, int, int, int, int, int, int]


def load_facts(folder: Path, *, row_of: Mapping[str, int], words: Words, users: Users) -> Facts:
    """Reads the facts. Raises BadWorld."""
    table = Table(folder, "facts", required=REQUIRED, optional=("value",))
    rows: list[Row] = []
    for cells in table.rows():
        found = _row(table, cells, row_of=row_of, words=words, users=users)
        if not (found[2] == STAGE and found[3] == SCHEDULE):  # a stage that is only planned has not been entered
            rows.append(found)
    columns = np.array(rows, dtype=np.int64).reshape(-1, 7)
    deal, at, kind, lifecycle, name, value, who = columns[np.lexsort((columns[:, 1], columns[:, 0]))].T
    lifecycle = np.where(kind == STAGE, HAPPENED, lifecycle)
    return Facts(
        deal=deal.astype(np.int32),
        at=at.copy(),
        kind=kind.astype(np.int8),
        lifecycle=lifecycle.astype(np.int8),
        name=name.astype(np.int32),
        value=value.copy(),
        who=who.astype(np.int32),
        side=np.full(len(deal), NOBODY, dtype=np.int8),
        step=_steps(deal, kind, lifecycle, name).astype(np.int32),
    )


def _row(table: Table, cells: list[str], *, row_of: Mapping[str, int], words: Words, users: Users) -> Row:
    deal_id, at, kind, name, lifecycle, resource, value = cells
    deal = row_of.get(deal_id)
    if deal is None:
        raise table.bad(f"deal_id {deal_id!r} is not in deals.csv", remedy="add the deal or take its facts out")
    kind_number, phase = _KINDS.get(kind), _LIFECYCLES.get(lifecycle)
    if kind_number is None:
        raise table.bad(f"kind {kind!r} is unknown", remedy=f"use one of {', '.join(_KINDS)}")
    if phase is None:
        known = ", ".join(text for text in _LIFECYCLES if text)
        raise table.bad(f"lifecycle {lifecycle!r} is unknown", remedy=f"use one of {known}, or nothing")
    if kind_number == STAGE and not name:
        raise table.bad("a stage without a name", remedy="name the stage")
    instant = table.parse("at", at, read_instant, remedy=INSTANT_REMEDY)
    day = table.parse("value", value, read_day, remedy=DAY_REMEDY) if value and phase == SCHEDULE else UNKNOWN
    return deal, instant, kind_number, phase, words.index(name) if name else UNKNOWN, day, users.index(resource)


def _steps(deal: Ints, kind: Ints, lifecycle: Ints, name: Ints) -> Ints:
    """Numbers the items of each deal and kind. A milestone is known by its name.

    Work, calls and meetings of one name begin a new item whenever one is planned, begun or done that was not so planned, begun
    or undone before. What just happened is an item by itself.
    """
    step = np.full(len(deal), UNKNOWN, dtype=np.int64)
    chosen = np.flatnonzero(((kind == MILESTONE) | np.isin(kind, _ITEMS)) & ~_alone(kind, lifecycle))
    if not len(chosen):
        return step
    order = chosen[np.lexsort((chosen, name[chosen], kind[chosen], deal[chosen]))]
    first = _differs(deal[order]) | _differs(kind[order])
    new = first | _differs(name[order]) | _begins(kind[order], lifecycle[order])
    count = np.cumsum(new)
    base = np.maximum.accumulate(np.where(first, count, 0))
    step[order] = count - base
    return step


def _alone(kind: Ints, lifecycle: Ints) -> NDArray[np.bool_]:
    return np.asarray(np.isin(kind, _ITEMS) & (lifecycle == HAPPENED))


def _differs(column: NDArray[Any]) -> NDArray[np.bool_]:
    found = np.ones(len(column), dtype=np.bool_)
    found[1:] = column[1:] != column[:-1]
    return found


def _begins(kind: Ints, lifecycle: Ints) -> NDArray[np.bool_]:
    """Where an item of the same name as the one before it is another one."""
    before = np.roll(lifecycle, 1)
    goes_on = np.select(
        [lifecycle == START, lifecycle == COMPLETE, lifecycle == REOPEN],
        [np.isin(before, _START_GOES_ON), np.isin(before, _COMPLETE_GOES_ON), np.isin(before, _REOPEN_GOES_ON)],
        default=False,
    )
    return np.asarray((kind != MILESTONE) & ~goes_on)
