"""Facts as they are drawn: blocks of columns on the working clock, put in order at the end."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crmsync.sandbox.columns import HAPPENED, NOBODY, STAGE, UNKNOWN, Facts, Ints
from crmsync.sandbox.working_time import Floats, from_working

_TYPES: dict[str, type] = {
    "deal": np.int32,
    "at": np.int64,
    "kind": np.int8,
    "lifecycle": np.int8,
    "name": np.int32,
    "value": np.int64,
    "who": np.int32,
    "side": np.int8,
    "step": np.int32,
}


@dataclass(slots=True)
class FactRows:
    """Collects facts of deals that are closed at known instants; what would come after that is dropped."""

    closed_at: Ints
    blocks: list[dict[str, NDArray[Any]]] = field(default_factory=list)

    def add(
        self,
        deal: Ints,
        moment: Floats,
        *,
        kind: ArrayLike,
        lifecycle: ArrayLike = HAPPENED,
        name: ArrayLike = UNKNOWN,
        value: ArrayLike = UNKNOWN,
        who: ArrayLike = UNKNOWN,
        side: ArrayLike = NOBODY,
        step: ArrayLike = UNKNOWN,
    ) -> None:
        """Facts in the order in which those of one instant happened; a single value stands for all of them."""
        at = from_working(moment)
        kept = np.flatnonzero(at < self.closed_at[deal])
        self._append(kept, deal, at, (kind, lifecycle, name, value, who, side, step))

    def add_closings(self, *, names: Ints, who: Ints) -> None:
        """The stage change that closes each deal."""
        every = np.arange(len(self.closed_at))
        self._append(every, every, self.closed_at, (STAGE, HAPPENED, names, UNKNOWN, who, NOBODY, UNKNOWN))

    def _append(self, kept: Ints, deal: Ints, at: Ints, others: tuple[ArrayLike, ...]) -> None:
        block: dict[str, NDArray[Any]] = {}
        for (column, kind), values in zip(_TYPES.items(), (deal, at, *others), strict=True):
            block[column] = np.broadcast_to(np.asarray(values, dtype=kind), deal.shape)[kept]
        self.blocks.append(block)

    def finish(self, *, first_deal: int) -> Facts:
        """All facts by (deal, at), their deals counted from `first_deal`."""
        columns = {column: np.concatenate([block[column] for block in self.blocks]) for column in _TYPES}
        order = np.lexsort((columns["at"], columns["deal"]))
        ordered = {column: values[order] for column, values in columns.items()}
        ordered["deal"] += np.int32(first_deal)
        return Facts(**ordered)


def join_facts(parts: list[Facts]) -> Facts:
    """Facts of consecutive deals as one."""
    return Facts(**{column: np.concatenate([getattr(part, column) for part in parts]) for column in _TYPES})
