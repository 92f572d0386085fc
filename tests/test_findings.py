"""Findings that are made alike for every CRM."""

import pytest

from crmsync.clock import MICROS_PER_SECOND
from crmsync.findings import named, skew, targets
from crmsync.records import FieldState, Result

NOON = 1_790_000_000 * MICROS_PER_SECOND


@pytest.mark.parametrize(
    ("apart_s", "level", "words"),
    [
        (0, "ok", "0 s behind"),
        (60, "ok", "60 s ahead of"),
        (-60, "ok", "60 s behind"),
        (61, "warn", "61 s ahead of"),
        (3_600, "warn", "3600 s ahead of"),
        (-3_600, "warn", "3600 s behind"),
    ],
)
def test_skew_tells_seconds_and_direction(apart_s: int, level: str, words: str) -> None:
    """An hour to either side is worth a warning with its seconds."""
    found = skew("main", theirs=NOON + apart_s * MICROS_PER_SECOND, ours=NOON, local=False)
    assert (found.code, found.level, found.what) == ("C206", level, f"main: the CRM's clock is {words} this machine's")


def test_skew_leaves_a_local_crm_its_own_time() -> None:
    """A stopped clock is what local CRMs are for; the seconds are told all the same."""
    found = skew("main", theirs=NOON - 10**12, ours=NOON, local=True)
    assert (found.level, "1000000 s behind" in found.what) == ("ok", True)


def test_named_says_where_an_account_is() -> None:
    """A person compares it with the one that is meant."""
    assert [named(place) for place in ("sandbox", "production", "")] == [" (sandbox)", " (production)", ""]


def state(result: Result, problem: str = "") -> FieldState:
    """A target field, with what is wrong with it."""
    return FieldState(result, f"crmsync_{result}", "", exists=not problem, writable=not problem, problem=problem)


def test_targets_with_one_fault_are_one_finding() -> None:
    """A new account lacks all of them: that is one line, with how many, the first by name, and one remedy."""
    (found,) = targets("hub", [state(result, "it isn't there") for result in Result], remedy=lambda _: "make them")
    named_first = "probability in crmsync_probability, expected_amount in crmsync_expected_amount"
    assert (found.code, found.level, found.remedy) == ("C204", "fail", "make them")
    assert found.what.startswith(f"hub: {len(Result)} target fields ({named_first}, ")
    assert found.what.endswith(f" and {len(Result) - 3} more), each: it isn't there")


def test_targets_that_differ_are_told_apart() -> None:
    """Those that are fit together, each other fault by itself."""
    states = [
        state(Result.RISK),
        state(Result.KIND),
        state(Result.REASONS, "too short"),
        state(Result.CATEGORY, "a list"),
    ]
    found = [(each.level, each.what) for each in targets("hub", states, remedy=lambda it: it.target)]
    assert found == [
        ("ok", "hub: 2 target fields (risk in crmsync_risk, kind in crmsync_kind) can be read and written"),
        ("fail", "hub: 1 target field (reasons in crmsync_reasons): too short"),
        ("fail", "hub: 1 target field (category in crmsync_category): a list"),
    ]
