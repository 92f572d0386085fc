"""Each guard stops a plan by itself, and a plan within its limits goes out."""

import pytest

from crmsync.config import GuardConfig
from crmsync.records import Result
from crmsync.store.outbox import Planned
from crmsync.writeback.guard import trips

OPEN = 100


def row(deal: int, old: str | None, new: str | None, result: Result = Result.PROBABILITY) -> Planned:
    """A planned value of a deal."""
    return Planned(deal, "d", 1, 1, deal, "main", f"D{deal}", result, "F", old, new, "new score")


def tripped(plan: list[Planned], **limits: float) -> list[str]:
    """What a plan for 100 open deals does beyond its limits."""
    return trips(plan, GuardConfig(**limits), open_deals=OPEN)


def test_trips_let_a_quiet_plan_out() -> None:
    """Small moves up and down are what every night brings."""
    assert tripped([row(deal, "50.0", "54.0" if deal % 2 else "46.0") for deal in range(OPEN)]) == []


def test_trips_let_blank_fields_be_filled() -> None:
    """First values overwrite nobody, however many."""
    assert tripped([row(deal, None, "90.0") for deal in range(OPEN)]) == []


def test_trips_stop_a_shifted_model() -> None:
    """Every deal a little higher: the mean tells."""
    assert tripped([row(deal, "50.0", "62.0") for deal in range(40)]) == [
        "would shift the mean probability by 12.0 points (limit 10.0)"
    ]


def test_trips_stop_a_mass_move() -> None:
    """Up and down by much, so that the mean stays: the share tells."""
    plan = [row(deal, "50.0", "90.0" if deal % 2 else "10.0") for deal in range(82)]
    assert tripped(plan) == ["would move 82 of 100 deals by 10 points or more (82%; limit 50%)"]


def test_trips_stop_a_single_jump() -> None:
    """One deal is enough, whatever the size of the plan."""
    assert tripped([row(1, "5.0", "95.0")]) == ["would move a probability by 90.0 points (limit 80.0)"]


def test_trips_stop_a_plan_that_empties_fields() -> None:
    """Missing results clear fields: that is stopped as well."""
    plan = [row(deal, "1.00", None if deal < 15 else "2.00", Result.EXPECTED_AMOUNT) for deal in range(50)]
    assert tripped(plan) == ["would empty 30% of the planned values (limit 20%)"]


def test_trips_stop_a_plan_that_is_too_large() -> None:
    """An absolute count holds for first values too."""
    assert tripped([row(deal, None, "1.0") for deal in range(6)], deals=5) == ["would change 6 deals (limit 5)"]


@pytest.mark.parametrize("result", [Result.SCORED_AT, Result.RUN_ID])
def test_trips_look_past_stamps(result: Result) -> None:
    """What travels along with every write says nothing about the plan."""
    assert tripped([row(deal, "a", None, result) for deal in range(50)]) == []
