"""The dated changes of a world's records as columns, and what was true of many records at an instant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crmsync.sandbox.columns import Ints

_BEFORE_ALL = np.iinfo(np.int64).min


@dataclass(slots=True)
class Changes:
    """Dated changes in any order."""

    row: Ints
    at: Ints
    field: Ints  # index into the changing fields
    value: Ints  # raw; decoded by the field's Decode; UNKNOWN is a blank
    who: Ints  # raw user number; UNKNOWN is the system


class Dated:
    """Changes sorted by (row, at); those of one instant keep their order. `fields` are the names that `field` indexes."""

    def __init__(self, changes: Changes | None, *, rows: int, fields: Sequence[str]) -> None:
        self.rows, self.fields = rows, list(fields)
        empty = np.zeros(0, dtype=np.int64)
        changes = changes or Changes(empty, empty, empty, empty, empty)
        order = np.lexsort((changes.at, changes.row))
        self.row, self.at = changes.row[order], changes.at[order]
        self.field, self.value, self.who = changes.field[order], changes.value[order], changes.who[order]
        self._start = np.searchsorted(self.row, np.arange(rows + 1))

    def of(self, row: int, now: int) -> Iterator[int]:
        """The positions of a row's changes up to an instant, oldest first; none for a row that the world doesn't have."""
        if row < self.rows:
            for i in range(self._start[row], self._start[row + 1]):
                if self.at[i] > now:
                    return
                yield i

    def newest(self, now: int) -> Ints:
        """By row: when it last changed up to an instant, an instant before all for one that never did."""
        last = np.full(self.rows, _BEFORE_ALL)
        known = self.at <= now
        np.maximum.at(last, self.row[known], self.at[known])
        return last

    def reached(self, rows: Ints, now: int) -> tuple[Ints, Ints]:
        """The positions of the changes of some rows up to an instant, and for each its row's place in `rows`."""
        ours = np.flatnonzero(rows < self.rows)
        first = self._start[rows[ours]]
        counts = self._start[rows[ours] + 1] - first
        places = np.repeat(ours, counts)
        positions = np.arange(len(places)) + np.repeat(first - np.cumsum(counts) + counts, counts)
        there = self.at[positions] <= now
        return positions[there], places[there]

    def latest(self, reached: tuple[Ints, Ints], count: int, field: str | None = None) -> Ints:
        """For each of `count` places the position of its newest change, of one field or of any; -1 where there is none."""
        positions, places = reached
        found = np.full(count, -1, dtype=np.int64)
        if field is not None:
            mine = self.field[positions] == (self.fields.index(field) if field in self.fields else -1)
            positions, places = positions[mine], places[mine]
        np.maximum.at(found, places, positions)
        return found

    def when(self, positions: Ints) -> Ints:
        """The instants of changes by position, an instant before all for -1."""
        if not len(self.at):
            return np.full(len(positions), _BEFORE_ALL)
        return np.where(positions < 0, _BEFORE_ALL, self.at[positions])
