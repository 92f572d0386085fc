"""sobjects/X/deleted and sobjects/X/updated: what changed in a window of the last days."""

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.salesforce.description import visible_table
from crmsync.sandbox.salesforce.errors import Refused
from crmsync.sandbox.salesforce.moments import DAY, SECOND, instant_text, read_instant
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.table import BIN_DAYS, Table
from crmsync.sandbox.salesforce.wire import ApiCall, only

LONGEST_DAYS = 30  # how far back a window may begin
_MINUTE = 60 * SECOND


class Replication:
    """The handlers of the two logs."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def deleted(self, call: ApiCall, *, name: str) -> Response:
        """GET sobjects/X/deleted?start=&end=."""
        table, start, end = self._window(call.request, call.user, name)
        records, now = table.records, self.org.clock.now()
        rows = table.rows(now, deleted=True)
        earliest = max(self.org.past.world.start_at, now - BIN_DAYS * DAY)
        found = [
            {"id": records.make_id(row), "deletedDate": instant_text(records.deleted(row))}
            for row in rows[table.sweep.gone(rows, now)].tolist()
            if max(start, earliest) <= records.deleted(row) <= end
        ]
        body = {"deletedRecords": found, "earliestDateAvailable": instant_text(earliest), **self._covered(end)}
        return Response(body=body)

    def updated(self, call: ApiCall, *, name: str) -> Response:
        """GET sobjects/X/updated?start=&end=."""
        table, start, end = self._window(call.request, call.user, name)
        rows = table.rows(self.org.clock.now(), deleted=False)
        stamps = table.sweep.stamps(rows, self.org.clock.now()) // SECOND * SECOND
        chosen = rows[(stamps >= start) & (stamps <= end)]
        return Response(body={"ids": [table.records.make_id(row) for row in chosen.tolist()], **self._covered(end)})

    def _covered(self, end: int) -> dict[str, str]:
        return {"latestDateCovered": instant_text(min(end, self.org.clock.now()))}

    def _window(self, request: Request, user: str, name: str) -> tuple[Table, int, int]:
        only(request, "start", "end")
        table = visible_table(self.org, user, name)
        bounds = [read_instant(request.query.get(key, [""])[0].replace(" ", "+")) for key in ("start", "end")]
        start, end = bounds
        if start is None or end is None:
            raise Refused("INVALID_REPLICATION_DATE", "start and end are required: ISO 8601 with a zone")
        start, end = start // _MINUTE * _MINUTE, end // _MINUTE * _MINUTE  # seconds are cut
        now = self.org.clock.now()
        if end <= start:
            raise Refused("INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate")
        if start < now - LONGEST_DAYS * DAY:
            raise Refused("INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
        return table, start, end
