"""A few of the kill points and races that `make crash` goes through in full."""

from pathlib import Path

from tests.processes import python

ROOT = Path(__file__).parents[2]
FEW = ("--deals", "120", "--every", "90", "--random", "0", "--races", "0")
PATIENCE_S = 600  # on a machine that does much else


def test_a_killed_run_loses_nothing_and_writes_nothing_twice() -> None:
    """Killed at points all over the story and run again, each verb ends as the unbroken one did."""
    done = python("-m", "tests.crash", *FEW, at=ROOT, timeout_s=PATIENCE_S)
    assert (done.returncode, ", 0 wrong; " in done.stdout) == (0, True), done.stdout + done.stderr
