"""The conditions of a search over columns of values: fast for ids and stamps, by reading texts for everything else."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.hubspot.errors import Refused, invalid
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.moments import MILLI, read_instant

Mask = NDArray[np.bool_]
Wanted = float | int | str
_TIMED = ("date", "datetime")
_COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "EQ": operator.eq,
    "NEQ": operator.ne,
    "LT": operator.lt,
    "LTE": operator.le,
    "GT": operator.gt,
    "GTE": operator.ge,
}
_LISTED = ("IN", "NOT_IN")
_PRESENCE = ("HAS_PROPERTY", "NOT_HAS_PROPERTY")
_TOKENS = ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN")
OPERATORS = (*_COMPARED, "BETWEEN", *_LISTED, *_PRESENCE, *_TOKENS)


@dataclass(frozen=True, slots=True)
class Column:
    """Values that can be compared: numbers, milliseconds, or lower-case texts; `there` says which records have one."""

    values: NDArray[Any]
    there: Mask


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter."""

    name: str
    sign: str
    values: Sequence[Any]  # one; two for BETWEEN; any number for IN


def read_condition(kind: Kind, told: Any) -> Condition:
    """A filter of a request's body. Raises 400 for what can't be understood."""
    if not isinstance(told, Mapping):
        raise invalid("Invalid input JSON on line 1, column 1: Cannot deserialize a filter")
    name, sign = str(told.get("propertyName") or ""), str(told.get("operator") or "")
    if name not in kind.schema.properties:
        raise invalid(f"There was a problem with the request. Property '{name}' does not exist")
    if sign not in OPERATORS:
        raise invalid(f"Invalid input JSON on line 1, column 1: Cannot deserialize value of operator `{sign}`")
    if sign in _PRESENCE:
        return Condition(name, sign, ())
    if sign in _LISTED:
        values = told.get("values")
        if not isinstance(values, list) or not values:
            raise invalid(f"There was a problem with the request. operator {sign} requires values")
    else:
        keys = ("value", "highValue") if sign == "BETWEEN" else ("value",)
        values = [told.get(key) for key in keys]
        if any(value in (None, "") for value in values):
            raise invalid(f"There was a problem with the request. operator {sign} requires {' and '.join(keys)}")
    return Condition(name, sign, [_wanted(kind, name, str(value)) for value in values])


def _wanted(kind: Kind, name: str, text: str) -> Wanted:
    """A filter's value in the form that columns have."""
    prop = kind.schema.properties[name]
    if prop.type in _TIMED:
        if text == "0":
            raise Refused("", "internal error", status=500)  # what HubSpot makes of the beginning of time
        at = read_instant(text)
        if at is None:
            raise invalid(f"There was a problem with the request. {text} is not a valid date for '{name}'")
        return at // MILLI
    if prop.type == "number":
        try:
            return int(text) if text.isdigit() else float(text)
        except ValueError:
            raise invalid(f"There was a problem with the request. {text} is not a number for '{name}'") from None
    return text.lower()


def is_fast(kind: Kind, name: str) -> bool:
    """Whether a property's column is at hand for all records."""
    return name in ("hs_object_id", "hs_createdate", "hs_lastmodifieddate", kind.schema.modified)


def read_column(kind: Kind, name: str, rows: Ints, at: int) -> Column:
    """A property of many records in the form that conditions and sorts compare."""
    if is_fast(kind, name):
        if name == "hs_object_id":
            values = rows + kind.first
        else:
            values = (kind.sweep.created(rows) if name == "hs_createdate" else kind.stamps.all(at)[rows]) // MILLI
        return Column(values, np.ones(len(rows), dtype=np.bool_))
    texts = ["" if value is None else str(value) for value in kind.column(name, rows, at)]
    if kind.schema.properties[name].type not in (*_TIMED, "number"):
        return Column(np.array([text.lower() for text in texts], dtype=np.str_), np.array([bool(t) for t in texts]))
    read = _milli if kind.schema.properties[name].type in _TIMED else _number
    numbers = np.array([read(text) for text in texts], dtype=np.float64)
    return Column(numbers, ~np.isnan(numbers))


def _milli(text: str) -> float:
    at = read_instant(text) if text else None
    return float("nan") if at is None else at // MILLI


def _number(text: str) -> float:
    try:
        return float(text) if text else float("nan")
    except ValueError:
        return float("nan")


def matches(condition: Condition, column: Column) -> Mask:
    """Which records a condition holds for. One without a value fails every comparison, also NEQ."""
    sign, values = condition.sign, condition.values
    if sign in _PRESENCE:
        return column.there if sign == "HAS_PROPERTY" else ~column.there
    if sign in _COMPARED:
        found = _COMPARED[sign](column.values, values[0])
    elif sign == "BETWEEN":
        found = (column.values >= values[0]) & (column.values <= values[1])
    elif sign in _LISTED:
        found = np.isin(column.values, values)
        found = found if sign == "IN" else ~found
    else:
        token = str(values[0]).strip("*")
        found = np.array([token in str(text) for text in column.values.tolist()], dtype=np.bool_)
        found = found if sign == "CONTAINS_TOKEN" else ~found
    return np.asarray(found & column.there)


def chosen(kind: Kind, groups: Sequence[Sequence[Condition]], rows: Ints, at: int) -> Ints:
    """The rows that fulfil all conditions of at least one group, by growing id. No group: all of them."""
    if not groups:
        return rows
    found = []
    for group in groups:
        left = rows
        for condition in sorted(group, key=lambda each: not is_fast(kind, each.name)):
            left = left[matches(condition, read_column(kind, condition.name, left, at))]
        found.append(left)
    return found[0] if len(found) == 1 else np.unique(np.concatenate(found))
