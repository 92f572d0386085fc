"""The clock on which people in a world work."""

import numpy as np

from crmsync.sandbox.working_time import end_of_day, from_working, to_working
from tests.sandbox.salesforce.world import at, on


def working(text: str) -> float:
    """The working day of an instant."""
    return float(to_working(np.array([at(text)]))[0])


def test_to_working_counts_office_hours_only() -> None:
    """From Friday afternoon to Monday morning only the office hours between count."""
    assert np.isclose(working("2026-11-09 10:00") - working("2026-11-06 16:00"), 3 / 9)


def test_to_working_stands_still_on_a_weekend() -> None:
    """Nothing passes from Friday evening to Monday at eight."""
    assert working("2026-11-06 17:00") == working("2026-11-08 12:00") == working("2026-11-09 08:00")


def test_from_working_gives_each_second_of_office_hours_back() -> None:
    """There and back again is the same instant."""
    instants = np.array([at("2026-11-02 08:00:00"), at("2026-11-03 16:59:59"), at("2026-11-06 11:11:11")])
    assert np.array_equal(from_working(to_working(instants)), instants)


def test_end_of_day_is_when_work_stops() -> None:
    """A promise for a Friday is overdue when that day's work is over."""
    assert end_of_day(np.array([on("2026-11-06")]))[0] == working("2026-11-06 17:00")
