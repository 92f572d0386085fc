"""Query resources: first pages, and the locators of the ones that follow."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.salesforce.display import Display, Shape
from crmsync.sandbox.salesforce.errors import Refused
from crmsync.sandbox.salesforce.ids import Ids
from crmsync.sandbox.salesforce.moments import DAY
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.query import Planner
from crmsync.sandbox.salesforce.reader import Reader
from crmsync.sandbox.salesforce.soql import parse
from crmsync.sandbox.salesforce.table import Table
from crmsync.sandbox.salesforce.wire import ApiCall, only

SMALLEST_PAGE, LARGEST_PAGE = 200, 2_000
PAGE_WITH_CHILDREN = 500
CELLS = 50_000  # most values on a page: more than 25 columns make it shorter
OPEN_CURSORS = 50  # the newest ones; older locators are dead
LIFE = 2 * DAY


@dataclass(frozen=True, slots=True)
class _Cursor:
    """A query that was answered in part: its rows as they were chosen then, shown as of then."""

    display: Display
    shape: Shape
    rows: Ints
    size: int
    opened_at: int
    user: str


class Cursors:
    """The handlers of query and queryAll, over the records or over what the Tooling API shows."""

    def __init__(self, org: Org, *, tables: Mapping[str, Table] | None = None) -> None:
        self.org = org
        self.tables, self.branch = (org.tables, "") if tables is None else (tables, "/tooling")
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Cursor] = OrderedDict()
        self._ids = Ids("01g")
        self._made = 0

    def query(self, call: ApiCall) -> Response:
        """GET query?q=."""
        return self._first(call, deleted=False)

    def query_all(self, call: ApiCall) -> Response:
        """GET queryAll?q=: deleted records and archived activities too."""
        return self._first(call, deleted=True)

    def _first(self, call: ApiCall, *, deleted: bool) -> Response:
        only(call.request, "q")
        soql = call.request.query.get("q", [""])[-1]
        reader = Reader(self.tables, self.org.rights, user=call.user, now=self.org.clock.now(), deleted=deleted)
        planner = Planner(reader, soql)
        result = planner.run(parse(soql))
        if result.shape is None:
            return Response(body={"totalSize": result.total, "done": True, "records": result.records})
        size = _page_size(call.request, result.shape)
        display = Display(planner, f"/services/data/v{call.version}{self.branch}")
        return Response(
            body=self._page(_Cursor(display, result.shape, result.rows, size, reader.now, call.user), "", 0)
        )

    def more(self, call: ApiCall, *, locator: str) -> Response:
        """GET query/LOCATOR-START, as an earlier page named it."""
        only(call.request)
        name, _, start = locator.rpartition("-")
        with self._lock:
            cursor = self._open.get(name)
        if (
            cursor is None
            or not start.isdigit()
            or cursor.user != call.user
            or self.org.clock.now() - cursor.opened_at > LIFE
            or int(start) >= len(cursor.rows)
        ):
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        return Response(body=self._page(cursor, name, int(start)))

    def _page(self, cursor: _Cursor, name: str, start: int) -> dict[str, Any]:
        end = start + cursor.size
        records = cursor.display.show(cursor.shape, cursor.rows[start:end])
        body: dict[str, Any] = {"totalSize": len(cursor.rows), "done": end >= len(cursor.rows)}
        if not body["done"]:
            body["nextRecordsUrl"] = f"{cursor.display.root}/query/{name or self._keep(cursor)}-{end}"
        return {**body, "records": records}

    def _keep(self, cursor: _Cursor) -> str:
        with self._lock:
            name = self._ids.make(self._made)
            self._made += 1
            self._open[name] = cursor
            while len(self._open) > OPEN_CURSORS:
                self._open.popitem(last=False)
        return name


def _page_size(request: Request, shape: Shape) -> int:
    """The wish of Sforce-Query-Options, within what the org allows; wide rows and rows with children make smaller pages."""
    wish = LARGEST_PAGE
    for option in request.headers.get("sforce-query-options", "").split(","):
        name, _, value = option.partition("=")
        if name.strip().lower() == "batchsize" and value.strip().isdigit():
            wish = min(max(int(value), SMALLEST_PAGE), LARGEST_PAGE)
    if shape.children:
        return min(wish, PAGE_WITH_CHILDREN)
    return min(wish, max(SMALLEST_PAGE, CELLS // max(len(shape.order), 1)))
