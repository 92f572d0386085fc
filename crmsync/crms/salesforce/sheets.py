"""A query job's page of CSV -> records as a query's JSON gives them.

CSV has texts only. Null comes blank, as an empty text does, and both mean the same to us. "true" and "false" become boxes that are
ticked or not: of a text of that very word nothing is lost, since a record's texts are read the same way.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import Any

from crmsync.errors import RetryLater

WORDS: dict[str, str | bool | None] = {"": None, "true": True, "false": False}
csv.field_size_limit(2**24)  # a long text is longer than the reader's own limit, escapes and all


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page: its bytes, and how many records it says to hold."""

    content: bytes
    count: int

    def lines(self) -> Iterator[list[str]]:
        """Its header, then its records. Raises RetryLater where these are fewer or more than it says, or can't be read."""
        came = 0
        try:
            lines = csv.reader(TextIOWrapper(BytesIO(self.content), "utf-8", newline=""))
            header = next(lines, [])
            yield header
            for line in lines:
                if len(line) != len(header):
                    break
                came += 1
                yield line
        except (UnicodeDecodeError, csv.Error):
            came = -1
        if came != self.count:
            raise incomplete(came, self.count)


class Form:
    """How the lines under a header become records: `Contact.Name` stands for the name of the record's contact."""

    def __init__(self, header: Sequence[str]) -> None:
        self.header = list(header)
        self._own = [name for name in self.header if "." not in name]
        self._dotted = [(place, name.split(".")) for place, name in enumerate(self.header) if "." in name]
        self._places = [place for place, name in enumerate(self.header) if "." not in name]

    def record(self, line: Sequence[str]) -> dict[str, Any]:
        """One record. Parents whose fields are all blank are none."""
        if not self._dotted:
            return dict(zip(self._own, [WORDS.get(cell, cell) for cell in line], strict=True))
        record: dict[str, Any] = {
            name: WORDS.get(line[place], line[place]) for name, place in zip(self._own, self._places, strict=True)
        }
        for place, path in self._dotted:
            if line[place]:
                here = record
                for parent in path[:-1]:
                    here = here.setdefault(parent, {})
                here[path[-1]] = WORDS.get(line[place], line[place])
        return record


def incomplete(came: int, told: int) -> RetryLater:
    """Rows are missing, whatever the status says."""
    what = f"of {told} records of Salesforce's query job {max(came, 0)} could be read"
    return RetryLater("E214", what, remedy="the next run reads the object anew; bulk_from = 0 reads it without jobs")
