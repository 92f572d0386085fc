"""When records last changed, all at once or a few at a time."""

import threading

import numpy as np

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.records import Records

FEW = 100  # one in so many records: then each by itself is cheaper than all


class Stamps:
    """The stamps of an object type's properties. Archiving moves none, nor do associations and computed values."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self._lock = threading.Lock()
        self._times = np.sort(records.dated.at)
        self._world: tuple[int, Ints] | None = None  # changes reached, stamps of the world alone
        self._kept: tuple[tuple[int, int, int], int, Ints] | None = None  # state, last write, stamps

    def all(self, now: int) -> Ints:
        """By row. Kept until the clock passes another change or something is written."""
        records = self.records
        with self._lock:
            reached = int(np.searchsorted(self._times, now, side="right"))
            state = (reached, records.version, len(records))
            if self._kept is None or self._kept[0] != state or now < self._kept[1]:
                stamps, last = self._made(reached, now)
                if last > now:  # some writes lie ahead of this reader, whose answer is good for nobody else
                    return stamps
                self._kept = (state, last, stamps)
            return self._kept[2]

    def _made(self, reached: int, now: int) -> tuple[Ints, int]:
        """The stamps as of now, and the instant of the last write, which may lie ahead."""
        written = dict(self.records.written)  # before `made`, which a new record enters first
        if self._world is None or self._world[0] != reached:
            self._world = (reached, np.maximum(self.records.created_at, self.records.dated.newest(now)))
        stamps = np.concatenate([self._world[1], np.array(self.records.made, dtype=np.int64)])
        last = 0
        for row, changes in written.items():
            stamps[row] = max([int(stamps[row]), *(change.at for change in changes if change.at <= now)])
            last = max([last, *(change.at for change in changes)])
        return stamps, last

    def of(self, rows: Ints, now: int) -> Ints:
        """Those of some records: one by one when they are few, as after a write all would have to be made anew."""
        if len(rows) * FEW > len(self.records):
            return self.all(now)[rows]
        records = self.records
        last = [(records.last_change(row, now), records.created(row)) for row in rows.tolist()]
        return np.array([max(change.at, made) if change else made for change, made in last], dtype=np.int64)
