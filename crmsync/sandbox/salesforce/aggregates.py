"""GROUP BY and the aggregate functions: COUNT, COUNT_DISTINCT, SUM, AVG, MIN, MAX."""

from typing import TYPE_CHECKING, Any

import numpy as np

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.records import Value
from crmsync.sandbox.salesforce.errors import Refused, malformed_query
from crmsync.sandbox.salesforce.schema import NUMBERS
from crmsync.sandbox.salesforce.syntax import Call, Ordering, Path, Query
from crmsync.sandbox.salesforce.table import Table

if TYPE_CHECKING:
    from crmsync.sandbox.salesforce.query import Planner

FUNCTIONS = ("COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX")


def grouped(planner: "Planner", query: Query, table: Table, rows: Ints) -> list[dict[str, Any]]:
    """One record for each group, or one for all rows when nothing is grouped."""
    keys = [str(path).lower() for path in query.group]
    for item in query.selected:
        if isinstance(item, Path) and str(item).lower() not in keys:
            raise malformed_query(f"Field must be grouped or aggregated: {item}")
        if isinstance(item, Query):
            raise malformed_query("Aggregate queries cannot have subqueries")
    columns = [planner.reader.values(planner.bind(table, path, query.alias), rows) for path in query.group]
    members: dict[tuple[Value, ...], list[int]] = {}
    if columns:
        for place, key in enumerate(zip(*columns, strict=True)):
            members.setdefault(key, []).append(place)
    else:
        members[()] = list(range(len(rows)))
    made = [
        _record(planner, query, table, dict(zip(keys, key, strict=True)), rows[np.array(places, dtype=np.int64)])
        for key, places in members.items()
    ]
    for ordering in reversed(query.order):
        _sort(query, made, ordering)
    return made[query.offset : None if query.limit is None else query.offset + query.limit]


def _record(planner: "Planner", query: Query, table: Table, key: dict[str, Value], rows: Ints) -> dict[str, Any]:
    made: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
    unnamed = 0
    for item in query.selected:
        if isinstance(item, Path):
            made[item.parts[-1]] = key[str(item).lower()]
            continue
        name = item.alias
        if name is None:
            name, unnamed = f"expr{unnamed}", unnamed + 1
        made[name] = aggregate(planner, query, table, item, rows)
    return made


def aggregate(planner: "Planner", query: Query, table: Table, call: Call, rows: Ints) -> Value:
    """The value of an aggregate function over some rows."""
    if call.function not in FUNCTIONS or call.path is None:
        raise malformed_query(f"unexpected token: '{call.function}'")
    bound = planner.bind(table, call.path, query.alias)
    values: list[Any] = [value for value in planner.reader.values(bound, rows) if value is not None]
    if call.function == "COUNT":
        return len(values)
    if call.function == "COUNT_DISTINCT":
        return len(set(values))
    if call.function in ("SUM", "AVG") and bound.field.type not in NUMBERS:
        raise Refused("INVALID_FIELD", f"field {bound.field.name} does not support aggregate operator {call.function}")
    if not values:
        return None
    if call.function in ("MIN", "MAX"):
        found: Value = min(values) if call.function == "MIN" else max(values)
        return found
    total = float(sum(values))
    return total if call.function == "SUM" else total / len(values)


def _sort(query: Query, made: list[dict[str, Any]], ordering: Ordering) -> None:
    """Sorts by one key in place; blanks come first unless the key says otherwise."""
    name = _sort_name(query, ordering)
    if made and name not in made[0]:
        raise malformed_query(f"Ordered field must be grouped or aggregated: {name}")
    blank = [record for record in made if record[name] is None]
    valued = [record for record in made if record[name] is not None]
    valued.sort(key=lambda record: record[name], reverse=ordering.descending)
    made[:] = valued + blank if ordering.nulls_last else blank + valued


def _sort_name(query: Query, ordering: Ordering) -> str:
    """What the key of an ordering is called in the records."""
    if isinstance(ordering.key, Path):
        return ordering.key.parts[-1]
    calls = [item for item in query.selected if isinstance(item, Call)]
    wanted = (ordering.key.function, str(ordering.key.path).lower())
    for place, call in enumerate(calls):
        if (call.function, str(call.path).lower()) == wanted:
            return call.alias or f"expr{sum(each.alias is None for each in calls[:place])}"
    raise malformed_query("Ordering by an aggregate needs it to be selected")
