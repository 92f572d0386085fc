"""The rows of a query job, a page of CSV at a time: a header on each, every cell in quotes, null and blank alike."""

import csv
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from io import StringIO

from crmsync.sandbox.records import Value
from crmsync.sandbox.salesforce.errors import Refused
from crmsync.sandbox.salesforce.query import Planner
from crmsync.sandbox.salesforce.reader import Bound
from crmsync.sandbox.salesforce.syntax import Query


class Rows:
    """What a query of fields and parents' fields chose, shown as of the planner's instant."""

    def __init__(self, planner: Planner, query: Query) -> None:
        self._planner = planner
        self.table = planner.reader.table(query.entity)
        self._rows = planner.run(query).rows
        self._bound = [planner.bind(self.table, path, query.alias) for path in query.selected]

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self._rows)

    def csv(self, start: int, end: int) -> bytes:
        """Those from one place to another."""
        rows, reader = self._rows[start:end], self._planner.reader
        own = self.table.columns([each.field.name for each in self._bound if not each.steps], rows, reader.now)
        columns = [
            _shown(each, reader.values(each, rows) if each.steps else own[each.field.name]) for each in self._bound
        ]
        text = StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow([_name(each) for each in self._bound])
        writer.writerows(zip(*columns, strict=True))
        return text.getvalue().encode()

    def locator(self, place: int) -> str:
        """The text that stands for a place."""
        return urlsafe_b64encode(f"at {place}".encode()).decode()

    def place(self, locator: str) -> int:
        """The place that a text stands for, the beginning for none."""
        if not locator:
            return 0
        try:
            word, _, place = urlsafe_b64decode(locator).decode().partition(" ")
        except (Error, ValueError):
            word, place = "", ""
        if word != "at" or not place.isdecimal() or int(place) > self.total:
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        return int(place)


def _name(bound: Bound) -> str:
    """A column's name in the header."""
    parents = [step.reference.relationship or step.reference.name for step in bound.steps]
    return ".".join([*parents, bound.field.name])


def _shown(bound: Bound, values: list[Value]) -> list[Value]:
    """Values as CSV writes them: instants end with Z, booleans are lower-case, numbers as they are."""
    if bound.field.type == "datetime":
        return [value.replace("+0000", "Z") if isinstance(value, str) else value for value in values]
    if bound.field.type == "boolean":
        return ["true" if value else "false" for value in values]
    return values
