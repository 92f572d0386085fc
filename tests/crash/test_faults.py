"""A small part of what `python -m bench.faults` measures: one failing request in ten changes nothing that can be seen later."""

from pathlib import Path

from tests.processes import python

ROOT = Path(__file__).parents[2]
PATIENCE_S = 600  # on a machine that does much else
MOST_ATTEMPTS = 1.3  # for each request that is needed


def test_one_failing_request_in_ten_changes_nothing() -> None:
    """Dump and fields are as without faults, each value was given once, and few requests more were made."""
    done = python("-m", "bench.faults", "1", "300", at=ROOT, timeout_s=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    _, rounds, _, attempts, *differ, _ = done.stdout.splitlines()[-1].split()
    assert (int(rounds) > 0, float(attempts) <= MOST_ATTEMPTS, differ) == (True, True, ["0", "0", "0"])
