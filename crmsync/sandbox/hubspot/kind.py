"""One object type's records as HubSpot shows them: values are texts, None where there never was one, "" once it was cleared."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import NEVER, Ints
from crmsync.sandbox.hubspot.moments import instant_texts
from crmsync.sandbox.hubspot.schema import ObjectType
from crmsync.sandbox.hubspot.stamps import Stamps
from crmsync.sandbox.records import Records, Value
from crmsync.sandbox.sweep import Sweep

CREATED = ("createdate", "hs_createdate")
OWN_CREATED = "createdate"  # may be set back by hand
MERGED = "hs_merged_object_ids"
SOURCE = "hs_object_source"


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
        self.sweep, self.stamps = Sweep(records), Stamps(records)
        self.merged: dict[int, int] = {}  # row of a record that was merged away -> row of the survivor
        self._lock = threading.Lock()
        self._edges = np.sort(np.concatenate([records.created_at, records.deleted_at]))
        self._live: tuple[tuple[int, ...], Ints] | None = None

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
        seen = row not in self.merged and self.records.late.get(row, 0) <= now
        return seen and self.records.created(row) <= now < self.records.deleted(row)

    def live(self, now: int) -> Ints:
        """The rows of all live records, in the order of their ids. Kept until one comes or goes."""
        records = self.records
        reached = int(np.searchsorted(self._edges, now, side="right"))
        key = (reached, records.version, len(self.merged), *records.unseen(now))
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

    def _gone(self, rows: Ints, now: int) -> NDArray[np.bool_]:
        ended = dict(self.records.ended)  # a copy: others may write meanwhile
        deleted = np.full(len(self.records), NEVER)
        deleted[: len(self.records.deleted_at)] = self.records.deleted_at
        for row, at in ended.items():
            deleted[row] = at
        deleted[list(self.merged)] = 0
        return np.asarray(deleted[rows] <= now)

    def column(self, name: str, rows: Ints, now: int) -> list[Value]:
        """One property of many records."""
        return self.columns([name], rows, now)[name]

    def columns(self, names: Sequence[str], rows: Ints, now: int) -> dict[str, list[Value]]:
        """Some properties of many records, each as a list beside `rows`."""
        needed = dict.fromkeys(need for name in names for need in self.needs(name))
        stored = self.sweep.columns(list(needed), rows, now)
        return {name: self.show(name, stored, rows, now) for name in dict.fromkeys(names)}

    def needs(self, name: str) -> tuple[str, ...]:
        """The stored properties that one is made from."""
        if name in self.computed:
            needs = self.computed[name].needs
            return tuple(stored for need in needs for stored in ((need,) if need == name else self.needs(need)))
        return (name,)

    def show(self, name: str, stored: Mapping[str, list[Value]], rows: Ints, now: int) -> list[Value]:
        """A property of many records, made from the columns that it needs."""
        if name in self.computed:
            made = self.computed[name]
            needs = [stored[need] if need == name else self.show(need, stored, rows, now) for need in made.needs]
            return [made.make(*values) for values in zip(*needs, strict=True)]
        if name == "hs_object_id":
            return [self.records.make_id(row) for row in rows.tolist()]
        if name in ("hs_lastmodifieddate", self.schema.modified):
            return list(instant_texts(self.stamps.of(rows, now)))
        if name == SOURCE:
            return ["CRM_UI"] * len(rows)
        if name in CREATED:
            made_at = instant_texts(self.sweep.created(rows))
            return [own or at for own, at in zip(stored[name], made_at, strict=True)]
        return stored[name]

    def values(self, row: int, now: int, names: Sequence[str]) -> dict[str, Value]:
        """Some properties of one record."""
        return {name: column[0] for name, column in self.columns(names, np.array([row]), now).items()}
