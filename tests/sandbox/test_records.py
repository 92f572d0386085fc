"""The record engine below both local CRMs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crmsync.sandbox.columns import NEVER, UNKNOWN
from crmsync.sandbox.records import Changes, EffectLog, Records, Value
from crmsync.sandbox.sweep import Sweep

ROWS = 4
FIELDS = ("stage", "amount")

moment = st.integers(0, 30)
change = st.tuples(
    st.integers(0, ROWS - 1), moment, st.integers(0, 1), st.integers(UNKNOWN, 3), st.integers(UNKNOWN, 2)
)
write = st.tuples(
    st.integers(0, ROWS), moment, st.sampled_from(["stage", "amount", "chance", "note"]), st.integers(0, 3)
)


def records(changes: list[tuple[int, ...]], *, deleted: dict[int, int] | None = None) -> Records:
    """Four records made at 0, 5, 10 and 15, with dated changes; a new stage resets the chance."""
    ordered = sorted(changes, key=lambda each: each[:2])
    columns = [np.array([each[place] for each in ordered], dtype=np.int64) for place in (0, 1, 2, 3, 4)]
    deleted_at = np.full(ROWS, NEVER)
    for row, at in (deleted or {}).items():
        deleted_at[row] = at
    return Records(
        "Deal",
        crm="test",
        make_id=lambda row: f"d{row}",
        find_row=lambda text: int(text[1:]),
        created_at=np.arange(ROWS, dtype=np.int64) * 5,
        fixed={"stage": lambda row: f"first {row}", "name": lambda row: f"name {row}"},
        changing={"stage": lambda raw: f"stage {raw}", "amount": float},
        changes=Changes(*columns),
        deleted_at=deleted_at,
        user_id=lambda row: f"u{row}",
        resets={"stage": ("chance",)},
        effects=EffectLog(),
    )


def written(made: Records, writes: list[tuple[int, int, str, int]]) -> None:
    """Writes in the order of time; a write to row 4 goes to a record that is made first."""
    made.make({"name": "made"}, at=1, who="u9")
    for row, at, field, value in sorted(writes, key=lambda each: each[1]):
        made.write(row, {field: value}, at=at, who="u9")


@given(st.lists(change, max_size=12), st.lists(write, max_size=8), moment)
def test_columns_show_what_values_show(
    changes: list[tuple[int, ...]], writes: list[tuple[int, int, str, int]], now: int
) -> None:
    """The fast way over many records and the plain way over one always agree, at any instant."""
    made = records(changes)
    written(made, writes)
    names = ("stage", "amount", "chance", "name", "note")
    rows = np.array([3, 0, 1, 2, 4, 0])
    columns = Sweep(made).columns(names, rows, now)
    plain: list[dict[str, Value]] = [made.values(row, now) for row in rows.tolist()]
    assert columns == {name: [each.get(name) for each in plain] for name in names}


@given(st.lists(change, max_size=12), st.lists(write, max_size=8), moment, moment)
def test_stamps_show_what_stamp_shows(
    changes: list[tuple[int, ...]], writes: list[tuple[int, int, str, int]], now: int, earlier: int
) -> None:
    """The stamps of all records at once are those of each one, whoever looked at another instant before."""
    made = records(changes, deleted={1: 12})
    made.stamps(now)  # kept from before the writes
    written(made, writes)
    made.stamps(earlier)
    assert made.stamps(now).tolist() == [made.stamp(row, now) for row in range(len(made))]


@given(st.lists(change, max_size=12), moment)
def test_editors_show_who_changed_last(changes: list[tuple[int, ...]], now: int) -> None:
    """The last editor of each record is that of its newest change."""
    made = records(changes)
    newest = [made.last_change(row, now) for row in range(ROWS)]
    assert Sweep(made).editors(np.arange(ROWS), now) == [each.who if each else "" for each in newest]


def test_write_beats_the_worlds_earlier_change_and_yields_to_a_later_one() -> None:
    """What was written over the API counts until the world changes the field again."""
    made = records([(0, 3, 0, 1, 0), (0, 20, 0, 2, 0)])
    made.write(0, {"stage": "ours", "chance": 7}, at=10, who="u9")
    seen = [Sweep(made).columns(["stage", "chance"], np.array([0]), now) for now in (9, 10, 20)]
    assert seen == [
        {"stage": ["stage 1"], "chance": [None]},
        {"stage": ["ours"], "chance": [7]},
        {"stage": ["stage 2"], "chance": [None]},
    ]


def test_gone_follows_deletion_and_restoring() -> None:
    """A record of the world is gone from its day on; one that is deleted or restored over the API from then on."""
    made = records([], deleted={2: 12})
    rows = np.arange(ROWS)
    assert [np.flatnonzero(Sweep(made).gone(rows, now)).tolist() for now in (11, 12)] == [[], [2]]
    made.delete(0, at=14, who="u9")
    made.restore(2, at=16, who="u9")
    assert np.flatnonzero(Sweep(made).gone(rows, 16)).tolist() == [0]


def test_unlogged_writes_leave_no_effect() -> None:
    """What a CRM writes by itself isn't anybody's effect."""
    made = records([])
    made.make({"name": "x"}, at=1, who="u9", logged=False)
    made.write(0, {"name": "y"}, at=2, who="u9")
    assert [(effect.field, effect.new) for effect in made.effects.since()] == [("name", "y")]
