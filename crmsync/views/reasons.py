"""The reasons of stored scores as JSON, whichever way they are kept."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import numpy as np

from crmsync.forecast.parts import as_json, from_bytes
from crmsync.store import parts
from crmsync.store.engine import Store
from crmsync.store.parts import Parts

KEPT = ("parts_id", "added")  # columns of a score that are told as `reasons`
AT_ONCE = 5_000

Row = Mapping[Any, Any]  # a score by the names of its columns


def told(store: Store, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Scores with all of their columns but KEPT."""
    coming = iter(rows)
    while some := list(islice(coming, AT_ONCE)):
        for row, why in zip(some, texts(store, some), strict=True):
            yield {**{name: value for name, value in row.items() if name not in KEPT}, "reasons": why}


def texts(store: Store, rows: Iterable[Row]) -> Iterator[str]:
    """The reasons of scores, of which KEPT and `reasons` are wanted."""
    known = parts.known(store)
    for parts_id, alike in groupby(rows, key=itemgetter("parts_id")):
        yield from _texts(list(alike), known.get(parts_id))


def _texts(rows: Sequence[Row], made_of: Parts | None) -> list[str]:
    """Of scores that are sums of the same parts; None: by rules, or of an older version, whose reasons are JSON already."""
    if made_of is None:
        return [_with_tenths(row["reasons"]) for row in rows]
    added = from_bytes([row["added"] for row in rows], len(made_of.names))
    return as_json(made_of.base, made_of.names, added)


def _with_tenths(text: str) -> str:
    """The same, where a version before points had left them out."""
    if '"parts":' not in text or '"tenths":' in text:
        return text
    told = json.loads(text)
    return as_json(told["base"], list(told["parts"]), np.array([list(told["parts"].values())]))[0]
