"""Facts that belong together as one record: a plan's step, a task, a meeting that is planned, begun and done."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import KIND_NAMES, NEVER, REMOVE, UNKNOWN, Ints, World


class Shown(Protocol):
    """The facts of a world that one CRM shows: their rows, their instants (never before their deal), their deals' rows there."""

    world: World
    facts: Ints
    fact_at: Ints
    fact_deal: Ints


@dataclass(frozen=True)
class Items:
    """Some facts of one CRM, in order, and the item that each belongs to. Items are numbered by their first facts."""

    fact: Ints  # row in the world's facts
    at: Ints
    item: Ints
    lifecycle: Ints
    value: Ints
    who: Ints  # index into people
    # by item
    head: Ints  # position, in the columns above, of its first fact
    created_at: Ints
    deal: Ints  # row of its deal in that CRM
    deleted_at: Ints

    def __len__(self) -> int:
        return len(self.head)

    def heads(self, column: NDArray[Any]) -> Ints:
        """A column of the world's facts at the first fact of each item."""
        return column[self.fact[self.head]].astype(np.int64)


def items(past: Shown, chosen: NDArray[np.bool_]) -> Items:
    """The items of the chosen ones of a CRM's facts. A fact without a step is an item by itself."""
    facts = past.world.facts
    source, at, deal = past.facts[chosen], past.fact_at[chosen], past.fact_deal[chosen]
    step = facts.step[source].astype(np.int64)
    widest = int(step.max(initial=0)) + 1
    shared = (deal * len(KIND_NAMES) + facts.kind[source]) * widest + step
    alone = -1 - np.arange(len(source))
    _, first, item = np.unique(np.where(step == UNKNOWN, alone, shared), return_index=True, return_inverse=True)
    order = np.argsort(first)  # by first appearance: deals in order, then time
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    item, head = rank[item], first[order]
    lifecycle = facts.lifecycle[source].astype(np.int64)
    deleted_at = np.full(len(head), NEVER, dtype=np.int64)
    removed = lifecycle == REMOVE
    deleted_at[item[removed]] = at[removed]
    who = facts.who[source].astype(np.int64)
    return Items(source, at, item, lifecycle, facts.value[source], who, head, at[head], deal[head], deleted_at)
