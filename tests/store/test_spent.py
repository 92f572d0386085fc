"""Which old scores, planned values and receipts stay."""

from typing import Any

import pytest

from crmsync.store.outbox import DONE, FAILED, UNCLEAR
from crmsync.store.spent import OldScore, Value, kept_values, spent_receipts, spent_scores

DAY = 86_400_000_000
MONDAY = 20_458 * DAY  # 2026-01-05
OLD, UNTIL, YOUNG = 10, 20, 30  # instants


def daily(days: int, *, deal_id: int = 1, model: str = "close") -> list[OldScore]:
    """A score for each day from a Monday on, numbered from 0."""
    return [OldScore(day, deal_id, model, MONDAY + day * DAY) for day in range(days)]


def value(number: int, old: str | None = None, new: str | None = "A", **different: Any) -> Value:
    """A value that arrived long ago, with the receipts of its sending and its arrival."""
    row: dict[str, Any] = {"outbox_id": number, "old": old, "new": new, "by_undo": False, "state": DONE, "at": OLD}
    return Value(**{**row, "receipts": (10 * number, 10 * number + 1), **different})


def kept(*line: Value) -> list[int]:
    """The numbers of what stays."""
    return [each.outbox_id for each in kept_values(line, until=UNTIL)]


def test_first_score_and_the_last_of_each_week_stay() -> None:
    """Of sixteen days from a Monday on: the first, both Sundays, and the last day of the week that isn't over."""
    assert spent_scores(daily(16), ()) == [day for day in range(16) if day not in (0, 6, 13, 15)]


def test_later_of_two_scores_of_one_instant_stays() -> None:
    """An instant that was scored again keeps what was said last."""
    first, *_ = daily(1)
    again = [OldScore(number, 1, "close", MONDAY + DAY) for number in (1, 2)]
    assert spent_scores([first, *again], ()) == [1]


def test_scores_that_plans_name_stay() -> None:
    """What was written to a CRM can be traced to its score."""
    assert spent_scores(daily(7), {3}) == [1, 2, 4, 5]


def test_each_deal_and_model_has_a_line_of_its_own() -> None:
    """Another deal's or another model's scores don't stand in for a deal's own."""
    lines = [*daily(2), *daily(2, deal_id=2), *daily(2, deal_id=2, model="expansion")]
    assert spent_scores(lines, ()) == []


def test_newest_value_and_the_newest_that_arrived_stay() -> None:
    """They say what we wrote last, and what became of what was planned last."""
    assert kept(value(1), value(2, new="B"), value(3, new="C", state=FAILED)) == [2, 3]


@pytest.mark.parametrize(
    "different", [{"at": YOUNG}, {"at": None, "state": UNCLEAR}, {"at": None, "state": "", "receipts": ()}]
)
def test_what_is_young_or_on_its_way_stays(different: dict[str, Any]) -> None:
    """What an undo may ask for, and what a push has still to send or to settle."""
    assert kept(value(1, **different), value(2, new="B")) == [1, 2]


def test_writer_of_what_an_undo_may_put_back_stays() -> None:
    """Otherwise our own value, put back, would pass for a person's for ever."""
    assert kept(value(1, new="A"), value(2, new="B"), value(3, old="A", new="C", at=YOUNG)) == [1, 3]


def test_writer_of_what_an_undo_has_put_back_stays() -> None:
    """The undo is the last that wrote, and doesn't say by itself whose value it put back."""
    assert kept(value(1, new="A"), value(2, old="A", new="B"), value(3, old="B", new="A", by_undo=True)) == [1, 3]


def test_an_undo_is_nobodys_writer() -> None:
    """A person's value that an undo put back doesn't become ours by it."""
    back = value(1, old="B", new="A", by_undo=True)
    assert kept(back, value(2, old="A", new="C", at=YOUNG)) == [2]


def test_old_value_keeps_its_last_receipt_only() -> None:
    """An undo of its run finds all that the run wrote, or nothing."""
    assert spent_receipts(value(1), until=UNTIL) == (10,)
    assert spent_receipts(value(1, at=YOUNG), until=UNTIL) == ()
