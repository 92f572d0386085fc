"""Many records at once, a column at a time: the same as `Records` says of each one, at a fraction of its cost."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import NEVER, UNKNOWN, Ints
from crmsync.sandbox.records import Records, Value

Mask = NDArray[np.bool_]


class Sweep:
    """Columns of an object's records. `rows` may name records in any order, and one more than once."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def columns(self, fields: Sequence[str], rows: Ints, now: int) -> dict[str, list[Value]]:
        """`values` of some fields, each as a list beside `rows`."""
        records, dated = self.records, self.records.dated
        reached = dated.reached(rows, now)
        names = dict.fromkeys([*fields, *records.resets])
        latest = {field: dated.latest(reached, len(rows), field) for field in names}
        found = {field: self._decoded(field, rows, latest[field]) for field in fields}
        if records.written:
            self._overlay(found, {field: self._moved(field, latest) for field in names}, rows, now)
        return found

    def _decoded(self, field: str, rows: Ints, latest: Ints) -> list[Value]:
        """What the world alone says of a field: its newest change, or what it began with."""
        found: list[Value] = [None] * len(rows)
        if fixed := self.records.fixed.get(field):
            unchanged = np.flatnonzero((rows < self.records.dated.rows) & (latest < 0))
            for place, row in zip(unchanged.tolist(), rows[unchanged].tolist(), strict=True):
                found[place] = fixed(row)
        if decode := self.records.changing.get(field):
            changed = np.flatnonzero(latest >= 0)
            raws = self.records.dated.value[latest[changed]].tolist()
            for place, raw in zip(changed.tolist(), raws, strict=True):
                found[place] = None if raw == UNKNOWN else decode(raw)
        return found

    def _moved(self, field: str, latest: Mapping[str, Ints]) -> Ints:
        """When the world last changed or reset a field, for each place."""
        sources = [field, *(source for source, resets in self.records.resets.items() if field in resets)]
        return self.records.dated.when(np.maximum.reduce([latest[source] for source in sources]))

    def _overlay(self, found: dict[str, list[Value]], moved: Mapping[str, Ints], rows: Ints, now: int) -> None:
        """Puts what was written over the API above the world's values, where it is newer."""
        records = self.records
        for place, row in enumerate(rows.tolist()):
            for change in records.written.get(row, ()):
                if change.at > now or (change.field in moved and change.at < moved[change.field][place]):
                    continue
                for reset in records.resets.get(change.field, ()):
                    if reset in found:
                        found[reset][place] = None
                if change.field in found:
                    found[change.field][place] = change.value

    def created(self, rows: Ints) -> Ints:
        """`created` of some records."""
        made = np.array(self.records.made, dtype=np.int64)
        return (np.concatenate([self.records.created_at, made]) if len(made) else self.records.created_at)[rows]

    def stamps(self, rows: Ints, now: int) -> Ints:
        """`stamp` of some records: one by one when they are few, as after a write all stamps would have to be made anew."""
        if len(rows) * 100 < len(self.records):
            return np.array([self.records.stamp(row, now) for row in rows.tolist()], dtype=np.int64)
        return self.records.stamps(now)[rows]

    def gone(self, rows: Ints, now: int) -> Mask:
        """Which are deleted at an instant."""
        found = np.zeros(len(rows), dtype=np.bool_)
        ours = rows < self.records.dated.rows
        found[ours] = self.records.deleted_at[rows[ours]] <= now
        if self.records.ended:
            for place, row in enumerate(rows.tolist()):
                if row in self.records.ended:
                    found[place] = self.records.ended[row] <= now
        return found

    def written(self, rows: Ints) -> Mask:
        """Which were made or written over the API."""
        made = rows >= self.records.dated.rows
        if not self.records.written:
            return made
        return made | np.isin(rows, list(self.records.written))

    def editors(self, rows: Ints, now: int) -> list[str]:
        """The ids of the users who last changed them, "" for one that never changed or that the system changed."""
        records, dated = self.records, self.records.dated
        last = dated.latest(dated.reached(rows, now), len(rows))
        raw = np.where(last < 0, UNKNOWN, dated.who[last]) if len(dated.who) else last
        found = ["" if who == UNKNOWN else records.user_id(who) for who in raw.tolist()]
        moved = dated.when(last)
        for place, row in enumerate(rows.tolist() if records.touched else ()):
            at, who = records.touched.get(row, (NEVER, ""))
            if moved[place] <= at <= now:
                found[place] = who
        return found
