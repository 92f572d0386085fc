"""Which records changed, by search.

Mostly few did. Then one question tells them and counts the live records besides (`archive` says what for): it asks for all that
there are, those that changed last first. Where more changed than one answer holds, they are asked for by growing id, because a
search ends at 10,000 rows and many may share a stamp.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crmsync.crms.hubspot.archive import MADE, made_within
from crmsync.crms.hubspot.client import Client
from crmsync.crms.hubspot.refusals import Json
from crmsync.crms.hubspot.stream import Stream
from crmsync.crms.hubspot.values import MICROS_PER_MILLI, Row, instant

SEARCH_PAGE = 200
ID = "hs_object_id"


@dataclass(frozen=True, slots=True)
class Window:
    """Changed since `start`; `since` is the last complete read's start, `began` that of this one. The CRM's clock, in micros."""

    start: int
    since: int
    began: int


@dataclass(frozen=True, slots=True)
class News:
    """All that changed, by growing id; how many records are live, and how many of these were made since the last read."""

    ids: Sequence[str]
    live: int
    fresh: int


def newest(client: Client, kind: str, stream: Stream, window: Window) -> News | None:
    """What changed, where it fits into one answer; else None."""
    answer = _searched(
        client,
        kind,
        [[_at_most(MADE, window.began)]],
        sort=(stream.modified, "DESCENDING"),
        names=(stream.modified, MADE),
    )
    rows = [Row(raw) for raw in answer.get("results") or ()]
    changed = [row for row in rows if not row.get(stream.modified) or instant(row.get(stream.modified)) >= window.start]
    if len(changed) == SEARCH_PAGE:
        return None
    ids = sorted((row.id for row in changed), key=int)
    return News(ids, int(answer.get("total") or 0), made_within(changed, after=window.since, until=window.began))


def by_id(client: Client, kind: str, stream: Stream, window: Window, *, last: str) -> Iterator[Sequence[str]]:
    """What changed, or has an instant that has passed since, by id from `last` on, an answer at a time."""
    while True:
        groups = [[_at_least(stream.modified, window.start)]]
        if stream.due:
            groups.append([_within(stream.due, window.start, window.began)])
        onward = [{"propertyName": ID, "operator": "GT", "value": last}] if last else []
        answer = _searched(client, kind, [[*group, *onward] for group in groups], sort=(ID, "ASCENDING"), names=(ID,))
        ids = [str(row["id"]) for row in answer.get("results") or ()]
        if ids:
            last = ids[-1]
            yield ids
        if len(ids) < SEARCH_PAGE:
            return


def _searched(
    client: Client, kind: str, groups: Sequence[Sequence[Json]], *, sort: tuple[str, str], names: Sequence[str]
) -> Json:
    body = {
        "filterGroups": [{"filters": list(filters)} for filters in groups],
        "sorts": [{"propertyName": sort[0], "direction": sort[1]}],
        "properties": list(names),
        "limit": SEARCH_PAGE,
    }
    return client.post(client.paths.objects(kind, "search"), body)


def _at_least(name: str, at: int) -> Json:
    return {"propertyName": name, "operator": "GTE", "value": _millis(at)}


def _at_most(name: str, at: int) -> Json:
    return {"propertyName": name, "operator": "LTE", "value": _millis(at)}


def _within(name: str, first: int, last: int) -> Json:
    return {"propertyName": name, "operator": "BETWEEN", "value": _millis(first), "highValue": _millis(last)}


def _millis(at: int) -> str:
    """An instant as a search takes it; 0 it answers with a server error."""
    return str(max(1, at // MICROS_PER_MILLI))
