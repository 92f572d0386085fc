"""What a reconcile asks for: every id of a source, and records anew by their ids, whatever their stamps say."""

from collections.abc import Iterator, Sequence

from crmsync.crms.hubspot.archive import gone
from crmsync.crms.hubspot.batches import READ_INPUTS, READ_INPUTS_WITH_HISTORY, archived, parts, read
from crmsync.crms.hubspot.deals import created_at
from crmsync.crms.hubspot.portal import Portal
from crmsync.crms.hubspot.stream import Span, Stream, complete
from crmsync.crms.hubspot.streams import ActivityStream, DealStream
from crmsync.crms.hubspot.values import Row
from crmsync.records import Cursor, Listed, Page, Source

MADE = ("createdate", "hs_createdate")


class ById:
    """Lists and reads one account by id."""

    def __init__(self, portal: Portal, streams: Sequence[Stream]) -> None:
        self.portal, self.client = portal, portal.client
        known = [stream for stream in streams if isinstance(stream, DealStream | ActivityStream) and stream.gone]
        self._streams = {stream.gone: stream for stream in known}

    def sources(self) -> list[Source]:
        """Deals and steps. Associations move no stamp, and all of them hang on associations."""
        return [Source(name, silent=True) for name in self._streams]

    def listed(self, source: str) -> Iterator[Listed]:
        """Every live record. A list can't be filtered, so that of tasks brings those that are no steps too."""
        stream = self._streams[source]
        kind = stream.kind()
        names = dict.fromkeys((*MADE, *stream.properties()))
        query = [("archived", "false"), *(("properties", name) for name in names)]
        for raw in self.portal.pages(self.client.paths.objects(kind), query):
            row = Row(raw)
            if stream.counts(row):
                made = created_at(row) if isinstance(stream, DealStream) else row.created_at
                yield Listed(row.id, made)

    def read(self, source: str, crm_ids: Sequence[str], since: int) -> Iterator[Page]:
        """The records as they are now, a call's worth at a time; a merged one is told by what it was merged into."""
        stream = self._streams[source]
        kind, span = stream.kind(), Span(self.client.seen_at or self.portal.now(), since)
        size = READ_INPUTS_WITH_HISTORY if stream.histories() else READ_INPUTS
        for part in parts(crm_ids, size):
            found = read(self.client, kind, part, properties=stream.properties(), histories=stream.histories())
            rows = complete(stream, list(found))
            page = Page("", Cursor(), read=len(rows))
            if rows:
                stream.add(rows, page, span)
            came = {row.id for row in rows} | {merged["crm_id"] for merged in page.gone}
            missing = [crm_id for crm_id in part if crm_id not in came]
            page.gone += [gone(stream.gone, row) for row in archived(self.client, kind, missing)]
            yield page
