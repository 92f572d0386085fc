"""Merging: one record of two, under a new id that both old ids lead to."""

import numpy as np

from crmsync.sandbox.hubspot.errors import invalid
from crmsync.sandbox.hubspot.history import history
from crmsync.sandbox.hubspot.kind import MERGED, OWN_CREATED, Kind
from crmsync.sandbox.hubspot.portal import Portal
from crmsync.sandbox.records import Value


def merge(portal: Portal, kind: Kind, primary: int, other: int, *, who: str) -> int:
    """Merges two records and gives the new one's row.

    The primary's values and histories stay, the other's fill its blanks; the associations of both go along.
    """
    if primary == other:
        raise invalid("Cannot merge a record with itself")
    with portal.lock:
        now = portal.clock.now()
        merged = _merged(kind, primary, other, now)
        row = kind.records.make({}, at=now, who=who, logged=False)
        _carry_past(kind, row, primary, now)
        _carry_links(portal, kind, (primary, other), row, now)
        kind.merged.update({primary: row, other: row})
        kind.records.write(row, merged, at=now, who=who)
        return row


def _writable(kind: Kind) -> list[str]:
    return [name for name, prop in kind.schema.properties.items() if not prop.read_only and name not in kind.computed]


def _merged(kind: Kind, primary: int, other: int, now: int) -> dict[str, Value]:
    """What the merge itself writes: the primary's blanks, the ids that went, and the earlier creation."""
    names = _writable(kind)
    columns = kind.columns([*names, MERGED], np.array([primary, other]), now)
    values: dict[str, Value] = {name: columns[name][1] for name in names if not columns[name][0] and columns[name][1]}
    earlier = [str(ids) for ids in columns[MERGED] if ids]
    values[MERGED] = ";".join([*earlier, *(kind.records.make_id(row) for row in (primary, other))])
    if OWN_CREATED in columns:
        values[OWN_CREATED] = min(str(each) for each in columns[OWN_CREATED])
    return values


def _carry_past(kind: Kind, row: int, source: int, now: int) -> None:
    """Gives a record the past of another one."""
    past = [change for name in _writable(kind) for change in history(kind, name, source, now)]
    for change in sorted(past, key=lambda each: each.at):
        kind.records.write(row, {change.field: change.value}, at=change.at, who=change.who, logged=False)


def _carry_links(portal: Portal, kind: Kind, sources: tuple[int, int], row: int, now: int) -> None:
    """Gives a record the associations of others; the first one's labels win."""
    for links in portal.links:
        ends = (links.kind.first, links.kind.second)
        if kind.name not in ends:
            continue
        end = ends.index(kind.name)
        found = [link for source in reversed(sources) for link in links.of(source, now, end=end)]
        for link in found:
            pair = (link.row, row) if end else (row, link.row)
            links.make(*pair, at=now, label=link.label)
