"""Pulling: full reads by list, then what changed by search, page by page; and what was archived.

A full read lists all records; `resume` is the list's own place, so a read that broke off goes on there. Later reads search by
modification since the last pull's start less a look-back, by growing record id, because a search ends at 10,000 rows and many
rows may share a stamp; what is found is read anew by id, because the search index lags. Archiving leaves no stamp: archived
records are listed each time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crmsync.clock import MICROS_PER_SECOND
from crmsync.crms.hubspot.batches import READ_INPUTS, READ_INPUTS_WITH_HISTORY, parts, read
from crmsync.crms.hubspot.client import Json
from crmsync.crms.hubspot.portal import Portal, next_page
from crmsync.crms.hubspot.settings import Settings
from crmsync.crms.hubspot.streams import Span, Stream
from crmsync.crms.hubspot.values import MICROS_PER_MILLI, Row, instant
from crmsync.records import Cursor, GoneRecord, Page

OWNERS, PIPELINES = "owners", "pipelines"
SEARCH_PAGE = 200
LIST, SEARCH = "list", "search"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a read stands. `began`: the CRM's clock at its start; `last`: a list's token, or the last id that a search found."""

    way: str
    began: int
    last: str

    @classmethod
    def of(cls, since: Cursor | None, now: int) -> "Place":
        """Where to begin: anew, or where a read broke off."""
        if since is None:
            return cls(LIST, now, "")
        if not since.resume:
            return cls(SEARCH, now, "")
        way, began, last = since.resume.split(":", 2)
        return cls(way, int(began), last)

    def __str__(self) -> str:
        return f"{self.way}:{self.began}:{self.last}"


class Reader:
    """Reads one account."""

    def __init__(self, portal: Portal, streams: Sequence[Stream], settings: Settings) -> None:
        self.portal, self.client = portal, portal.client
        self.look_back = settings.look_back_s * MICROS_PER_SECOND
        self._streams = {stream.name: stream for stream in streams}

    def names(self) -> Sequence[str]:
        """The streams, in the order to store them."""
        return [OWNERS, PIPELINES, *self._streams]

    def pull(self, name: str, since: Cursor | None) -> Iterator[Page]:
        """The pages of a stream."""
        now = self.client.seen_at or self.portal.now()
        if name in (OWNERS, PIPELINES):
            yield self._people_or_stages(name, now)
            return
        stream = self._streams[name]
        kind = stream.kind()
        place = Place.of(since, now)
        done = Cursor(stamp=place.began)
        if place.way == SEARCH:
            yield from self._search(stream, kind, place, since or done)
        elif stream.listed:
            yield from self._list(stream, kind, place, done)
        if stream.gone:
            yield from self._archived(stream, kind, done)
        else:
            yield Page(name, done)

    def _people_or_stages(self, name: str, now: int) -> Page:
        """Few enough to be read whole each time."""
        page = Page(name, Cursor(stamp=now))
        if name == OWNERS:
            page.people = self.portal.reread_owners()
        else:
            page.stages = self.portal.reread_stages()
        page.read = len(page.people) + len(page.stages)
        return page

    def _list(self, stream: Stream, kind: str, place: Place, done: Cursor) -> Iterator[Page]:
        after = place.last
        size = READ_INPUTS_WITH_HISTORY if stream.histories() else READ_INPUTS
        query = [("limit", str(size)), ("archived", "false")]
        query += [("properties", name) for name in stream.properties()]
        query += [("propertiesWithHistory", name) for name in stream.histories()]
        while True:
            answer = self.client.get(self.client.paths.objects(kind), [*query, *_after(after)])
            after = next_page(answer)
            here = Cursor(stamp=place.began, resume=str(Place(LIST, place.began, after))) if after else done
            yield self._page(stream, here, [Row(raw) for raw in answer.get("results") or ()], Span(place.began, 0))
            if not after:
                return

    def _search(self, stream: Stream, kind: str, place: Place, since: Cursor) -> Iterator[Page]:
        last = place.last
        size = READ_INPUTS_WITH_HISTORY if stream.histories() else READ_INPUTS
        while True:
            body = self._query(stream, since.stamp, place.began, last)
            found = self.client.post(self.client.paths.objects(kind, "search"), body).get("results") or []
            ids = [str(row["id"]) for row in found]
            for part in parts(ids, size):
                rows = list(read(self.client, kind, part, properties=stream.properties(), histories=stream.histories()))
                last = part[-1]
                here = Cursor(stamp=since.stamp, crm_id=last, resume=str(Place(SEARCH, place.began, last)))
                yield self._page(stream, here, rows, Span(place.began, since.stamp))
            if len(ids) < SEARCH_PAGE:
                return

    def _query(self, stream: Stream, stamp: int, began: int, last: str) -> Json:
        """Changed since the stamp, or with an instant that has passed since, by id from `last` on."""
        start = str(max(1, (stamp - self.look_back) // MICROS_PER_MILLI))  # HubSpot answers 0 with a server error
        onward = [{"propertyName": "hs_object_id", "operator": "GT", "value": last}] if last else []
        groups = [[{"propertyName": stream.modified, "operator": "GTE", "value": start}, *onward]]
        if stream.due:
            end = str(began // MICROS_PER_MILLI)
            passed = {"propertyName": stream.due, "operator": "BETWEEN", "value": start, "highValue": end}
            groups.append([passed, *onward])
        return {
            "filterGroups": [{"filters": filters} for filters in groups],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": ["hs_object_id"],
            "limit": SEARCH_PAGE,
        }

    def _page(self, stream: Stream, cursor: Cursor, rows: list[Row], span: Span) -> Page:
        page = Page(stream.name, cursor, read=len(rows))
        if rows:
            stream.add(rows, page, span)
        return page

    def _archived(self, stream: Stream, kind: str, done: Cursor) -> Iterator[Page]:
        after = ""
        query = [("limit", str(READ_INPUTS)), ("archived", "true"), ("properties", "hs_object_id")]
        while True:
            answer = self.client.get(self.client.paths.objects(kind), [*query, *_after(after)])
            rows = answer.get("results") or ()
            page = Page(stream.name, done, read=len(rows))
            page.gone = [
                GoneRecord(
                    source=stream.gone,
                    crm_id=str(row["id"]),
                    gone_at=instant(row.get("archivedAt") or row["updatedAt"]),
                    survivor="",
                )
                for row in rows
            ]
            yield page
            after = next_page(answer)
            if not after:
                return

    def probe(self, name: str) -> None:
        """Reads one record of a stream. Raises BadConfig when a right, the object or a configured property is missing."""
        if name in (OWNERS, PIPELINES):
            self._people_or_stages(name, 0)
            return
        kind = self._streams[name].kind()
        self.client.get(self.client.paths.objects(kind), [("limit", "1")])


def _after(token: str) -> list[tuple[str, str]]:
    return [("after", token)] if token else []
