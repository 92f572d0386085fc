"""Whose field is it: a person's value is never overwritten."""

import pytest

from crmsync.records import TRAVELLERS, Result
from crmsync.writeback.policy import EDITED, FILLED, PROPOSED, SAME, skip


@pytest.mark.parametrize(
    ("new", "shown", "ours", "why"),
    [
        ("50.0", None, True, ""),
        ("50.0", "40.0", True, ""),
        (None, "40.0", True, ""),
        ("50.0", "50.0", True, SAME),
        ("50.0", "50.0", False, SAME),
        (None, None, True, SAME),
        ("50.0", "40.0", False, EDITED),
        (None, "40.0", False, EDITED),
    ],
)
def test_skip_spares_what_a_person_put_there(new: str | None, shown: str | None, ours: bool, why: str) -> None:
    """A blank field, and one that shows what we wrote, takes another value; a person's value stays."""
    assert skip(Result.PROBABILITY, new=new, shown=shown, ours=ours) == why


@pytest.mark.parametrize("result", Result)
def test_skip_keeps_a_persons_hands_off_our_stamps_only(result: Result) -> None:
    """The run and the instant of scoring say where the other values come from: no person edits them for good."""
    assert skip(result, new="a", shown="b", ours=False) == ("" if result in TRAVELLERS else EDITED)


@pytest.mark.parametrize(
    ("rule", "shown", "ours", "age_days", "why"),
    [
        ("ours", "40.0", False, 0, ""),
        ("fill-empty", None, True, 0, ""),
        ("fill-empty", "40.0", True, 99, FILLED),
        ("propose", None, True, 99, PROPOSED),
        ("propose", "40.0", False, 99, PROPOSED),
        ("yield 14 days", "40.0", False, 13.9, EDITED),
        ("yield 14 days", "40.0", False, 14, ""),
        ("yield 14 days", "40.0", True, 0, ""),
        ("yield", "40.0", False, 9_999, EDITED),
    ],
)
def test_skip_follows_the_fields_rule(rule: str, shown: str | None, ours: bool, age_days: float, why: str) -> None:
    """Each rule says where a person's value gives way, and where nothing of ours is written at all."""
    found = skip(Result.PROBABILITY, new="50.0", shown=shown, ours=ours, rule=rule, age_days=age_days)
    assert found == why
