"""Records of one object type of a local CRM: columns of a world below, what was written over the API above.

A record's fields are either *fixed* (a function of its row) or *changing* (dated changes). What a reader sees depends on the
CRM's clock: what lies after it doesn't exist yet. Rows are rendered when asked for, so a million of them cost only their columns.
"""

import heapq
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crmsync.sandbox.columns import NEVER, UNKNOWN, Ints
from crmsync.sandbox.dated import Changes as Changes
from crmsync.sandbox.dated import Dated

Value = str | int | float | bool | None
Decode = Callable[[int], Value]


@dataclass(frozen=True, slots=True)
class Change:
    """One value that a field took. `who` is the id of the user in that CRM's own form, "" for the system."""

    at: int
    field: str
    value: Value
    who: str


@dataclass(frozen=True, slots=True)
class Effect:
    """One change made through the API or by a person: the log that tests judge writes by."""

    at: int
    crm: str
    object: str
    crm_id: str
    field: str
    old: Value
    new: Value
    who: str


class EffectLog:
    """Every change made to the local CRMs since they started, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._effects: list[Effect] = []

    def add(self, effect: Effect) -> None:
        """Appends one effect."""
        with self._lock:
            self._effects.append(effect)

    def since(self, start: int = 0) -> list[Effect]:
        """The effects from number `start` on."""
        with self._lock:
            return self._effects[start:]


class Records:
    """All records of one object type. Thread-safe for the reads and writes that an HTTP server does.

    `resets` names fields that fall back to blank whenever another one changes, as a probability follows its stage.
    """

    def __init__(
        self,
        name: str,
        *,
        crm: str,
        make_id: Callable[[int], str],
        find_row: Callable[[str], int],
        created_at: Ints,
        fixed: Mapping[str, Decode],
        changing: Mapping[str, Decode],
        changes: Changes | None = None,
        deleted_at: Ints | None = None,
        made_by: Decode = lambda _row: "",
        user_id: Callable[[int], str] = str,
        resets: Mapping[str, Sequence[str]] | None = None,
        effects: EffectLog,
    ) -> None:
        self.name, self.crm = name, crm
        self.make_id, self.find_row = make_id, find_row
        self.created_at = created_at
        self.deleted_at = np.full(len(created_at), NEVER, dtype=np.int64) if deleted_at is None else deleted_at
        self.fixed, self.changing = dict(fixed), dict(changing)
        self.made_by, self.user_id, self.effects = made_by, user_id, effects
        self.resets = dict(resets or {})
        self.dated = Dated(changes, rows=len(created_at), fields=list(changing))
        # what was written over the API
        self.version = 0  # grows with every write
        self.written: dict[int, list[Change]] = {}
        self.made: list[int] = []  # creation instants of new records, whose rows begin at len(created_at)
        self.makers: list[str] = []  # who made them
        self.ended: dict[int, int] = {}  # deletion instants, NEVER when restored
        self.late: dict[int, int] = {}  # rows that nobody sees before an instant, whatever their stamps say
        self.touched: dict[int, tuple[int, str]] = {}  # when and by whom a record was last written, deleted or restored
        self._lock = threading.RLock()
        self._times = np.sort(np.concatenate([self.dated.at, self.created_at, self.deleted_at]))
        self._world_stamps: tuple[int, Ints] | None = None
        self._stamps: tuple[int, int, Ints] | None = None
        self._touched_at = 0  # when any record was last written

    def __len__(self) -> int:
        return len(self.created_at) + len(self.made)

    def created(self, row: int) -> int:
        """When a record was made."""
        base = len(self.created_at)
        return int(self.created_at[row]) if row < base else self.made[row - base]

    def deleted(self, row: int) -> int:
        """When a record was deleted, NEVER if it wasn't."""
        return self.ended.get(row, int(self.deleted_at[row]) if row < len(self.deleted_at) else NEVER)

    def rows(self, now: int) -> Ints:
        """The rows that exist at an instant, deleted ones included, in the order of their ids."""
        base = np.flatnonzero(self.created_at <= now)
        with self._lock:
            made = [len(self.created_at) + i for i, at in enumerate(self.made) if at <= now]
        rows = np.concatenate([base, np.array(made, dtype=np.int64)]) if made else base
        unseen = self.unseen(now)
        return rows[~np.isin(rows, unseen)] if unseen else rows

    def unseen(self, now: int) -> list[int]:
        """The rows whose transaction isn't over: they appear later, with the stamps of its beginning."""
        return [row for row, until in dict(self.late).items() if until > now]

    def row(self, crm_id: str, now: int) -> int | None:
        """The row of an id, None if there is no such record yet. A deleted record has a row: ask `deleted`."""
        row = self.find_row(crm_id)
        there = 0 <= row < len(self) and self.created(row) <= now
        return row if there and self.late.get(row, 0) <= now else None

    def changes(self, row: int, now: int) -> Iterator[Change]:
        """The changes of a record up to an instant, oldest first."""
        written = [change for change in self.written.get(row, ()) if change.at <= now]
        if not written:
            return self._past(row, now)
        return heapq.merge(self._past(row, now), written, key=lambda change: change.at)

    def _past(self, row: int, now: int) -> Iterator[Change]:
        """The changes of the world alone."""
        for i in self.dated.of(row, now):
            field, raw, who = self.dated.fields[self.dated.field[i]], int(self.dated.value[i]), int(self.dated.who[i])
            value = None if raw == UNKNOWN else self.changing[field](raw)
            yield Change(int(self.dated.at[i]), field, value, "" if who == UNKNOWN else self.user_id(who))

    def values(self, row: int, now: int) -> dict[str, Value]:
        """The fields of a record as they stand at an instant: the fixed ones of the world, then every change in turn."""
        found: dict[str, Value] = dict.fromkeys(self.changing)
        if row < len(self.created_at):
            for field, decode in self.fixed.items():
                found[field] = decode(row)
        for change in self.changes(row, now):
            found[change.field] = change.value
            for reset in self.resets.get(change.field, ()):
                found[reset] = None
        return found

    def stamp(self, row: int, now: int) -> int:
        """When a record last changed, deletion included."""
        changed = [int(self.dated.at[i]) for i in self.dated.of(row, now)]
        touched, _ = self.touched.get(row, (NEVER, ""))
        return max([self.created(row), *changed, *(at for at in (touched, self.deleted(row)) if at <= now)])

    def last_change(self, row: int, now: int) -> Change | None:
        """The newest change of a record, None if it never changed."""
        newest = None
        for change in self.changes(row, now):
            newest = change
        return newest

    def stamps(self, now: int) -> Ints:
        """`stamp` of every row at once. Kept until the clock passes another change or something is written."""
        with self._lock:
            reached = int(np.searchsorted(self._times, now, side="right"))
            if now < self._touched_at:  # who looks at the past sees fewer writes than those who look later
                return self._compute_stamps(reached, now)
            if self._stamps is None or self._stamps[0] != reached or self._stamps[1] != len(self):
                self._stamps = (reached, len(self), self._compute_stamps(reached, now))
            return self._stamps[2]

    def _compute_stamps(self, reached: int, now: int) -> Ints:
        if self._world_stamps is None or self._world_stamps[0] != reached:
            last = np.maximum(self.created_at, self.dated.newest(now))
            self._world_stamps = (reached, np.maximum(last, np.where(self.deleted_at <= now, self.deleted_at, 0)))
        stamps = np.concatenate([self._world_stamps[1], np.array(self.made, dtype=np.int64)])
        if self.touched:
            rows = np.fromiter(self.touched, dtype=np.int64)
            at = np.fromiter((at for at, _ in self.touched.values()), dtype=np.int64)
            seen = at <= now
            np.maximum.at(stamps, rows[seen], at[seen])
        return stamps

    def creator(self, row: int) -> str:
        """The id of the user who made a record, "" for the system."""
        if row < len(self.created_at):
            return str(self.made_by(row) or "")
        return self.makers[row - len(self.created_at)]

    def write(self, row: int, values: Mapping[str, Value], *, at: int, who: str, logged: bool = True) -> list[Effect]:
        """Sets fields of a record, logs what changed, and gives it. Fields not known before simply begin here.

        `logged=False` is for what a CRM writes by itself beside a change, such as rows of a history.
        """
        with self._lock:
            before = self.values(row, at)
            made = [
                Effect(at, self.crm, self.name, self.make_id(row), field, before.get(field), value, who)
                for field, value in values.items()
            ]
            self.written.setdefault(row, []).extend(Change(at, field, value, who) for field, value in values.items())
            self._touch(row, at=at, who=who)
        for effect in made if logged else ():
            self.effects.add(effect)
        return made

    def _touch(self, row: int, *, at: int, who: str) -> None:
        self.touched[row] = (at, who)
        self._touched_at = max(self._touched_at, at)
        self.version += 1
        self._stamps = None

    def make(self, values: Mapping[str, Value], *, at: int, who: str, logged: bool = True) -> int:
        """Adds a record and gives its row."""
        with self._lock:
            row = len(self)
            self.made.append(at)
            self.makers.append(who)
            self.write(row, values, at=at, who=who, logged=logged)
        return row

    def delete(self, row: int, *, at: int, who: str, logged: bool = True) -> None:
        """Puts a record into the recycle bin (or archives it); `restore` takes it out."""
        with self._lock:
            self.ended[row] = at
            self._touch(row, at=at, who=who)
        if logged:
            self.effects.add(Effect(at, self.crm, self.name, self.make_id(row), "", "there", "deleted", who))

    def restore(self, row: int, *, at: int, who: str, logged: bool = True) -> None:
        """Takes a record out of the recycle bin."""
        with self._lock:
            self.ended[row] = NEVER
            self._touch(row, at=at, who=who)
        if logged:
            self.effects.add(Effect(at, self.crm, self.name, self.make_id(row), "", "deleted", "there", who))
