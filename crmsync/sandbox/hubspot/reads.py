"""Reading records: lists, single ones, and batches by id."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.hubspot.display import Display, Shape
from crmsync.sandbox.hubspot.errors import invalid, missing_object, no_record
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.moments import instant_text
from crmsync.sandbox.hubspot.portal import Portal
from crmsync.sandbox.hubspot.wire import flag, ids_of, names, read_inputs, read_object, text_list, whole

PAGE, PAGE_WITH_HISTORY, DEFAULT_PAGE = 100, 50, 10
INPUTS, INPUTS_WITH_HISTORY = 100, 50


class Reads:
    """The handlers of lists, single records and batches by id."""

    def __init__(self, portal: Portal) -> None:
        self.portal, self.display = portal, Display(portal)

    def listed(self, request: Request, *, kind: str) -> Response:
        """GET objects/TYPE: all live records, or all archived ones, by growing id."""
        found = self.readable(kind)
        shape, now = _asked(request), self.portal.clock.now()
        limit = whole(request, "limit", DEFAULT_PAGE)
        most = PAGE_WITH_HISTORY if shape.histories else PAGE
        if not 1 <= limit <= most:
            raise invalid(f"The limit of {limit} is not between 1 and {most}")
        rows = found.archived(now) if flag(request, "archived") else found.live(now)
        start = self._start(request, found)
        first = int(np.searchsorted(rows, start))
        page = rows[first : first + limit]
        body: dict[str, Any] = {"results": self.display.show(found, page, now, shape)}
        if first + limit < len(rows):
            after = found.records.make_id(int(rows[first + limit]))
            link = f"https://api.hubapi.com{request.path}?after={after}&limit={limit}"
            body["paging"] = {"next": {"after": after, "link": link}}
        return Response(body=body)

    def _start(self, request: Request, kind: Kind) -> int:
        """The row that a page begins with: `after` is the id of its first record."""
        after = request.query.get("after", [""])[-1]
        if not after:
            return 0
        if not after.isdigit():
            raise invalid("Unable to parse value for query parameter: after")
        return max(int(after) - kind.first, 0)

    def one(self, request: Request, *, kind: str, crm_id: str) -> Response:
        """GET objects/TYPE/ID. The id of a merged record shows the survivor."""
        found = self.readable(kind)
        now = self.portal.clock.now()
        row = found.row(crm_id, now)
        if row is None or (found.records.deleted(row) <= now) is not flag(request, "archived"):
            raise no_record(crm_id)
        return Response(body=self.display.show(found, np.array([row]), now, _asked(request))[0])

    def batch(self, request: Request, *, kind: str) -> Response:
        """POST objects/TYPE/batch/read. Missing ids are errors beside the results; results come in any order."""
        found = self.readable(kind)
        body = read_object(request)
        shape = Shape(text_list(body, "properties"), text_list(body, "propertiesWithHistory"))
        most, what = (INPUTS, "batch request")
        if shape.histories:
            most, what = (INPUTS_WITH_HISTORY, "batch request for property histories")
        ids = ids_of(read_inputs(body, most, what=what))
        now, archived = self.portal.clock.now(), flag(request, "archived")
        rows = {crm_id: found.row(crm_id, now) for crm_id in ids}
        there = {
            crm_id: row
            for crm_id, row in rows.items()
            if row is not None and (found.records.deleted(row) <= now) is archived
        }
        distinct = np.array(sorted(set(there.values()), key=scatter), dtype=np.int64)
        shown = self.display.show(found, distinct, now, shape)
        missing = [crm_id for crm_id in rows if crm_id not in there]
        errors = [missing_object(found.schema.single.upper()).row(missing)] if missing else []
        return batch_answer(shown, errors, now=now)

    def readable(self, name: str) -> Kind:
        """An object type that the token may read."""
        found = self.portal.kind(name)
        self.portal.scopes.require([f"{found.schema.scope}.read"])
        return found


def scatter(row: int) -> int:
    """An order without any to it, the same in every run: batches don't answer in the order of their inputs."""
    return (row + 1) * 2_654_435_761 % 2**32


def batch_answer(
    results: Sequence[Mapping[str, Any]], errors: Sequence[Mapping[str, Any]], *, now: int, status: int = 200
) -> Response:
    """The answer to a batch: 207 when some of it failed."""
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": instant_text(now),
        "completedAt": instant_text(now),
    }
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Response(207 if errors else status, body)


def _asked(request: Request) -> Shape:
    return Shape(names(request, "properties"), names(request, "propertiesWithHistory"), names(request, "associations"))
