"""Two services as processes of their own on one PostgreSQL store, one of them killed in the middle of its work."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from crmsync.sandbox.local import SALESFORCE
from crmsync.store import dump, runs
from crmsync.store.runs import JOB
from tests.processes import read_until, running
from tests.story.tale import Tale, tale

MONTHLY = 'schedule = "0 0 1 * *"\nsteps = ["pull"]\n'


def missed(it: Tale) -> None:
    """One job, whose last run lies so far back that it is due at once."""
    for job in (it.pipeline.root / "jobs").glob("*.toml"):
        job.unlink()
    (it.pipeline.root / "jobs" / "monthly.toml").write_text(MONTHLY)
    row = runs.begin(it.store, job="monthly", step=JOB, target="monthly", now=0)
    runs.end(it.store, row, status="done", counts={}, message="", now=0)


def wait_for(found: Callable[[], object]) -> None:
    """Until something is so; the test's own time limit ends it otherwise."""
    while not found():
        time.sleep(0.1)


def of_job(it: Tale, step: str) -> list[tuple[str, str]]:
    """The job's rows of a step after the missed one: target and how it ended."""
    return [(row.target, row.status) for row in runs.after(it.store, 1, job="monthly") if row.step == step]


def test_two_services_share_a_store(tmp_path: Path, postgresql_url: str) -> None:
    """A time that both see due is served by one; when that one is killed in mid-pull the other takes over, and ends it."""
    with tale(tmp_path, url=postgresql_url) as it:
        missed(it)
        it.ask("PUT", f"/latency/{SALESFORCE}", {"seconds": 0.3})
        with (
            running("serve", at=it.pipeline.root) as (first, one),
            running("serve", at=it.pipeline.root) as (second, two),
        ):
            for out in (one, two):
                read_until(out, "serving")
            wait_for(lambda: of_job(it, "pull"))
            (at_work,) = re.findall(r"process (\d+)", runs.lease_holder(it.store, "crm main"))
            os.kill(int(at_work), signal.SIGKILL)
            it.ask("PUT", f"/latency/{SALESFORCE}", {"seconds": 0})
            wait_for(lambda: ("monthly", "done") in of_job(it, JOB))
            ended = {process.poll() for process in (first, second)}
        assert (of_job(it, "pull"), ended) == (
            [("main", "lost"), ("main", "done"), ("hub", "done")],
            {-signal.SIGKILL, None},
        )
        assert of_job(it, JOB) == [("monthly", "lost"), ("monthly", "done")]
        found = dump.digest(it.store)
        it.pipeline.pull()
        assert dump.digest(it.store) == found
