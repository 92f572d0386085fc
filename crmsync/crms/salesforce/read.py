"""Pulling: all records by id, then what changed by (SystemModstamp, Id), a page of the CRM's own size at a time.

A full read goes by growing id, so one that broke off goes on after the last id. Later reads begin a look-back before the start of
the last complete one, because a long transaction shows its records late, with the stamp of its beginning. Deleted records and
archived activities come along (`queryAll`), each deal and step with its whole history.
"""

from collections.abc import Iterator, Sequence

from crmsync import strict
from crmsync.clock import MICROS_PER_SECOND
from crmsync.config import CrmConfig
from crmsync.crm import digest
from crmsync.crms.salesforce import large
from crmsync.crms.salesforce.jobs import Jobs, NoJob
from crmsync.crms.salesforce.org import DEAL, STAGE, Org
from crmsync.crms.salesforce.pages import CHANGED, FULL, Pages, Place
from crmsync.crms.salesforce.refusals import NO_OBJECT, Refused
from crmsync.crms.salesforce.settings import Settings
from crmsync.crms.salesforce.streams import Span, Stream, all_streams, bad, selected
from crmsync.crms.salesforce.values import Row, soql
from crmsync.errors import BadConfig, SkipRecord
from crmsync.records import Cursor, GoneRecord, Page

LINKED_FROM = 58.0  # the API version from which on a query job links its pages


class Reader:
    """Reads one org."""

    def __init__(self, org: Org, config: CrmConfig, settings: Settings) -> None:
        self.org, self.client, self.config = org, org.client, config
        self.jobs = Jobs(self.client, threads=config.parallel)
        look_back = settings.look_back_s * MICROS_PER_SECOND
        self.pages = Pages(self.client, look_back=look_back, threads=config.parallel)
        self.bulk_from = settings.bulk_from if float(settings.api_version) >= LINKED_FROM else 0
        self._streams: dict[str, Stream] = {}
        for stream in all_streams(org, config, settings):
            if stream.name in self._streams:
                what = f"{stream.name} is read twice: by {stream.key} too"
                raise BadConfig("E103", what, where=config.where(stream.key), remedy="give it a `where` of its own")
            self._streams[stream.name] = stream

    def names(self) -> Sequence[str]:
        """The streams, in the order to store them."""
        return [STAGE, *self._streams]

    def rounds(self) -> Sequence[Sequence[str]]:
        """The streams, before, with and after the deals, which need all of the former and are needed by all of the latter."""
        names = list(self.names())
        deals = names.index(DEAL)
        return [names[:deals], [DEAL], names[deals + 1 :]]

    def asked(self, name: str) -> str:
        """A digest of what is read of a stream's records, and of which of them."""
        stream = self._streams.get(name)
        if stream is None or not stream.listed:
            return ""
        try:
            return digest(self.config, stream.entity, [*selected(stream, held=False), stream.where()])
        except Refused as refused:
            raise self.bad(stream, refused) from None

    def pull(self, name: str, since: Cursor | None, began: int) -> Iterator[Page]:
        """The pages of a stream; `began`: the CRM's clock when the whole pull did, 0: now."""
        place = Place.of(since, began or self.client.door.present())
        done = Cursor(stamp=place.began)
        if name == STAGE:
            stages = self.org.reread_stages()
            yield Page(name, done, read=len(stages), stages=stages)
            return
        stream = self._streams[name]
        if place.way == FULL and not stream.listed:
            yield Page(name, done)
            return
        window = Cursor() if since is None or place.way == FULL else since
        try:
            yield from self._pages(stream, place, window.stamp)
        except Refused as refused:
            if not (stream.optional and refused.code == NO_OBJECT):
                raise self.bad(stream, refused) from None

    def streams(self) -> Sequence[Stream]:
        """The objects, in the order to store them."""
        return list(self._streams.values())

    def bad(self, stream: Stream, refused: Refused) -> BadConfig:
        """A refusal that somebody has to look at, with its place in the config."""
        where = self.config.where(stream.key) if stream.key else f"{self.config.name} {stream.name}"
        return self.client.bad(refused, where=where)

    def _pages(self, stream: Stream, place: Place, since: int) -> Iterator[Page]:
        """From a place on, by jobs where much is left to read, else page by page."""
        answer = self.pages.ask(stream, place, since)
        if read := self._by_jobs(stream, place, int(answer.get("totalSize") or 0)):
            yield from self._large(stream, place, read)
            return
        for here, rows, more in self.pages.onward(stream, place, since, answer):
            cursor = Cursor(since, here.last, resume=str(here)) if more else Cursor(stamp=here.began)
            yield page_of(stream, rows, Span(here.began, since), cursor=cursor, name=stream.name)

    def _by_jobs(self, stream: Stream, place: Place, total: int) -> large.Read | None:
        """The jobs of a full read, done; None where they aren't worth it, or where Salesforce makes none."""
        if place.way != FULL or place.last or not 0 < self.bulk_from <= total:
            return None
        try:
            return large.begun(self.jobs, stream)
        except NoJob:
            return None

    def _large(self, stream: Stream, place: Place, read: large.Read) -> Iterator[Page]:
        """What jobs bring. One that breaks off begins anew.

        Records and children are read at different instants, so a record that changes meanwhile is left to a query at the end.
        """
        span = Span(place.began, 0)
        for rows in large.rows(self.jobs, read):
            mine = [row for row in rows if row.modified_at < place.began] if read.children else rows
            yield page_of(stream, mine, span, cursor=_anew(place, rows[-1].id), name=stream.name)
        if read.children:
            late = Place(CHANGED, place.began)
            changed = self.pages.ask(stream, late, place.began)
            for here, rows, _ in self.pages.onward(stream, late, place.began, changed):
                yield page_of(stream, rows, span, cursor=_anew(place, here.last), name=stream.name)
        yield Page(stream.name, Cursor(stamp=place.began))

    def probe(self, name: str) -> str:
        """Reads one record of a stream; gives a warning, "" if there is none. Raises BadConfig when something is missing."""
        if name == STAGE:
            self.org.reread_stages()
            return ""
        stream = self._streams[name]
        try:
            self.client.query(soql(selected(stream, held=False), stream.entity, where=stream.where(), tail="LIMIT 1"))
        except Refused as refused:
            if stream.optional and refused.code == NO_OBJECT:
                return refused.what
            raise self.bad(stream, refused) from None
        return ""


def _anew(place: Place, last: str) -> Cursor:
    """Behind a record, for a read that begins anew all the same. That pages differ by it shows that a read goes on."""
    return Cursor(crm_id=last, resume=str(place))


def page_of(stream: Stream, rows: list[Row], span: Span, *, cursor: Cursor, name: str) -> Page:
    """What rows say, deleted ones included, as a page of that name; those that can't be used are set aside."""
    page = Page(name, cursor, read=len(rows))
    for row in rows:
        try:
            strict.refuse_doubt(row.raw)
            if not row.deleted:
                stream.add(row, page, span)
            elif stream.gone:
                page.gone.append(GoneRecord(source=stream.gone, crm_id=row.id, gone_at=row.modified_at, survivor=""))
        except (SkipRecord, ValueError, KeyError) as error:
            page.bad.append(bad(stream.gone or stream.entity, row, error))
    return page
