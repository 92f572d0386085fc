"""The shape in which dated facts reach the forecast, and how to say which of them are meant."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crmsync.records import Kind, Phase, Side

Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Facts:
    """Dated facts as columns of equal length, as the store delivers them. Meanings: `records.Kind`, `records.Phase`."""

    deal: NDArray[np.int64]  # the store's deal_id
    at: NDArray[np.int64]  # micros: true since
    known_at: NDArray[np.int64]  # micros: when the CRM learnt it
    kind: NDArray[np.int8]
    phase: NDArray[np.int8]
    side: NDArray[np.int8]
    name: NDArray[np.int32]  # index into the labels that stand beside
    value: NDArray[np.int64]
    person: NDArray[np.int64]  # 0: unknown
    step: NDArray[np.int64]  # milestone or task that the fact belongs to, 0: none

    def __len__(self) -> int:
        return len(self.deal)

    def take(self, rows: ArrayLike) -> Self:
        """The facts at these rows (indices or a mask)."""
        return type(self)(*(getattr(self, column.name)[rows] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class Which:
    """Which facts a primitive looks at. An empty tuple means any."""

    kinds: tuple[Kind, ...] = ()
    phases: tuple[Phase, ...] = ()
    sides: tuple[Side, ...] = ()

    def mask(self, facts: Facts) -> NDArray[np.bool_]:
        """True for the facts meant, shape (n,)."""
        chosen = np.ones(len(facts), dtype=np.bool_)
        for column, values in ((facts.kind, self.kinds), (facts.phase, self.phases), (facts.side, self.sides)):
            if values:
                table = np.zeros(256, dtype=np.bool_)
                table[list(values)] = True
                chosen &= table[column]
        return chosen


ANY = Which()


def canonical_order(facts: Facts, labels: Sequence[str]) -> Ints:
    """The rows by deal and instant seen, ties by content, so that equal facts in any order give one history.

    Within one instant a step is planned before it is done; stages of one second rank by `value`, then by their text. Few facts
    share one, so all that content is looked at of those alone.
    """
    seen_at = np.maximum(facts.at, facts.known_at)
    order = np.lexsort((seen_at, facts.deal)).astype(np.int64)
    again = (np.diff(facts.deal[order]) == 0) & (np.diff(seen_at[order]) == 0)
    tied = np.append(False, again) | np.append(again, False)[: len(order)]
    instant = np.append(0, np.cumsum(~again))[: len(order)][tied]
    order[tied] = order[tied][np.lexsort((*_content(facts.take(order[tied]), labels), instant))]
    return order


def _content(facts: Facts, labels: Sequence[str]) -> tuple[NDArray[np.signedinteger], ...]:
    """What ties are broken by, the last one first."""
    used, place = np.unique(facts.name, return_inverse=True)
    texts = sorted(range(len(used)), key=lambda number: labels[int(used[number])])
    text = np.argsort(np.array(texts, dtype=np.int64))[place]
    return (
        facts.known_at,
        facts.person,
        facts.step,
        text,
        facts.value,
        facts.side,
        facts.phase,
        facts.kind,
        facts.at,
    )
