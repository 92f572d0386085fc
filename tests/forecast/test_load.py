"""Open deals by owner."""

from collections.abc import Callable
from typing import Any

import numpy as np

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.history import History
from crmsync.records import Kind, Phase
from tests.forecast.conftest import START

Make = Callable[..., History]


def owned(deal: int, day: float, person: int) -> dict[str, Any]:
    """A deal given to somebody."""
    return {"deal": deal, "day": day, "kind": Kind.OWNER, "person": person}


def test_load_counts_open_deals_of_the_owner(past: Make) -> None:
    """Deals count from their owner's day until they close."""
    history = past(owned(1, 0, 5), owned(2, 2, 5), {"deal": 2, "day": 4, "kind": Kind.OUTCOME, "phase": Phase.DONE})
    asof = history.as_of([1, 1, 1], (START + np.array([1, 3, 5])) * DAY)
    assert asof.owner_load.tolist() == [1, 2, 1]


def test_load_moves_with_the_deal(past: Make) -> None:
    """A deal that changes hands leaves the one load and joins the other."""
    history = past(owned(1, 0, 5), owned(1, 2, 6), owned(2, 0, 5))
    assert history.load.at(np.array([5, 6]), np.array([START + 3] * 2) * DAY).tolist() == [1, 1]


def test_load_counts_a_reopened_deal_again(past: Make) -> None:
    """Closed, reopened, deleted: on, off, on, off."""
    ends = ((1, Kind.OUTCOME, Phase.DONE), (2, Kind.OUTCOME, Phase.REOPENED), (3, Kind.DELETED, Phase.HAPPENED))
    history = past(owned(1, 0, 5), *({"day": day, "kind": kind, "phase": phase} for day, kind, phase in ends))
    instants = (START + np.array([0.5, 1.5, 2.5, 3.5])) * DAY
    assert history.load.at(np.full(4, 5), instants.astype(np.int64)).tolist() == [1, 0, 1, 0]


def test_load_of_a_stranger_is_nothing(past: Make) -> None:
    """Somebody who owns no deal has none open."""
    assert past(owned(1, 0, 5)).load.at(np.array([4, 9]), np.array([START, START]) * DAY).tolist() == [0, 0]
