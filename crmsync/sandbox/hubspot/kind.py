"""One object type's records as HubSpot shows them: values are texts, None where there never was one, "" once it was cleared."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crmsync.sandbox.columns import NEVER, Ints
from crmsync.sandbox.hubspot.moments import instant_texts
from crmsync.sandbox.hubspot.schema import ObjectType
from crmsync.sandbox.records import Change, Records, Value
from crmsync.sandbox.sweep import Sweep

CREATED = ("createdate", "hs_createdate")
OWN_CREATED = "createdate"  # may be set back by hand
MERGED = "hs_merged_object_ids"
SOURCE = "hs_object_source"
FEW = 100  # a share of the records


@dataclass(frozen=True, slots=True)
class Computed:
    """A property that is worked out from others of the same record. Its changes move no stamp."""

    needs: tuple[str, ...]
    make: Callable[..., Value]


class Kind:
    """The records of one type, with the properties that the system keeps and those that are computed."""

    def __init__(self, schema: ObjectType, records: Records, *, first: int, computed: Mapping[str, Computed]) -> None:
        self.schema, self.records, self.first = schema, records, first
        self.computed = dict(computed)
        self.sweep = Sweep(records)
        self.merged: dict[int, int] = {}  # row of a record that was merged away -> row of the survivor
        self._lock = threading.Lock()
        self._edges = np.sort(np.concatenate([records.created_at, records.deleted_at]))
        self._changed_at = np.sort(records.dated.at)
        self._live: tuple[tuple[int, int, int], Ints] | None = None
        self._world_stamps: tuple[int, Ints] | None = None
        self._stamps: tuple[int, int, Ints] | None = None

    @property
    def name(self) -> str:
        """The type's name in paths."""
        return self.schema.name

    def row(self, crm_id: str, now: int) -> int | None:
        """The row that an id leads to, by way of merges; None if there is no such record. An archived one has a row."""
        row = self.records.row(crm_id, now)
        while row is not None and row in self.merged:
            row = self.merged[row]
        return row

    def is_live(self, row: int, now: int) -> bool:
        """Whether a record is neither archived nor merged away."""
        return row not in self.merged and self.records.created(row) <= now < self.records.deleted(row)

    def live(self, now: int) -> Ints:
        """The rows of all live records, in the order of their ids. Kept until one comes or goes."""
        records = self.records
        key = (int(np.searchsorted(self._edges, now, side="right")), records.version, len(self.merged))
        with self._lock:
            if self._live is None or self._live[0] != key:
                rows = records.rows(now)
                self._live = (key, rows[~self._gone(rows, now)])
            return self._live[1]

    def archived(self, now: int) -> Ints:
        """The rows of all archived records, in the order of their ids."""
        rows = self.records.rows(now)
        rows = rows[self._gone(rows, now)]
        return rows[[row not in self.merged for row in rows.tolist()]] if self.merged else rows

    def _gone(self, rows: Ints, now: int) -> Ints:
        deleted = np.full(len(self.records), NEVER)
        deleted[: len(self.records.deleted_at)] = self.records.deleted_at
        for row, at in self.records.ended.items():
            deleted[row] = at
        deleted[list(self.merged)] = 0
        return np.asarray(deleted[rows] <= now)

    def stamps(self, now: int) -> Ints:
        """When each record's properties last changed. Archiving doesn't count, nor do associations and computed values."""
        records = self.records
        reached = int(np.searchsorted(self._changed_at, now, side="right"))
        with self._lock:
            if self._world_stamps is None or self._world_stamps[0] != reached:
                self._world_stamps = (reached, np.maximum(records.created_at, records.dated.newest(now)))
                self._stamps = None
            if self._stamps is None or self._stamps[0] != records.version or now < self._stamps[1]:
                self._stamps = (records.version, now, self._with_writes(self._world_stamps[1], now))
            return self._stamps[2]

    def _with_writes(self, world: Ints, now: int) -> Ints:
        stamps = np.concatenate([world, np.array(self.records.made, dtype=np.int64)])
        for row, changes in self.records.written.items():
            stamps[row] = max([int(stamps[row]), *(change.at for change in changes if change.at <= now)])
        return stamps

    def _stamps_of(self, rows: Ints, now: int) -> Ints:
        """`stamps` of some: one by one when they are few, as after a write all would have to be made anew."""
        if len(rows) * FEW > len(self.records):
            return self.stamps(now)[rows]
        records = self.records
        last = [(records.last_change(row, now), records.created(row)) for row in rows.tolist()]
        return np.array([max(change.at, made) if change else made for change, made in last], dtype=np.int64)

    def created(self, rows: Ints) -> Ints:
        """When records were made."""
        return self.sweep.created(rows)

    def column(self, name: str, rows: Ints, now: int) -> list[Value]:
        """One property of many records."""
        return self.columns([name], rows, now)[name]

    def columns(self, names: Sequence[str], rows: Ints, now: int) -> dict[str, list[Value]]:
        """Some properties of many records, each as a list beside `rows`."""
        needed = dict.fromkeys(need for name in names for need in self.needs(name))
        stored = self.sweep.columns(list(needed), rows, now)
        return {name: self._column(name, stored, rows, now) for name in dict.fromkeys(names)}

    def needs(self, name: str) -> tuple[str, ...]:
        """The stored properties that one is made from."""
        if name in self.computed:
            needs = self.computed[name].needs
            return tuple(stored for need in needs for stored in ((need,) if need == name else self.needs(need)))
        return (name,)

    def _column(self, name: str, stored: Mapping[str, list[Value]], rows: Ints, now: int) -> list[Value]:
        if name in self.computed:
            made = self.computed[name]
            needs = [stored[need] if need == name else self._column(need, stored, rows, now) for need in made.needs]
            return [made.make(*values) for values in zip(*needs, strict=True)]
        if name == "hs_object_id":
            return [self.records.make_id(row) for row in rows.tolist()]
        if name in ("hs_lastmodifieddate", self.schema.modified):
            return list(instant_texts(self._stamps_of(rows, now)))
        if name == SOURCE:
            return ["CRM_UI"] * len(rows)
        if name in CREATED:
            made_at = instant_texts(self.created(rows))
            return [own or at for own, at in zip(stored[name], made_at, strict=True)]
        return stored[name]

    def values(self, row: int, now: int, names: Sequence[str]) -> dict[str, Value]:
        """Some properties of one record."""
        return {name: column[0] for name, column in self.columns(names, np.array([row]), now).items()}

    def history(self, name: str, row: int, now: int) -> list[Change]:
        """The values that a property took, oldest first; the first ones as of the record's creation."""
        made, needs = self.records.created(row), self.needs(name)
        found: list[Change] = []
        for change in self._points(row, now, needs):
            held = {need: [value] for need, value in change.held.items()}
            value = self._column(name, held, np.array([row]), now)[0]
            if not found and value is None:
                continue
            if not found or found[-1].value != value or name not in self.computed:
                who = "" if name in self.computed and change.at > made else change.who
                found.append(Change(change.at, name, value, who))
        return found

    def _points(self, row: int, now: int, needs: Sequence[str]) -> Iterator["_Point"]:
        """What the needed properties were at creation and after each change of one of them.

        What a new record begins with is written: it is a change already.
        """
        ours = row < len(self.records.created_at)
        fixed = self.records.fixed if ours else {}
        held: dict[str, Value] = {need: fixed[need](row) if need in fixed else None for need in needs}
        if ours:
            yield _Point(self.records.created(row), self.records.creator(row), dict(held))
        for change in self.records.changes(row, now):
            if change.field in held:
                held[change.field] = change.value
                yield _Point(change.at, change.who, dict(held))


@dataclass(frozen=True, slots=True)
class _Point:
    at: int
    who: str
    held: dict[str, Value]
