"""Keeping promises, by side."""

from collections.abc import Callable
from typing import Any

import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.history import History
from crmsync.forecast.keeping import Keeping, keeping, mutuality
from crmsync.forecast.spells import spells
from crmsync.records import Kind, Side
from tests.forecast.conftest import START
from tests.forecast.test_ledger import done, promised

Make = Callable[..., History]
OURS = {"step": 8, "side": Side.SELLER, "name": 2}


def told(history: History, day: float) -> list[Keeping]:
    """As known on a day."""
    return keeping(spells(history, by=round((START + day) * DAY)))


@pytest.mark.parametrize(
    ("facts", "counted"),
    [
        ([promised(0, 5), done(5.9)], {"kept": 1}),
        ([promised(0, 5), done(9)], {"late": 1}),
        ([promised(0, 5), promised(5, 15)], {"moved_in_time": 1, "days_moved": 10}),
        ([promised(0, 5), promised(6, 19)], {"moved_late": 1, "days_moved": 14}),
        ([promised(0, 5), promised(2, 5)], {"overdue": 1}),
        ([promised(0, 1)], {"overdue": 1, "silent": 1}),
        ([promised(0, 1), promised(9, 20)], {"moved_late": 1, "days_moved": 19, "silent": 1}),
    ],
)
def test_keeping_counts_what_became_of_promises(past: Make, facts: list[Any], counted: dict[str, int]) -> None:
    """Kept, late, moved before or after the day, overdue, and missed without a word for a week."""
    (found,) = told(past(*facts), 10)
    counts = ("kept", "late", "moved_in_time", "moved_late", "overdue", "silent", "days_moved")
    assert {name: getattr(found, name) for name in counts if getattr(found, name)} == counted


def test_rate_is_of_what_was_due(past: Make) -> None:
    """A promise that is still ahead is neither kept nor missed, and sides are told apart."""
    history = past(promised(0, 5), done(4), promised(0, 2, **OURS), promised(0, 90, step=9))
    assert [(side.side, side.rate) for side in told(history, 10)] == [("buyer", 1.0), ("seller", 0.0)]


def test_facts_known_later_change_no_reading(past: Make) -> None:
    """What happened after a day leaves that day's ledger as it was."""
    facts = [promised(0, 5), promised(3, 8), promised(0, 4, **OURS)]
    later = [done(9), promised(9.5, 12, **OURS), done(7, known=11, step=5)]
    assert told(past(*facts, *later), 8.5) == told(past(*facts), 8.5)


def test_mutuality_tells_whose_doing_the_plan_is(past: Make) -> None:
    """Of three steps the buyer owns two, made one of the two whose maker is known, and closed the one that was."""
    people = [{"day": 0, "kind": Kind.OWNER, "person": 1}, {"day": 0, "kind": Kind.CONTACT, "person": 2}]
    plan = [promised(1, 5, person=2), promised(1, 9, step=9), promised(1, 4, person=1, **OURS), done(5, person=2)]
    history, by = past(*people, *plan), (START + 10) * DAY
    found = mutuality(spells(history, by=by), history, by=by)
    assert (found.owned, found.made, found.closed) == (pytest.approx(2 / 3), 0.5, 1.0)
