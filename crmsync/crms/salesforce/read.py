"""Pulling: all records by id, then what changed by (SystemModstamp, Id), a page of the CRM's own size at a time.

A full read goes by growing id, so one that broke off goes on after the last id. Later reads begin a look-back before the start of
the last complete one, because a long transaction shows its records late, with the stamp of its beginning. Deleted records and
archived activities come along (`queryAll`), each deal and step with its whole history.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crmsync import strict
from crmsync.clock import MICROS_PER_SECOND, iso
from crmsync.config import CrmConfig
from crmsync.crms.salesforce.org import DEAL, STAGE, Org
from crmsync.crms.salesforce.refusals import NO_LOCATOR, NO_OBJECT, Refused
from crmsync.crms.salesforce.settings import Settings
from crmsync.crms.salesforce.streams import Span, Stream, all_streams, bad
from crmsync.crms.salesforce.values import Row, all_of, quoted, soql
from crmsync.errors import BadConfig, SkipRecord
from crmsync.records import Cursor, GoneRecord, Page

FULL, CHANGED = "full", "changed"
SYSTEM = ("Id", "CreatedDate", "SystemModstamp")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a read stands: `began`, the CRM's clock at its start; `stamp` and `last`, those of the last record that it brought."""

    way: str
    began: int
    stamp: int = 0
    last: str = ""

    @classmethod
    def of(cls, since: Cursor | None, now: int) -> "Place":
        """Where to begin: anew, or where a read broke off."""
        if since is None:
            return cls(FULL, now)
        if not since.resume:
            return cls(CHANGED, now)
        way, began, stamp, last = since.resume.split(":")
        return cls(way, int(began), int(stamp), last)

    def after(self, row: Row) -> "Place":
        """Behind a record."""
        return Place(self.way, self.began, row.modified_at, row.id)

    def __str__(self) -> str:
        return f"{self.way}:{self.began}:{self.stamp}:{self.last}"


class Reader:
    """Reads one org."""

    def __init__(self, org: Org, config: CrmConfig, settings: Settings) -> None:
        self.org, self.client, self.config = org, org.client, config
        self.look_back = settings.look_back_s * MICROS_PER_SECOND
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

    def pull(self, name: str, since: Cursor | None) -> Iterator[Page]:
        """The pages of a stream."""
        place = Place.of(since, self.client.door.present())
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
        """Page by page from a place on. A locator lives for hours, not for ever: when it is dead a new query goes on there."""
        fields, more = stream.select(), ""
        while True:
            try:
                answer = self.client.more(more) if more else self.client.query(self._soql(stream, fields, place, since))
            except Refused as refused:
                if refused.code != NO_LOCATOR or not more:
                    raise
                more = ""
                continue
            rows = [Row(record) for record in answer["records"]]
            place = place.after(rows[-1]) if rows else place
            more = "" if answer["done"] else str(answer["nextRecordsUrl"])
            here = Cursor(since, place.last, resume=str(place)) if more else Cursor(stamp=place.began)
            yield page_of(stream, rows, Span(place.began, since), cursor=here, name=stream.name)
            if not more:
                return

    def _soql(self, stream: Stream, fields: Sequence[str], place: Place, since: int) -> str:
        deleted = ["IsDeleted"] if stream.bin else []
        conditions = [stream.where()]
        if place.way == FULL:
            conditions += [f"Id > {quoted(place.last)}"] if place.last else []
            order = "Id"
        else:
            conditions.append(self._changed(stream, place, since))
            order = "SystemModstamp, Id"
        if place.way == CHANGED and place.last:
            stamp = iso(place.stamp)
            conditions.append(f"SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > {quoted(place.last)})")
        selected = [*SYSTEM, *deleted, *fields]
        return soql(selected, stream.entity, where=all_of(conditions), tail=f"ORDER BY {order}")

    def _changed(self, stream: Stream, place: Place, since: int) -> str:
        """Changed since the last read, or with an instant that has passed since."""
        start = iso(max(0, since - self.look_back) // MICROS_PER_SECOND * MICROS_PER_SECOND)
        changed = f"SystemModstamp >= {start}"
        if not stream.due:
            return changed
        return f"{changed} OR ({stream.due} >= {start} AND {stream.due} <= {iso(place.began)})"

    def probe(self, name: str) -> str:
        """Reads one record of a stream; gives a warning, "" if there is none. Raises BadConfig when something is missing."""
        if name == STAGE:
            self.org.reread_stages()
            return ""
        stream = self._streams[name]
        selected = [*SYSTEM, *stream.select(held=False)]
        try:
            self.client.query(soql(selected, stream.entity, where=stream.where(), tail="LIMIT 1"))
        except Refused as refused:
            if stream.optional and refused.code == NO_OBJECT:
                return refused.what
            raise self.bad(stream, refused) from None
        return ""


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
