"""Bulk API 2.0 query jobs: made, worked off while their owner looks on, their results as CSV.

A job is UploadComplete when it is made, InProgress at the first look and done from the second on. Its rows are chosen when it is
made and shown as of then.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from crmsync.sandbox.http import Response
from crmsync.sandbox.salesforce.bulk_rows import Rows
from crmsync.sandbox.salesforce.errors import Refused, not_found
from crmsync.sandbox.salesforce.ids import Ids
from crmsync.sandbox.salesforce.limits import Tally
from crmsync.sandbox.salesforce.moments import DAY, instant_text
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.query import Planner
from crmsync.sandbox.salesforce.soql import parse
from crmsync.sandbox.salesforce.syntax import Path, Query
from crmsync.sandbox.salesforce.wire import ApiCall, only, read_object

KNOWN = {"operation", "query", "contentType", "columnDelimiter", "lineEnding"}
FIXED = {"contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"}  # the others aren't served here
OPERATIONS = {"query": False, "queryAll": True}  # whether deleted and archived records come along
MADE, WORKING, DONE, ABORTED = "UploadComplete", "InProgress", "JobComplete", "Aborted"
ENDED = (DONE, ABORTED)
PAGE, MOST_LINKS = 10_000, 5  # rows of a page where nobody wishes otherwise; pages that one answer links
KEPT = 7 * DAY
RIGHT = "BulkQuery"  # what `Rights` calls the right to make query jobs


@dataclass(slots=True)
class _Job:
    """One job. Its numbers and its rows are told once it is done."""

    crm_id: str
    user: str
    version: str
    operation: str
    entity: str
    made_at: int
    rows: Rows
    state: str = MADE
    looks: int = 0

    def look(self) -> None:
        """Somebody asks how far it is."""
        if self.state not in ENDED:
            self.state = (WORKING, DONE)[min(self.looks, 1)]
            self.looks += 1

    def told(self) -> dict[str, Any]:
        """What every answer about it says."""
        at = instant_text(self.made_at)
        return {
            "id": self.crm_id,
            "operation": self.operation,
            "object": self.entity,
            "createdById": self.user,
            "createdDate": at,
            "systemModstamp": at,
            "state": self.state,
            "concurrencyMode": "Parallel",
            **FIXED,
            "apiVersion": float(self.version),
        }


class Jobs:
    """The handlers of jobs/query."""

    def __init__(self, org: Org, tally: Tally) -> None:
        self.org, self.tally = org, tally
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._ids, self._numbers = Ids("750"), count()

    def make(self, call: ApiCall) -> Response:
        """POST jobs/query."""
        only(call.request)
        body = read_object(call.request)
        deleted = self._checked(call, body)
        reader = self.org.reader(call.user, deleted=deleted)
        planner = Planner(reader, str(body["query"]))
        query = _allowed(planner.soql)
        with self._lock:
            if not self.tally.take():
                words = f"Max bulk v2 query jobs ({self.tally.most}) per 24 hrs has been reached ({self.tally.most})"
                raise Refused("LIMIT_EXCEEDED", words)
            crm_id = self._ids.make(next(self._numbers))
            rows = Rows(planner, query)
            job = _Job(crm_id, call.user, call.version, body["operation"], rows.table.name, reader.now, rows)
            self._jobs[crm_id] = job
        return Response(200, job.told())

    def _checked(self, call: ApiCall, body: Mapping[str, Any]) -> bool:
        """Whether the job reads deleted records too. Raises what is wrong with the request, not with its query."""
        if not self.org.rights.can(call.user, RIGHT, "create"):
            raise Refused("FEATURENOTENABLED", "Bulk API is not enabled for this organization or this user", status=403)
        if unknown := [name for name in body if name not in KNOWN]:
            raise Refused("JSON_PARSER_ERROR", f'Unrecognized field "{unknown[0]}"')
        for name, value in FIXED.items():
            if body.get(name, value) != value:
                raise Refused("INVALIDJOB", f"Unsupported {name}: {body[name]}")
        operation = body.get("operation")
        if not isinstance(operation, str) or operation not in OPERATIONS or not isinstance(body.get("query"), str):
            raise Refused("INVALIDJOB", "A query job needs an operation (query or queryAll) and a query")
        return OPERATIONS[operation]

    def listed(self, call: ApiCall) -> Response:
        """GET jobs/query."""
        only(call.request)
        with self._lock:
            records = [job.told() for job in self._jobs.values() if self._there(job)]
        return Response(body={"done": True, "records": records, "nextRecordsUrl": None})

    def show(self, call: ApiCall, *, crm_id: str) -> Response:
        """GET jobs/query/ID: how far it is."""
        only(call.request)
        job = self._found(crm_id)
        with self._lock:
            job.look()
        done = job.state == DONE
        processed = {"numberRecordsProcessed": job.rows.total if done else 0, "retries": 0, "totalProcessingTime": 1}
        return Response(body={**job.told(), "jobType": "V2Query", **processed})

    def abort(self, call: ApiCall, *, crm_id: str) -> Response:
        """PATCH jobs/query/ID."""
        only(call.request)
        if read_object(call.request) != {"state": ABORTED}:
            raise Refused("INVALIDJOBSTATE", "The only state that a query job can be put into is Aborted")
        job = self._found(crm_id)
        with self._lock:
            if job.state in ENDED:
                raise Refused("INVALIDJOBSTATE", f"Aborting a job that is {job.state} is not allowed")
            job.state = ABORTED
        return Response(body=job.told())

    def remove(self, call: ApiCall, *, crm_id: str) -> Response:
        """DELETE jobs/query/ID, with its results."""
        only(call.request)
        job = self._found(crm_id)
        with self._lock:
            if job.state not in ENDED:
                raise Refused("INVALIDJOBSTATE", f"Deleting a job that is {job.state} is not allowed")
            self._jobs.pop(job.crm_id, None)
        return Response(204)

    def results(self, call: ApiCall, *, crm_id: str) -> Response:
        """GET jobs/query/ID/results?maxRecords=&locator=: one page."""
        only(call.request, "maxRecords", "locator")
        job = self._done(call, crm_id)
        wish = call.request.query.get("maxRecords", [str(PAGE)])[-1]
        if not wish.isdecimal() or not int(wish):
            raise Refused("INVALID_QUERY_LOCATOR", f"Invalid maxRecords: {wish}")
        start = job.rows.place(call.request.query.get("locator", [""])[-1])
        end = min(start + int(wish), job.rows.total)
        headers = {
            "Content-Type": "text/csv",
            "Sforce-NumberOfRecords": str(end - start),
            "Sforce-Locator": job.rows.locator(end) if end < job.rows.total else "null",
        }
        return Response(200, job.rows.csv(start, end), headers)

    def pages(self, call: ApiCall, *, crm_id: str) -> Response:
        """GET jobs/query/ID/resultPages: where the pages are, a few at a time, so that they can be fetched side by side."""
        only(call.request, "locator")
        job = self._done(call, crm_id)
        start = job.rows.place(call.request.query.get("locator", [""])[-1])
        root = f"/services/data/v{call.version}/jobs/query/{crm_id}"
        starts = list(range(start, max(job.rows.total, 1), PAGE))
        links = [{"resultUrl": f"{root}/results?locator={job.rows.locator(each)}"} for each in starts[:MOST_LINKS]]
        body: dict[str, Any] = {"resultPages": links, "done": len(starts) <= MOST_LINKS}
        if not body["done"]:
            body["nextRecordsUrl"] = f"{root}/resultPages?locator={job.rows.locator(starts[MOST_LINKS])}"
        return Response(body=body)

    def _done(self, call: ApiCall, crm_id: str) -> _Job:
        """A job whose results may be read."""
        job = self._found(crm_id)
        if job.version != call.version:
            raise Refused("API_ERROR", f"The job was made with API version {job.version}", status=409)
        if job.state != DONE:
            raise Refused("INVALIDJOBSTATE", f"The job is {job.state}, it has no results")
        return job

    def _found(self, crm_id: str) -> _Job:
        with self._lock:
            job = self._jobs.get(crm_id)
        if job is None or not self._there(job):
            raise not_found()
        return job

    def _there(self, job: _Job) -> bool:
        return self.org.clock.now() - job.made_at < KEPT


def _allowed(soql: str) -> Query:
    """The tree of a query that a job may run: fields and parents' fields of one object, no more."""
    query = parse(soql)
    if any(isinstance(item, Query) for item in query.selected):
        raise Refused("API_ERROR", "Nested queries are not supported in Bulk Query")
    if query.group or not all(isinstance(item, Path) for item in query.selected):
        raise Refused("API_ERROR", "Aggregate functions, FIELDS() and GROUP BY are not supported in Bulk Query")
    if query.offset:
        raise Refused("API_ERROR", "OFFSET is not supported in Bulk Query")
    return query
