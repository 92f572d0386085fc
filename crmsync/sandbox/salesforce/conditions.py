"""The WHERE clause: which of some records it holds for, worked out a column at a time."""

import operator
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.records import Value
from crmsync.sandbox.salesforce.errors import Refused, malformed_query
from crmsync.sandbox.salesforce.ids import check_characters, well_formed
from crmsync.sandbox.salesforce.moments import DAY, day_text, read_day, read_instant
from crmsync.sandbox.salesforce.periods import period
from crmsync.sandbox.salesforce.reader import Bound, by_id, invalid_id_filter
from crmsync.sandbox.salesforce.schema import NUMBERS, TEXTS, Field
from crmsync.sandbox.salesforce.soql import text_of
from crmsync.sandbox.salesforce.syntax import Among, Both, Compare, Literal, Negation, Path, Query
from crmsync.sandbox.salesforce.table import STAMPS, Table

if TYPE_CHECKING:
    from crmsync.sandbox.salesforce.query import Planner

Mask = NDArray[np.bool_]
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EPOCH = date(1970, 1, 1)


class Conditions:
    """Evaluates the conditions of one query's table."""

    def __init__(self, planner: "Planner", table: Table, alias: str | None) -> None:
        self.planner, self.reader = planner, planner.reader
        self.table, self.alias = table, alias

    def holds(self, condition: Any, rows: Ints) -> Mask:
        """For which of the rows a condition holds."""
        if isinstance(condition, Both):
            return self._both(condition, rows)
        if isinstance(condition, Negation):
            return ~self.holds(condition.condition, rows)
        if isinstance(condition, Among):
            return self._among(condition, rows)
        return self._compare(condition, rows)

    def check(self, condition: Any) -> None:
        """Raises for what is wrong in a condition even when no row would come to it."""
        nothing = np.zeros(0, dtype=np.int64)
        if isinstance(condition, Both):
            for each in condition.conditions:
                self.check(each)
        elif isinstance(condition, Negation):
            self.check(condition.condition)
        else:
            self.holds(condition, nothing)

    def _both(self, both: Both, rows: Ints) -> Mask:
        """Cheap conditions first; the next ones only see the rows that are still undecided."""
        found = np.full(len(rows), both.every)
        for condition in sorted(both.conditions, key=_cost):
            open_ = np.flatnonzero(found == both.every)
            found[open_] = self.holds(condition, rows[open_])
        return found

    def _bind(self, path: Path) -> Bound:
        bound = self.planner.bind(self.table, path, self.alias)
        if not bound.field.filterable:
            raise Refused("INVALID_FIELD", f"field '{bound.field.name}' can not be filtered in a query call")
        return bound

    def _compare(self, compare: Compare, rows: Ints) -> Mask:
        bound = self._bind(compare.path)
        literal = compare.value
        if compare.operator == "LIKE":
            return self._like(bound, literal, rows)
        if literal.kind == "null":
            return self._is_null(bound, compare.operator, rows)
        if literal.kind == "relative":
            return self._in_period(bound, compare.operator, literal, rows)
        wanted = self.constant(bound.field, literal)
        if _is_id(bound.field) and compare.operator in ("=", "!="):
            return self._names_one_of(bound, [wanted], rows) ^ (compare.operator == "!=")
        return self._test(bound, compare.operator, wanted, rows)

    def _test(self, bound: Bound, sign: str, wanted: Value, rows: Ints) -> Mask:
        """A comparison with a constant in the form that the API writes; stamps are compared as numbers, all rows at once."""
        compare = _OPERATORS[sign]
        stamps = None if bound.steps else self.table.instants(bound.field.name, rows, self.reader.now)
        if stamps is not None:
            return np.asarray(compare(stamps, read_instant(str(wanted))), dtype=np.bool_)
        values = self.reader.values(bound, rows)
        if bound.field.type in TEXTS:
            values = [value.casefold() if isinstance(value, str) else value for value in values]
            wanted = str(wanted).casefold()
        blank = sign == "!="
        return np.array([blank if value is None else bool(compare(value, wanted)) for value in values], dtype=np.bool_)

    def _is_null(self, bound: Bound, sign: str, rows: Ints) -> Mask:
        if sign not in ("=", "!="):
            raise Refused("INVALID_QUERY_FILTER_OPERATOR", "invalid operator on null")
        blank = np.array([value is None for value in self.reader.values(bound, rows)], dtype=np.bool_)
        return blank if sign == "=" else ~blank

    def _in_period(self, bound: Bound, sign: str, literal: Literal, rows: Ints) -> Mask:
        today = _EPOCH + timedelta(days=self.reader.now // DAY)
        days = period(literal.value, today)
        if days is None:
            raise malformed_query(f"unexpected token: '{literal.value}'")
        if bound.field.type not in ("date", "datetime"):
            raise _wrong_type(bound.field)
        tail = "T00:00:00.000+0000" if bound.field.type == "datetime" else ""
        start, end = (day.isoformat() + tail for day in days)
        if sign in ("=", "!="):
            inside = self._test(bound, ">=", start, rows) & self._test(bound, "<", end, rows)
            return inside if sign == "=" else ~inside
        edge = start if sign in ("<", ">=") else end
        return self._test(bound, {"<": "<", ">=": ">=", ">": ">=", "<=": "<"}[sign], edge, rows)

    def _like(self, bound: Bound, literal: Literal, rows: Ints) -> Mask:
        if bound.field.type not in TEXTS:
            raise Refused("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {_soql_type(bound.field)} field")
        if literal.kind != "string":
            raise _wrong_type(bound.field)
        pattern = _like_pattern(text_of(literal, wild=True))
        values = self.reader.values(bound, rows)
        return np.array([isinstance(value, str) and bool(pattern.fullmatch(value)) for value in values], dtype=np.bool_)

    def _among(self, among: Among, rows: Ints) -> Mask:
        bound = self._bind(among.path)
        if isinstance(among.choice, Query):
            if not _is_id(bound.field):
                raise malformed_query("The inner and outer selects should not be on the same object type")
            wanted: list[Value] = list(self.planner.first_column(among.choice))
        else:
            wanted = [None if each.kind == "null" else self.constant(bound.field, each) for each in among.choice]
        if _is_id(bound.field):
            found = self._names_one_of(bound, wanted, rows)
        else:
            folded = {value.casefold() if isinstance(value, str) else value for value in wanted}
            values = self.reader.values(bound, rows)
            found = np.array(
                [(value.casefold() if isinstance(value, str) else value) in folded for value in values], dtype=np.bool_
            )
        return ~found if among.negated else found

    def _names_one_of(self, bound: Bound, wanted: list[Value], rows: Ints) -> Mask:
        """Which records have an id, or a reference to a record, out of a list."""
        ids = [value for value in wanted if isinstance(value, str)]
        if bound.steps:
            return np.isin(np.array([value or "" for value in self.reader.values(bound, rows)]), ids)
        records = self.table.records
        if bound.field.type == "id":
            return np.isin(rows, [records.find_row(each) for each in ids])
        entity, known = self.table.parents.get(bound.field.name, ("", None))
        if known is None:
            return np.isin(np.array([v or "" for v in self.reader.values(bound, rows)], dtype=object).astype(str), ids)
        targets = [
            found[1] for found in (by_id(self.reader.tables, each) for each in ids) if found and found[0].name == entity
        ]
        written = self.table.sweep.written(rows)
        mask = np.zeros(len(rows), dtype=np.bool_)
        mask[~written] = np.isin(known[rows[~written]], targets)
        late = self.reader.values(bound, rows[written])
        mask[written] = [value in ids for value in late]
        return mask

    def constant(self, field: Field, literal: Literal) -> Value:
        """A literal in the form that the API writes values of a field, or an error if it is of another type."""
        if _is_id(field):
            return _id_constant(field, literal)
        if field.type in TEXTS:
            return text_of(_of_kind(field, literal, "string"))
        if field.type in NUMBERS:
            return float(_of_kind(field, literal, "number").value)
        if field.type == "boolean":
            return bool(_of_kind(field, literal, "boolean").value)
        if field.type == "date":
            day = read_day(_of_kind(field, literal, "day").value)
            if day is None:
                raise malformed_query(f"line 1: illegal date {literal.value}")
            return day_text(day)
        at = read_instant(_of_kind(field, literal, "instant").value)
        if at is None:
            raise malformed_query(f"line 1: illegal dateTime {literal.value}")
        return f"{np.datetime64(at // 1000, 'ms')}+0000"


def _cost(condition: Any) -> int:
    """Stamps and ids are numbers, other fields have to be shown first, subqueries to be run."""
    if isinstance(condition, Compare | Among):
        name = condition.path.parts[-1]
        own = len(condition.path.parts) == 1
        return 0 if own and (name in STAMPS or name in ("Id", "CreatedDate")) else 1
    return 2


def _is_id(field: Field) -> bool:
    return field.type in ("id", "reference")


def _id_constant(field: Field, literal: Literal) -> str:
    text = text_of(_of_kind(field, literal, "string"))
    if text and not well_formed(text):
        raise invalid_id_filter(text)
    return text[:15] + check_characters(text[:15]) if text else ""


def _soql_type(field: Field) -> str:
    names = {"datetime": "dateTime", "id": "id", "reference": "id", "percent": "double", "currency": "double"}
    return names.get(field.type, "string" if field.type in TEXTS else field.type)


def _wrong_type(field: Field) -> Refused:
    quoted = field.type in TEXTS or _is_id(field)
    quotes = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
    return Refused(
        "INVALID_FIELD",
        f"value of filter criterion for field '{field.name}' must be of type {_soql_type(field)} and {quotes}",
    )


def _of_kind(field: Field, literal: Literal, kind: str) -> Literal:
    if literal.kind != kind:
        raise _wrong_type(field)
    return literal


def _like_pattern(text: str) -> re.Pattern[str]:
    """A LIKE pattern as a regular expression: % is any text, _ any character, escaped ones are themselves."""
    made, letters = [], iter(text)
    for letter in letters:
        if letter == "\\":
            made.append(re.escape(next(letters, "\\")))
        else:
            made.append({"%": ".*", "_": "."}.get(letter, re.escape(letter)))
    return re.compile("".join(made), re.IGNORECASE | re.DOTALL)
