"""One object's records as columns of values: what SOQL filters, sorts and shows.

Values are what the API writes: text, numbers, booleans, `YYYY-MM-DD`, `YYYY-MM-DDThh:mm:ss.000+0000`. The two kinds of dates have a
fixed width, so that comparing them as text is comparing them as dates.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.records import Records, Value
from crmsync.sandbox.salesforce.moments import DAY, SECOND, instant_texts
from crmsync.sandbox.salesforce.schema import SObject
from crmsync.sandbox.sweep import Sweep

Columns = Mapping[str, list[Value]]
BIN_DAYS = 15  # how long the recycle bin keeps a record
STAMPS = ("SystemModstamp", "LastModifiedDate")


@dataclass(frozen=True, slots=True)
class Computed:
    """A field that is worked out from others of the same record; needing itself means its stored value, where it has one."""

    needs: tuple[str, ...]
    make: Callable[..., Value]


class Table:
    """The records of one object, with the fields that the system keeps and those that are computed."""

    def __init__(
        self,
        schema: SObject,
        records: Records,
        *,
        system_user: str,
        computed: Mapping[str, Computed] | None = None,
        parents: Mapping[str, tuple[str, Ints]] | None = None,
        is_old: "Callable[[Table, Ints, int], NDArray[np.bool_]] | None" = None,
    ) -> None:
        self.schema, self.records, self.system_user = schema, records, system_user
        self.sweep = Sweep(records)
        self.computed = dict(computed or {})
        self.is_old = is_old  # which records the org archives; None: this object has no archive
        self._archive: tuple[tuple[int, int], NDArray[np.bool_]] | None = None
        self.parents = dict(parents or {})  # references that a world never changes: object, and its row or -1

    @property
    def name(self) -> str:
        """The object's name."""
        return self.schema.name

    def rows(self, now: int, *, deleted: bool) -> Ints:
        """The rows that exist, in the order of their ids; the recycle bin and the archive only when asked for."""
        rows = self.records.rows(now)
        if deleted:
            return rows[~self.sweep.gone(rows, now - BIN_DAYS * DAY)]
        rows = rows[~self.sweep.gone(rows, now)]
        return rows[~self.archived(rows, now)] if self.is_old else rows

    def row(self, crm_id: str, now: int) -> int | None:
        """The row of an id, None if there is no such record, or none any more; one in the recycle bin is there."""
        row = self.records.row(crm_id, now)
        return None if row is None or self.records.deleted(row) <= now - BIN_DAYS * DAY else row

    def archived(self, rows: Ints, now: int) -> NDArray[np.bool_]:
        """Which records the org has archived. It looks once a day, and when something was written."""
        if self.is_old is None:
            return np.zeros(len(rows), dtype=np.bool_)
        key = (now // DAY, self.records.version)
        if self._archive is None or self._archive[0] != key:
            everything = np.arange(len(self.records))
            self._archive = (key, self.is_old(self, everything, now))
        known = self._archive[1]
        return known[np.minimum(rows, len(known) - 1)]

    def instants(self, field: str, rows: Ints, now: int) -> Ints | None:
        """A stamp that the system keeps, in micros cut to the second; None for every other field."""
        if field in STAMPS:
            micros = self.sweep.stamps(rows, now)
        elif field == "CreatedDate":
            micros = self.sweep.created(rows)
        else:
            return None
        return np.asarray(micros // SECOND * SECOND)

    def columns(self, fields: Sequence[str], rows: Ints, now: int) -> dict[str, list[Value]]:
        """Some fields of many records, each as a list beside `rows`."""
        needed = dict.fromkeys(need for field in fields for need in self._stored(field))
        stored = self.sweep.columns(list(needed), rows, now)
        return {field: self._column(field, stored, rows, now) for field in dict.fromkeys(fields)}

    def column(self, field: str, rows: Ints, now: int) -> list[Value]:
        """One field of many records."""
        return self.columns([field], rows, now)[field]

    def values(self, row: int, now: int, fields: Iterable[str] | None = None) -> dict[str, Value]:
        """Some fields of one record, or every one."""
        columns = self.columns(list(self.schema.fields if fields is None else fields), np.array([row]), now)
        return {field: column[0] for field, column in columns.items()}

    def _stored(self, field: str) -> Sequence[str]:
        if field in self.computed:
            needs = self.computed[field].needs
            return [stored for need in needs for stored in ((need,) if need == field else self._stored(need))]
        return () if field in _KEPT else (field,)

    def _column(self, field: str, stored: Columns, rows: Ints, now: int) -> list[Value]:
        if field in self.computed:
            made = self.computed[field]
            needs = [stored[need] if need == field else self._column(need, stored, rows, now) for need in made.needs]
            return [made.make(*values) for values in zip(*needs, strict=True)]
        if field in _KEPT:
            return _KEPT[field](self, rows, now)
        return [False if v is None else v for v in stored[field]] if self._is_flag(field) else stored[field]

    def _is_flag(self, field: str) -> bool:
        return field in self.schema.fields and self.schema.fields[field].type == "boolean"


def _ids(table: Table, rows: Ints, _now: int) -> list[Value]:
    return [table.records.make_id(row) for row in rows.tolist()]


def _stamps(table: Table, rows: Ints, now: int) -> list[Value]:
    return list(instant_texts(table.sweep.stamps(rows, now)))


def _created(table: Table, rows: Ints, _now: int) -> list[Value]:
    return list(instant_texts(table.sweep.created(rows)))


def _creators(table: Table, rows: Ints, _now: int) -> list[Value]:
    return [table.records.creator(row) or table.system_user for row in rows.tolist()]


def _editors(table: Table, rows: Ints, now: int) -> list[Value]:
    found = zip(table.sweep.editors(rows, now), rows.tolist(), strict=True)
    return [who or table.records.creator(row) or table.system_user for who, row in found]


def _archived(table: Table, rows: Ints, now: int) -> list[Value]:
    return list(table.archived(rows, now).tolist())


def _gone(table: Table, rows: Ints, now: int) -> list[Value]:
    return list(table.sweep.gone(rows, now).tolist())


_KEPT: dict[str, Callable[[Table, Ints, int], list[Value]]] = {  # fields that the system keeps
    "Id": _ids,
    "CreatedDate": _created,
    "SystemModstamp": _stamps,
    "LastModifiedDate": _stamps,
    "CreatedById": _creators,
    "LastModifiedById": _editors,
    "IsDeleted": _gone,
    "IsArchived": _archived,
}
