"""What one user may see of the org at one instant: tables, fields and the way from a record to its parents."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crmsync.sandbox.columns import UNKNOWN, Ints
from crmsync.sandbox.records import Value
from crmsync.sandbox.salesforce.errors import Refused, no_child, no_column, no_relationship, no_type
from crmsync.sandbox.salesforce.rights import Rights
from crmsync.sandbox.salesforce.schema import Field
from crmsync.sandbox.salesforce.table import Table


@dataclass(frozen=True, slots=True)
class Step:
    """One step through a reference to the records that it names; several tables when it may name different objects."""

    reference: Field
    targets: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """A field path that was found: the table it starts from, the steps, and the field at the end."""

    table: Table
    steps: tuple[Step, ...]
    field: Field


class Reader:
    """Tables as one user sees them."""

    def __init__(
        self, tables: Mapping[str, Table], rights: Rights, *, user: str, now: int, deleted: bool = False
    ) -> None:
        self.tables, self.rights = tables, rights
        self.user, self.now, self.deleted = user, now, deleted

    def table(self, name: str) -> Table:
        """An object by name, in any case. Raises INVALID_TYPE."""
        wanted = name.lower()
        for table in self.tables.values():
            if table.name.lower() == wanted and self.rights.can(self.user, table.name, "read"):
                return table
        raise no_type(name)

    def fields(self, table: Table) -> list[Field]:
        """The fields of an object that the user sees."""
        return [each for each in table.schema.fields.values() if self.rights.readable(self.user, table.name, each)]

    def field(self, table: Table, name: str) -> Field:
        """A field by name, in any case. Raises INVALID_FIELD."""
        found = table.schema.field(name)
        if found is None or not self.rights.readable(self.user, table.name, found):
            raise no_column(name, table.name)
        return found

    def child(self, table: Table, name: str) -> tuple[Table, Field]:
        """The table of a child relationship and its reference to the parent. Raises INVALID_TYPE."""
        for relationship, (entity, reference) in table.schema.children.items():
            if relationship.lower() == name.lower() and self.rights.can(self.user, entity, "read"):
                child = self.tables[entity]
                return child, child.schema.fields[reference]
        raise no_child(name)

    def bind(self, table: Table, parts: tuple[str, ...]) -> Bound:
        """A field path from a table. Raises INVALID_FIELD."""
        steps: list[Step] = []
        here = table
        for name in parts[:-1]:
            if steps and len(steps[-1].targets) > 1:
                raise no_relationship(name)
            steps.append(self._step(here, name))
            here = steps[-1].targets[0]
        if steps and len(steps[-1].targets) > 1:
            return Bound(table, tuple(steps), _name_field(parts[-1]))
        return Bound(table, tuple(steps), self.field(here, parts[-1]))

    def _step(self, table: Table, name: str) -> Step:
        for each in self.fields(table):
            if each.relationship is not None and each.relationship.lower() == name.lower():
                targets = tuple(self.tables[entity] for entity in each.reference_to)
                if all(self.rights.can(self.user, target.name, "read") for target in targets):
                    return Step(each, targets)
        raise no_relationship(name)

    def values(self, bound: Bound, rows: Ints) -> list[Value]:
        """A field path for many records; None where a step leads nowhere."""
        return self._values(bound.table, bound.steps, bound.field, rows)

    def _values(self, table: Table, steps: tuple[Step, ...], field: Field, rows: Ints) -> list[Value]:
        if not steps:
            return table.column(field.name, rows, self.now)
        found: list[Value] = [None] * len(rows)
        for target in steps[0].targets:
            parents = self.parent_rows(table, steps[0].reference, target, rows)
            places = np.flatnonzero(parents != UNKNOWN)
            distinct, inverse = np.unique(parents[places], return_inverse=True)
            if len(steps[0].targets) > 1 and field.name == "Type":
                column: list[Value] = [target.name] * len(distinct)
            else:
                column = self._values(target, steps[1:], field, distinct)
            for place, number in zip(places.tolist(), inverse.tolist(), strict=True):
                found[place] = column[number]
        return found

    def parent_rows(self, table: Table, reference: Field, target: Table, rows: Ints) -> Ints:
        """The rows in `target` that a reference of some records names, UNKNOWN where it names none of that table."""
        entity, known = table.parents.get(reference.name, ("", None))
        found = np.full(len(rows), UNKNOWN, dtype=np.int64)
        asked = np.ones(len(rows), dtype=bool)
        if known is not None:
            asked = table.sweep.written(rows)
            if entity == target.name:
                found[~asked] = known[rows[~asked]]
        places = np.flatnonzero(asked)
        if len(places):
            ids = table.column(reference.name, rows[places], self.now)
            row_of = {each: target.records.find_row(each) for each in set(ids) if isinstance(each, str)}
            found[places] = [row_of.get(each, UNKNOWN) if isinstance(each, str) else UNKNOWN for each in ids]
        return found


def _name_field(name: str) -> Field:
    """A field of a reference that may name different objects: only what all of them have."""
    names = {"id": "Id", "name": "Name", "type": "Type"}
    if name.lower() not in names:
        raise no_column(name, "Name")
    return Field(names[name.lower()], "string", length=255, writable=False)


def by_id(tables: Mapping[str, Table], crm_id: str) -> tuple[Table, int] | None:
    """The table and row that an id names, whether the record exists or not; None if no object has such ids."""
    for table in tables.values():
        if crm_id.startswith(table.schema.prefix):
            row = table.records.find_row(crm_id)
            return (table, row) if row >= 0 else None
    return None


def invalid_id_filter(text: str) -> Refused:
    """400, for a condition on an id whose value is none."""
    return Refused("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
