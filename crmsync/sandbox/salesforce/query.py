"""Plans and runs queries: rows are chosen and sorted as columns; `display` shows them, a page at a time."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.records import Value
from crmsync.sandbox.salesforce.aggregates import grouped
from crmsync.sandbox.salesforce.conditions import Conditions
from crmsync.sandbox.salesforce.display import Child, Record, Shape, add_field
from crmsync.sandbox.salesforce.errors import Refused, malformed_query
from crmsync.sandbox.salesforce.reader import Bound, Reader
from crmsync.sandbox.salesforce.soql import position
from crmsync.sandbox.salesforce.syntax import Call, Ordering, Path, Query
from crmsync.sandbox.salesforce.table import Table

MAX_OFFSET = 2_000
MAX_FIELDS_ROWS = 200  # FIELDS(ALL) and FIELDS(CUSTOM) need a LIMIT of at most this


@dataclass(slots=True)
class Result:
    """The rows of a query, ready to be shown; or, for aggregates, the records themselves."""

    total: int
    rows: Ints
    shape: Shape | None
    records: list[Record] = field(default_factory=list)


class Planner:
    """Plans and runs the queries of one user at one instant."""

    def __init__(self, reader: Reader, soql: str) -> None:
        self.reader, self.soql = reader, soql
        self._joined: dict[int, list[Value]] = {}  # what semi-joins gave, by the identity of their trees

    def bind(self, table: Table, path: Path, alias: str | None) -> Bound:
        """A path of the query's text; errors say where in the text it stands."""
        parts = path.parts
        if len(parts) > 1 and parts[0].lower() in ((alias or "").lower(), table.name.lower()):
            parts = parts[1:]
        try:
            return self.reader.bind(table, parts)
        except Refused as wrong:
            wrong.message = position(self.soql, path.at, wrong.message)
            raise

    def run(self, query: Query) -> Result:
        """Chooses and sorts the rows of a query."""
        try:
            table = self.reader.table(query.entity)
        except Refused as wrong:
            wrong.message = position(self.soql, query.entity_at, wrong.message)
            raise
        calls = [each for each in query.selected if isinstance(each, Call) and each.function != "FIELDS"]
        if query.group or calls:
            return self._aggregate(query, table)
        shape = self._shape(query, table)
        rows = self.rows(query, table)
        return Result(len(rows), rows, shape)

    def rows(self, query: Query, table: Table, rows: Ints | None = None) -> Ints:
        """The rows of a query in its order, cut by its limit and offset; out of `rows`, where they are given."""
        if query.offset > MAX_OFFSET:
            raise Refused("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
        found = self.chosen(query, table, rows)
        found = self._sorted(query, table, found)
        end = None if query.limit is None else query.offset + query.limit
        return found[query.offset : end]

    def chosen(self, query: Query, table: Table, rows: Ints | None = None) -> Ints:
        """The rows that a query's conditions hold for, in the order of their ids."""
        if rows is None:
            rows = table.rows(self.reader.now, deleted=self.reader.deleted)
        if query.where is None:
            return rows
        conditions = Conditions(self, table, query.alias)
        conditions.check(query.where)
        return rows[conditions.holds(query.where, rows)]

    def first_column(self, query: Query) -> list[Value]:
        """What a semi-join selects: the values of its one field. It is run once, however often it is asked."""
        if id(query) not in self._joined:
            self._joined[id(query)] = self._join(query)
        return self._joined[id(query)]

    def _join(self, query: Query) -> list[Value]:
        table = self.reader.table(query.entity)
        if len(query.selected) != 1 or not isinstance(query.selected[0], Path):
            raise malformed_query("semi join sub-selects can only select one field")
        bound = self.bind(table, query.selected[0], query.alias)
        if bound.field.type not in ("id", "reference"):
            message = (
                f"The selected field '{bound.field.name}' in the subquery and the left operand field in the where "
            )
            raise Refused(
                "INVALID_FIELD", message + "expression in the outer query should point to the same object type"
            )
        return self.reader.values(bound, self.rows(query, table))

    def _sorted(self, query: Query, table: Table, rows: Ints) -> Ints:
        keys = [rows, *(self._ranks(query, table, ordering, rows) for ordering in reversed(query.order))]
        return rows[np.lexsort(keys)] if query.order else rows

    def _ranks(self, query: Query, table: Table, ordering: Ordering, rows: Ints) -> Ints:
        """Numbers that sort as the values of an ORDER BY key do."""
        if isinstance(ordering.key, Call):
            raise malformed_query(f"unexpected token: '{ordering.key.function}'")
        bound = self.bind(table, ordering.key, query.alias)
        if bound.field.type in ("textarea", "anyType"):
            raise Refused("INVALID_FIELD", f"field '{bound.field.name}' can not be sorted in a query call")
        sign = -1 if ordering.descending else 1
        stamps = None if bound.steps else table.instants(bound.field.name, rows, self.reader.now)
        if stamps is not None:
            return stamps * sign
        if not bound.steps and bound.field.type == "id":
            return rows * sign
        values = [v.casefold() if isinstance(v, str) and bound.field.type != "reference" else v
                  for v in self.reader.values(bound, rows)]  # fmt: skip
        known: list[Any] = sorted({value for value in values if value is not None})
        rank = {value: number * sign for number, value in enumerate(known)}
        blank = (len(known) + 1) * (1 if ordering.nulls_last else -1)
        return np.array([blank if value is None else rank[value] for value in values], dtype=np.int64)

    def _shape(self, query: Query, table: Table) -> Shape:
        shape = Shape(table)
        for item in query.selected:
            if isinstance(item, Query):
                self._add_child(shape, item, query.alias)
            elif isinstance(item, Call):
                self._add_fields(shape, item, query)
            else:
                bound = self.bind(table, item, query.alias)
                add_field(shape, bound.steps, bound.field.name)
        return shape

    def _add_child(self, shape: Shape, query: Query, _alias: str | None) -> None:
        try:
            table, reference = self.reader.child(shape.table, query.entity)
        except Refused as wrong:
            wrong.message = position(self.soql, query.entity_at, wrong.message)
            raise
        relationship = next(name for name in shape.table.schema.children if name.lower() == query.entity.lower())
        inner = self._shape(query, table)
        if inner.children:
            raise malformed_query("SOQL aggregate and nested child queries are not supported here")
        self.chosen(query, table, np.zeros(0, dtype=np.int64))
        shape.children[relationship] = Child(shape.table, table, reference, inner, query)
        shape.order[relationship] = None

    def _add_fields(self, shape: Shape, call: Call, query: Query) -> None:
        which = "" if call.path is None else str(call.path).upper()
        if which not in ("ALL", "STANDARD", "CUSTOM"):
            raise malformed_query(f"unexpected token: '{call.function}'")
        if which != "STANDARD" and (query.limit is None or query.limit > MAX_FIELDS_ROWS):
            message = "The SOQL FIELDS function must have a LIMIT of at most 200"
            raise malformed_query(message)
        for each in self.reader.fields(shape.table):
            if which == "ALL" or each.custom == (which == "CUSTOM"):
                add_field(shape, (), each.name)

    def _aggregate(self, query: Query, table: Table) -> Result:
        only = query.selected[0]
        rows = self.chosen(query, table)
        if isinstance(only, Call) and only.function == "COUNT" and only.path is None and not query.group:
            if len(query.selected) > 1:
                raise malformed_query("Grouped query cannot use COUNT() with other fields")
            total = len(rows) if query.limit is None else min(query.limit, len(rows))
            return Result(total, rows[:0], None)
        records = grouped(self, query, table, rows)
        return Result(len(records), rows[:0], None, records)
