"""Searching: by the index, which may lie behind, in pages of 200, and never past the 10,000th row."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.hubspot.display import Shape
from crmsync.sandbox.hubspot.errors import invalid
from crmsync.sandbox.hubspot.filters import Condition, chosen, read_column, read_condition
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.moments import SECOND
from crmsync.sandbox.hubspot.reads import Reads
from crmsync.sandbox.hubspot.wire import read_object, text_list

PAGE, DEFAULT_PAGE, REACH = 200, 10, 10_000
GROUPS, FILTERS_IN_GROUP, FILTERS = 5, 6, 18  # the smallest numbers that HubSpot's pages name
LONGEST = 3_000  # bytes of a body


class Search:
    """The handler of searches."""

    def __init__(self, reads: Reads) -> None:
        self.reads, self.portal = reads, reads.portal

    def search(self, request: Request, *, kind: str) -> Response:
        """POST objects/TYPE/search. Archived records are never found."""
        found = self.reads.readable(kind)
        if len(request.body) > LONGEST:
            raise invalid(f"The request body is longer than {LONGEST} characters")
        body = read_object(request)
        groups = _read_groups(found, body)
        start, limit = _read_page(body)
        now = self.portal.clock.now()
        then = now - round(self.portal.index_lag_s * SECOND)  # what the index knows
        rows = found.live(now)
        rows = rows[found.sweep.created(rows) <= then] if then < now else rows
        rows = _named(found, chosen(found, groups, rows, then), str(body.get("query") or ""), then)
        rows = _sorted(found, body.get("sorts") or [], rows, then)
        shape = Shape(text_list(body, "properties"))
        page = rows[start : start + limit]
        answer: dict[str, Any] = {
            "total": len(rows),
            "results": self.reads.display.show(found, page, then, shape),
        }
        if start + limit < len(rows):
            answer["paging"] = {"next": {"after": str(start + limit)}}
        return Response(body=answer)


def _read_page(body: Mapping[str, Any]) -> tuple[int, int]:
    limit, after = body.get("limit", DEFAULT_PAGE), str(body.get("after") or "0")
    if type(limit) is not int or not 0 <= limit <= PAGE:
        raise invalid(f"The limit of {limit} is not between 0 and {PAGE}")
    if not after.isdigit() or int(after) + limit > REACH:
        raise invalid(
            f"There was a problem with the request. after {after} and limit {limit} go beyond {REACH} results"
        )
    return int(after), limit


def _read_groups(kind: Kind, body: Mapping[str, Any]) -> list[list[Condition]]:
    """The filter groups; bare `filters` are one."""
    told = body.get("filterGroups") or ([{"filters": body["filters"]}] if body.get("filters") else [])
    if not isinstance(told, list) or not all(isinstance(group, dict) for group in told):
        raise invalid("Invalid input JSON on line 1, column 1: Cannot deserialize value of `filterGroups`")
    groups = [group.get("filters") or [] for group in told]
    if len(groups) > GROUPS:
        raise invalid(f"There was a problem with the request. At most {GROUPS} filterGroups are allowed")
    if any(len(group) > FILTERS_IN_GROUP for group in groups) or sum(map(len, groups)) > FILTERS:
        raise invalid(
            f"There was a problem with the request. At most {FILTERS_IN_GROUP} filters in a group and {FILTERS} in all "
            "are allowed"
        )
    return [[read_condition(kind, each) for each in group] for group in groups]


def _named(kind: Kind, rows: Ints, query: str, at: int) -> Ints:
    """Those whose name holds a text."""
    if not query:
        return rows
    names = kind.column(kind.schema.primary, rows, at)
    return rows[np.array([query.lower() in str(name or "").lower() for name in names], dtype=np.bool_)]


def _sorted(kind: Kind, sorts: Any, rows: Ints, at: int) -> Ints:
    """The rows in the order asked for; those without a value come last, equal ones by id."""
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise invalid("There was a problem with the request. Only one sort is allowed")
    if not sorts:
        return rows
    name, down = _read_sort(sorts[0])
    if name not in kind.schema.properties:
        raise invalid(f"There was a problem with the request. Property '{name}' does not exist")
    column = read_column(kind, name, rows, at)
    _, rank = np.unique(column.values, return_inverse=True)
    rank = -rank if down else rank
    return rows[np.lexsort((rank, ~column.there))]


def _read_sort(told: Any) -> tuple[str, bool]:
    """A sort as {propertyName, direction}, or as a text with a minus for descending."""
    if isinstance(told, str):
        return told.removeprefix("-"), told.startswith("-")
    if not isinstance(told, dict) or told.get("direction", "ASCENDING") not in ("ASCENDING", "DESCENDING"):
        raise invalid("Invalid input JSON on line 1, column 1: Cannot deserialize value of `sorts`")
    return str(told.get("propertyName")), told.get("direction") == "DESCENDING"
