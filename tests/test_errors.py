"""Faults that a person can mend, in one line."""

import pytest

from crmsync.errors import BadConfig, CrmsyncError, LeaseHeld, RetryLater, SkipRecord, Stopped


def test_fault_is_one_line_with_code_place_and_remedy() -> None:
    """Whoever reads a log finds what happened, where, and what to do."""
    fault = BadConfig("E103", "unknown key", where="config.toml:3", remedy="did you mean url?")
    assert str(fault) == "E103 config.toml:3: unknown key -> did you mean url?"


def test_fault_stays_one_line_whatever_it_quotes() -> None:
    """A CRM's own words may have line breaks; a line of a log has none."""
    assert str(CrmsyncError("E205", "it said:\r\n  no\n", where="main")) == "E205 main: it said: no"


def test_fault_without_place_or_remedy_has_no_empty_marks() -> None:
    """What isn't known is left out."""
    assert str(CrmsyncError("E999", "it broke")) == "E999 it broke"


@pytest.mark.parametrize(
    ("kind", "code"),
    [(CrmsyncError, 2), (BadConfig, 2), (Stopped, 3), (LeaseHeld, 4), (RetryLater, 75), (SkipRecord, 2)],
)
def test_fault_carries_the_exit_code_of_what_to_do_next(kind: type[CrmsyncError], code: int) -> None:
    """A scheduler tells "change something" from "wait"."""
    assert kind("E000", "x").exit_code == code
