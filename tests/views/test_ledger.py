"""A row of the ledger as one line."""

from crmsync.store.runs import RunRow
from crmsync.views.ledger import line


def row(step: str, status: str = "done", **counts: int) -> RunRow:
    """A run of 3.1 s."""
    return RunRow(1, "", step, "main", status, 0, 3_100_000, counts, "")


def test_line_sums_up_what_a_pull_changed() -> None:
    """A pull is told as read, changed, set aside, calls and time."""
    counts = {"read": 4812, "deals": 30, "milestones": 2, "facts": 5, "gone": 0, "quarantined": 0, "calls": 12}
    assert line(row("pull", **counts)) == "pull main: 4,812 read, 37 changed, 0 set aside, 12 calls, 3.1 s"


def test_line_of_a_run_that_failed_says_so_first() -> None:
    """A step without counts tells its status and time."""
    assert line(row("score", "later")) == "score main: later, 3.1 s"


def test_line_of_a_push_names_the_run_that_an_undo_asks_for() -> None:
    """Whoever wants to take it back finds the number where the push was told."""
    assert line(row("push", written=2)) == "push main: 2 written, 3.1 s, run 1"
