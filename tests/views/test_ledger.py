"""A row of the ledger as one line."""

from crmsync.store.runs import RunRow
from crmsync.views.ledger import line


def row(step: str, status: str = "done", **counts: int) -> RunRow:
    """A run of 3.1 s."""
    return RunRow(1, "", step, "main", status, 0, 3_100_000, counts, "")


def test_line_sums_up_what_a_pull_changed() -> None:
    """A pull is told as records read, rows changed, records set aside, calls and time."""
    counts = {"read": 4812, "deals": 30, "milestones": 2, "facts": 5, "gone": 0, "quarantined": 0, "calls": 12}
    assert line(row("pull", **counts)) == (
        "pull main: 4,812 records read, 37 rows changed, 0 records set aside, 12 calls, 3.1 s"
    )


def test_line_of_one_is_no_plural() -> None:
    """One call, one deal, one row."""
    counts = {"read": 1, "deals": 1, "quarantined": 1, "calls": 1}
    assert line(row("pull", **counts)) == "pull main: 1 record read, 1 row changed, 1 record set aside, 1 call, 3.1 s"
    assert line(row("stage", planned=1, deals=1)) == "stage main: 1 planned, 1 deal, 3.1 s"


def test_line_of_a_run_that_failed_says_so_first() -> None:
    """A step without counts tells its status and time."""
    assert line(row("score", "later")) == "score main: later, 3.1 s"


def test_line_of_a_push_names_the_run_that_an_undo_asks_for() -> None:
    """Whoever wants to take it back finds the number where the push was told."""
    assert line(row("push", written=2)) == "push main: 2 written, 3.1 s, run 1"
