"""Pulling: full reads by list, then what changed by search, page by page; and what was archived.

A full read lists all records; `resume` is the list's own place, so a read that broke off goes on there. Later reads search by
modification since the last pull's start less a look-back (`changed`); what is found is read anew by id, because the search index
lags. `archive` says how archived records are found: a finished read's cursor carries the count of live records that the next one
compares.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from crmsync.ahead import in_order
from crmsync.clock import MICROS_PER_SECOND
from crmsync.crm import digest
from crmsync.crms.hubspot.archive import archived_pages, count_live, made_within
from crmsync.crms.hubspot.batches import READ_INPUTS, READ_INPUTS_WITH_HISTORY, answers, listed_row
from crmsync.crms.hubspot.changed import Window, by_id, newest
from crmsync.crms.hubspot.portal import DEALS, Portal, next_page
from crmsync.crms.hubspot.settings import Settings
from crmsync.crms.hubspot.stream import Span, Stream, complete
from crmsync.crms.hubspot.values import Row
from crmsync.errors import CrmsyncError
from crmsync.records import BEGINNING, Cursor, Page

OWNERS, PIPELINES = "owners", "pipelines"
LIST, SEARCH, DONE = "list", "search", "done"
TOGETHER = 200  # records of a list that are stored at once


@dataclass(frozen=True, slots=True)
class Place:
    """Where a read stands. `began`: the CRM's clock at its start.

    `last`: a list's token, the last id that a search found, or, once done, how many of the records made until then were live.
    """

    way: str
    began: int
    last: str

    @classmethod
    def of(cls, since: Cursor | None, now: int) -> "Place":
        """Where to begin: anew, or where a read broke off."""
        if since is None or since == BEGINNING:
            return cls(LIST, now, "")
        if not since.resume or since.resume.startswith(DONE):
            return cls(SEARCH, now, "")
        way, began, last = since.resume.split(":", 2)
        return cls(way, int(began), last)

    def __str__(self) -> str:
        return f"{self.way}:{self.began}:{self.last}"


class Reader:
    """Reads one account."""

    def __init__(self, portal: Portal, streams: Sequence[Stream], settings: Settings) -> None:
        self.portal, self.client = portal, portal.client
        self.parallel = self.client.config.parallel
        self.look_back = settings.look_back_s * MICROS_PER_SECOND
        self.histories = settings.histories
        self._streams = {stream.name: stream for stream in streams}

    def names(self) -> Sequence[str]:
        """The streams, in the order to store them."""
        return [OWNERS, PIPELINES, *self._streams]

    def rounds(self) -> Sequence[Sequence[str]]:
        """The streams, before, with and after the deals, which need all of the former and are needed by all of the latter."""
        names = list(self.names())
        deals = names.index(DEALS)
        return [names[:deals], [DEALS], names[deals + 1 :]]

    def asked(self, name: str) -> str:
        """A digest of what is read of a stream's records. Our own fields are among the names, but say nothing of a deal."""
        stream, config = self._streams.get(name), self.client.config
        if stream is None or not stream.listed:
            return ""
        stream.kind()
        ours = set(config.fields.values()) - set(config.standard_fields)
        read = [*stream.properties(), "", *stream.histories()]
        return digest(config, name, [each for each in read if each not in ours])

    def pull(self, name: str, since: Cursor | None, began: int) -> Iterator[Page]:
        """The pages of a stream; `began`: the CRM's clock when the whole pull did, 0: now."""
        now = began or self.client.seen_at or self.portal.now()
        if name in (OWNERS, PIPELINES):
            yield self._people_or_stages(name, now)
            return
        stream = self._streams[name]
        kind = stream.kind()
        place = Place.of(since, now)
        done = Cursor(stamp=place.began)
        if place.way == LIST:
            if stream.listed:
                listed = yield from self._list(stream, kind, place, done)
                if since is None:
                    done = self._counted_list(stream, kind, place, listed=listed)
            yield Page(name, done)
            return
        yield from self._search(stream, kind, place, since or done)

    def _counted_list(self, stream: Stream, kind: str, place: Place, *, listed: int) -> Cursor:
        """The cursor of a first read: with the count of live records, where none came or went while they were listed."""
        live = count_live(self.client, kind, until=place.began) if stream.gone else -1
        return Cursor(stamp=place.began, resume=str(Place(DONE, place.began, str(live))) if live == listed else "")

    def _search(self, stream: Stream, kind: str, place: Place, since: Cursor) -> Iterator[Page]:
        """What changed, by one question where that is enough, and what was archived meanwhile."""
        window = Window(max(0, since.stamp - self.look_back), since.stamp, place.began)
        anew = stream.gone and not stream.due and not place.last
        news = newest(self.client, kind, stream, window) if anew else None
        if news is None:
            fresh = yield from self._read(
                stream, kind, window, by_id(self.client, kind, stream, window, last=place.last)
            )
            live = count_live(self.client, kind, until=since.stamp) if stream.gone else 0
        else:
            yield from self._read(stream, kind, window, [news.ids] if news.ids else [])
            live, fresh = news.live - news.fresh, news.fresh
        yield from self._ended(stream, kind, place, since=since, live=live, fresh=fresh)

    def _ended(
        self, stream: Stream, kind: str, place: Place, *, since: Cursor, live: int, fresh: int
    ) -> Iterator[Page]:
        """The end of a search, and what was archived meanwhile.

        `live`: how many records that were there at the last read still are; `fresh`: how many were made since.
        """
        done = Cursor(stamp=place.began)
        if not stream.gone:
            yield Page(stream.name, done)
            return
        if not place.last:  # a search that went on from a break hasn't seen all that are fresh
            done = Cursor(stamp=place.began, resume=str(Place(DONE, place.began, str(live + fresh))))
        if str(live) != _counted(since):
            yield from archived_pages(self.client, kind, stream.gone, page=(stream.name, done))
        else:
            yield Page(stream.name, done)

    def _people_or_stages(self, name: str, now: int) -> Page:
        """Few enough to be read whole each time."""
        page = Page(name, Cursor(stamp=now))
        if name == OWNERS:
            page.people = self.portal.reread_owners()
        else:
            page.stages = self.portal.reread_stages()
        page.read = len(page.people) + len(page.stages)
        return page

    def _list(self, stream: Stream, kind: str, place: Place, done: Cursor) -> Generator[Page, None, int]:
        """The pages of all there is; gives how many of the records were made before the read began."""
        listed = 0

        def page(came: tuple[Cursor, list[Row]]) -> tuple[Page, int]:
            here, rows = came
            rows = self._with_histories(stream, kind, rows) if self._in_batches(stream) else rows
            return self._page(stream, here, rows, Span(place.began, 0)), made_within(rows, after=0, until=place.began)

        came = _together(self._listed(stream, kind, place, done))
        for whole, made in in_order(came, page, threads=self.parallel):
            listed += made
            yield whole
        return listed

    def _listed(self, stream: Stream, kind: str, place: Place, done: Cursor) -> Iterator[tuple[Cursor, list[Row]]]:
        """The rows of all there is, page by page, each page with the cursor behind it."""
        after = place.last
        histories = [] if self._in_batches(stream) else stream.histories()
        query = [("limit", str(READ_INPUTS_WITH_HISTORY if histories else READ_INPUTS)), ("archived", "false")]
        query += [
            ("properties", name) for name in (["hs_object_id"] if self._in_batches(stream) else stream.properties())
        ]
        query += [("propertiesWithHistory", name) for name in histories]
        query += [("associations", stream.linked)] if stream.linked else []
        while True:
            answer = self.client.get(self.client.paths.objects(kind), [*query, *_after(after)])
            after = next_page(answer, after)
            here = Cursor(stamp=place.began, resume=str(Place(LIST, place.began, after))) if after else done
            rows = [listed_row(raw) for raw in answer.get("results") or ()]
            yield here, rows if self._in_batches(stream) else complete(stream, rows)
            if not after:
                return

    def _in_batches(self, stream: Stream) -> bool:
        """Whether a full read lists ids alone, and reads the records by them."""
        return self.histories == "batch" and bool(stream.histories())

    def _with_histories(self, stream: Stream, kind: str, listed: list[Row]) -> list[Row]:
        """Records of a list of ids, read by them, with the associations that the list brought along."""
        blocks = {row.id: row.raw["associations"] for row in listed}
        rows = self._by_id(stream, kind, list(blocks))
        return [Row({**row.raw, "associations": blocks[row.id]}) for row in rows if row.id in blocks]

    def _read(
        self, stream: Stream, kind: str, window: Window, found: Iterable[Sequence[str]]
    ) -> Generator[Page, None, int]:
        """The pages of what was found, read anew by id; gives how many of the records were made since the last read."""
        fresh = 0

        def page(ids: Sequence[str]) -> tuple[Page, int]:
            rows = list(self._by_id(stream, kind, ids))
            here = Cursor(window.since, ids[-1], resume=str(Place(SEARCH, window.began, ids[-1])))
            made = made_within(rows, after=window.since, until=window.began)
            return self._page(stream, here, rows, Span(window.began, window.since)), made

        for whole, made in in_order(found, page, threads=self.parallel):
            fresh += made
            yield whole
        return fresh

    def _by_id(self, stream: Stream, kind: str, ids: Sequence[str]) -> Iterator[Row]:
        """A stream's records as they are now."""
        wanted = {"properties": stream.properties(), "histories": stream.histories()}
        for answer in answers(self.client, kind, ids, **wanted):
            yield from complete(stream, answer)

    def _page(self, stream: Stream, cursor: Cursor, rows: list[Row], span: Span) -> Page:
        page = Page(stream.name, cursor, read=len(rows))
        if rows:
            stream.add(rows, page, span)
        return page

    def probe(self, name: str) -> None:
        """Reads one record of a stream. Raises BadConfig when a right, the object or a configured property is missing."""
        if name in (OWNERS, PIPELINES):
            self._people_or_stages(name, 0)
            return
        kind = self._streams[name].kind()
        self.client.get(self.client.paths.objects(kind), [("limit", "1")])


def _together(pages: Iterable[tuple[Cursor, list[Row]]]) -> Iterator[tuple[Cursor, list[Row]]]:
    """Full pages of a list as fewer larger ones, for each of which what belongs to its records is asked for, and stored, at once.

    What came before a fault is given before it. A page that isn't full is the last one, or the list goes in a circle.
    """
    kept: list[Row] = []
    here, fault = BEGINNING, None
    try:
        for here, rows in pages:
            kept += rows
            if len(kept) >= TOGETHER or len(rows) < READ_INPUTS_WITH_HISTORY:
                yield here, kept
                kept = []
    except CrmsyncError as error:
        fault = error
    if kept:
        yield here, kept
    if fault:
        raise fault


def _after(token: str) -> list[tuple[str, str]]:
    return [("after", token)] if token else []


def _counted(since: Cursor) -> str:
    """The count that a finished read left, "" where it left none."""
    return since.resume.rsplit(":", 1)[1] if since.resume.startswith(DONE) else ""
