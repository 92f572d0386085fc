"""What a reconcile asks for: every id of a source, and records anew by their ids, whatever their stamps say."""

from collections.abc import Iterator, Sequence

from crmsync.crms.salesforce.client import Json
from crmsync.crms.salesforce.org import DEAL
from crmsync.crms.salesforce.read import Reader, page_of
from crmsync.crms.salesforce.refusals import Refused
from crmsync.crms.salesforce.streams import Span, Stream, below, selected
from crmsync.crms.salesforce.values import Row, all_of, quoted, soql
from crmsync.records import Cursor, Listed, Page, Source

INPUTS = 200  # ids in one query: its text must fit into an address of 16,000 characters


class ById:
    """Lists and reads one org by id."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.client = reader, reader.client
        self._streams: dict[str, list[Stream]] = {}
        for stream in reader.streams():
            if stream.gone:
                self._streams.setdefault(stream.gone, []).append(stream)

    def sources(self) -> list[Source]:
        """Deals and steps. Only deals have formulas that are read; a step's deal is a field of the step, which stamps it."""
        return [Source(name, silent=streams[0].entity == DEAL) for name, streams in self._streams.items()]

    def listed(self, source: str) -> Iterator[Listed]:
        """Every live record, archived activities included."""
        for stream in self._streams[source]:
            where = all_of([stream.where(), "IsDeleted = false"])
            for row in self._rows(stream, soql(("Id", "CreatedDate"), stream.entity, where=where, tail="ORDER BY Id")):
                yield Listed(row.id, row.created_at)

    def read(self, source: str, crm_ids: Sequence[str], since: int) -> Iterator[Page]:
        """The records as they are now, so many ids at a time."""
        span = Span(self.client.door.present(), since)
        for stream in self._streams[source]:
            for start in range(0, len(crm_ids), INPUTS):
                ids = ", ".join(quoted(crm_id) for crm_id in crm_ids[start : start + INPUTS])
                where = all_of([stream.where(), f"Id IN ({ids})"])
                rows = list(self._rows(stream, soql(selected(stream), stream.entity, where=where)))
                yield page_of(stream, rows, span, cursor=Cursor(), name="")

    def _rows(self, stream: Stream, text: str) -> Iterator[Row]:
        try:
            answer: Json = self.client.query(text, children=below(stream))
            yield from map(Row, answer["records"])
            while not answer["done"]:
                answer = self.client.more(str(answer["nextRecordsUrl"]), children=below(stream))
                yield from map(Row, answer["records"])
        except Refused as refused:
            raise self.reader.bad(stream, refused) from None
