"""The pages of an object from a place on: where a read stands, what is asked for from there, and what comes of it, page by page.

A full read asks for ranges of ids side by side. What changed comes by one query after the other, whose pages name each other.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from crmsync.ahead import in_order
from crmsync.clock import MICROS_PER_SECOND, iso
from crmsync.crms.salesforce.client import Client, Json
from crmsync.crms.salesforce.ranges import Ends
from crmsync.crms.salesforce.refusals import NO_LOCATOR, Refused
from crmsync.crms.salesforce.streams import Stream, below, selected
from crmsync.crms.salesforce.values import Row, all_of, quoted, soql
from crmsync.records import BEGINNING, Cursor

FULL, CHANGED = "full", "changed"
AHEAD = 3  # pages of one object in memory: two come while one is worked off


@dataclass(frozen=True, slots=True)
class Place:
    """Where a read stands: `began`, the CRM's clock at its start; `stamp` and `last`, those of the last record that it brought.

    `until`: the id up to which this part of it goes, "" for all there is.
    """

    way: str
    began: int
    stamp: int = 0
    last: str = ""
    until: str = ""

    @classmethod
    def of(cls, since: Cursor | None, now: int) -> "Place":
        """Where to begin: anew, or where a read broke off."""
        if since is None or since == BEGINNING:
            return cls(FULL, now)
        if not since.resume:
            return cls(CHANGED, now)
        way, began, stamp, last = since.resume.split(":")
        return cls(way, int(began), int(stamp), last)

    def after(self, row: Row) -> "Place":
        """Behind a record."""
        return replace(self, stamp=row.modified_at, last=row.id)

    def __str__(self) -> str:
        return f"{self.way}:{self.began}:{self.stamp}:{self.last}"


Part = tuple[Place, list[Row], bool]  # some records, the place behind them, and whether there are more


class Pages:
    """Asks one org. `look_back` in micros; `threads`: how many calls may be under way at once."""

    def __init__(self, client: Client, *, look_back: int, threads: int) -> None:
        self.client, self.look_back, self.ahead = client, look_back, min(threads, AHEAD)

    def ask(self, stream: Stream, place: Place, since: int) -> Json:
        """The first page from a place on."""
        conditions = [stream.where()]
        if place.way == FULL:
            conditions += [f"Id > {quoted(place.last)}"] if place.last else []
            conditions += [f"Id <= {quoted(place.until)}"] if place.until else []
            order = "Id"
        else:
            conditions.append(self._changed(stream, place, since))
            order = "SystemModstamp, Id"
        if place.way == CHANGED and place.last:
            stamp = iso(place.stamp)
            conditions.append(f"SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > {quoted(place.last)})")
        text = soql(selected(stream), stream.entity, where=all_of(conditions), tail=f"ORDER BY {order}")
        return self.client.query(text, children=below(stream))

    def onward(self, stream: Stream, place: Place, since: int, answer: Json) -> Iterator[Part]:
        """What an answer to `ask` holds, and all behind it."""
        if place.way == FULL and self.ahead > 1:
            return self._by_ranges(stream, place, answer)
        return self._following(stream, place, since, answer)

    def _by_ranges(self, stream: Stream, place: Place, answer: Json) -> Iterator[Part]:
        """A full read's first page, then the rest: ranges of ids side by side, and a page of all that is left, until it is all."""
        while rows := [Row(record) for record in answer["records"]]:
            place = place.after(rows[-1])
            yield place, rows, not answer["done"]
            if answer["done"]:
                return
            left = int(answer.get("totalSize") or 0) - len(rows)
            ends = Ends(rows[0].get("Id"), rows[-1].id, count=len(rows), left=left)
            place, answer = yield from self._ranges(stream, place, ends)
        yield from self._following(stream, place, 0, answer)

    def _ranges(self, stream: Stream, place: Place, ends: Ends) -> Generator[Part, None, tuple[Place, Json]]:
        """What ranges of ids hold that adjoin each other from a place on; gives the place behind them and what is there."""

        def ask(edges: tuple[str, str]) -> tuple[Place, Json]:
            part = replace(place, last=edges[0], until=edges[1])
            return part, self.ask(stream, part, 0)

        edges = pairwise(chain([place.last], ends, [""]))
        for part, answer in in_order(edges, ask, threads=self.ahead):
            if not part.until:
                break
            came = 0
            for here, rows, _ in self._following(stream, part, 0, answer):
                came += len(rows)
                if rows:
                    yield here, rows, True
            ends.note(came)
        return part, answer

    def _following(self, stream: Stream, place: Place, since: int, answer: Json) -> Iterator[Part]:
        """An answer's rows and those of the pages after it, each with the place behind it and whether there are more."""
        while True:
            rows = [Row(record) for record in answer["records"]]
            place = place.after(rows[-1]) if rows else place
            more = "" if answer["done"] else str(answer["nextRecordsUrl"])
            yield place, rows, bool(more)
            if not more:
                return
            answer = self._next(stream, place, since, more)

    def _next(self, stream: Stream, place: Place, since: int, more: str) -> Json:
        """A following page. A locator lives for hours, not for ever: when it is dead a new query goes on at the place."""
        try:
            return self.client.more(more, children=below(stream))
        except Refused as refused:
            if refused.code != NO_LOCATOR:
                raise
            return self.ask(stream, place, since)

    def _changed(self, stream: Stream, place: Place, since: int) -> str:
        """Changed since the last read, or with an instant that has passed since."""
        start = iso(max(0, since - self.look_back) // MICROS_PER_SECOND * MICROS_PER_SECOND)
        changed = f"SystemModstamp >= {start}"
        if not stream.due:
            return changed
        return f"{changed} OR ({stream.due} >= {start} AND {stream.due} <= {iso(place.began)})"
