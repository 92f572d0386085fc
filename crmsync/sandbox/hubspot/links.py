"""Associations between the records of two object types, readable from both ends. They move no record's stamp."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crmsync.sandbox.columns import NEVER, UNKNOWN, Ints

FIRST_LABEL = 101  # type id of the first label that people made


@dataclass(frozen=True, slots=True)
class LinkType:
    """How two types hang together. `ids` and `primary` are type ids from the first end and from the second."""

    first: str
    second: str
    ids: tuple[int, int]
    primary: tuple[int, int] | None = None
    category: str = "HUBSPOT_DEFINED"


@dataclass(frozen=True, slots=True)
class Link:
    """One association as seen from one end: the other record's row, and the label that people gave."""

    row: int
    label: str


class Links:
    """The associations of one pair of types. `labels` are texts, `label` by association an index into them."""

    def __init__(
        self,
        kind: LinkType,
        ends: tuple[Ints, Ints],
        *,
        since: Ints,
        until: Ints | None = None,
        label: Ints | None = None,
        labels: Sequence[str] = (),
    ) -> None:
        self.kind, self.labels = kind, list(labels)
        self._ends, self._since = ends, since
        self._until = np.full(len(since), NEVER) if until is None else until
        self._label = np.full(len(since), UNKNOWN, dtype=np.int64) if label is None else label
        self._order = tuple(np.lexsort((ends[1 - end], ends[end])) for end in (0, 1))
        self._sorted = tuple(ends[end][self._order[end]] for end in (0, 1))
        self._lock = threading.Lock()
        self._made: dict[tuple[int, int], tuple[int, str]] = {}
        self._cut: dict[tuple[int, int], int] = {}
        self._made_of: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})

    def of(self, row: int, now: int, *, end: int) -> list[Link]:
        """The associations of a record of one end (0 or 1), by the other record's row."""
        with self._lock:
            found = {link.row: link for link in (*self._past(row, now, end), *self._written(row, now, end))}
        return [found[other] for other in sorted(found)]

    def _past(self, row: int, now: int, end: int) -> Iterator[Link]:
        start, stop = np.searchsorted(self._sorted[end], [row, row + 1])
        for i in self._order[end][start:stop].tolist():
            other = int(self._ends[1 - end][i])
            if self._since[i] <= now < self._until[i] and self._cut.get(_pair(row, other, end), NEVER) > now:
                yield Link(other, "" if self._label[i] == UNKNOWN else self.labels[self._label[i]])

    def _written(self, row: int, now: int, end: int) -> Iterator[Link]:
        for other in self._made_of[end].get(row, ()):
            at, label = self._made.get(_pair(row, other, end), (NEVER, ""))
            if at <= now:
                yield Link(other, label)

    def make(self, first: int, second: int, *, at: int, label: str = "") -> None:
        """Associates two records."""
        with self._lock:
            if label and label not in self.labels:
                self.labels.append(label)
            pair = (first, second)
            if pair not in self._made:
                for end in (0, 1):
                    self._made_of[end].setdefault(pair[end], []).append(pair[1 - end])
            self._made[pair] = (at, label)

    def cut(self, first: int, second: int, *, at: int) -> None:
        """Takes an association away, labels and all."""
        with self._lock:
            pair = (first, second)
            if self._made.pop(pair, None) is not None:
                for end in (0, 1):
                    self._made_of[end][pair[end]].remove(pair[1 - end])
            self._cut[pair] = at

    def types(self, link: Link, *, end: int, primary: bool) -> list[dict[str, Any]]:
        """What an association is called, seen from one end."""
        kind = self.kind
        shown = [{"category": kind.category, "typeId": kind.ids[end], "label": None}]
        if kind.primary and primary:
            shown.append({"category": kind.category, "typeId": kind.primary[end], "label": "Primary"})
        if link.label:
            shown.append(self.label_type(link.label, end=end))
        return shown

    def label_type(self, label: str, *, end: int) -> dict[str, Any]:
        """A label that people made, with its type id."""
        number = FIRST_LABEL + 2 * self.labels.index(label) + end
        return {"category": "USER_DEFINED", "typeId": number, "label": label}

    def all_types(self, *, end: int) -> list[dict[str, Any]]:
        """Every way in which the two types may be associated, seen from one end."""
        shown = self.types(Link(0, ""), end=end, primary=True)
        return [*shown, *(self.label_type(label, end=end) for label in self.labels if label)]


def _pair(row: int, other: int, end: int) -> tuple[int, int]:
    return (other, row) if end else (row, other)
