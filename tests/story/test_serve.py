"""The service: jobs at their time, a CRM that is down, missed runs, and a signal."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import stamina

from crmsync import scheduler
from crmsync.clock import iso, parse_instant, system_clock
from crmsync.sandbox.local import SALESFORCE
from crmsync.store import runs
from crmsync.store.runs import JOB
from crmsync.watch import Watch
from tests.processes import running
from tests.story.tale import Tale, tale

HOURLY = 'schedule = "0 * * * *"\nsteps = ["pull"]\n'
TEN_MINUTES_S = 600
DESCRIBING = ("token", "describe", "properties", "schemas")  # in addresses that are asked once for a connection
DOWN = {"faults": [{"kind": "status", "status": 503, "rate": 1.0}]}


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Tale]:
    """A workspace with one job: a pull every full hour. Its clock says 02:00 and stands."""
    with tale(tmp_path) as told, stamina.set_testing(True, attempts=1):
        for job in (told.pipeline.root / "jobs").glob("*.toml"):
            job.unlink()
        (told.pipeline.root / "jobs" / "hourly.toml").write_text(HOURLY)
        yield told


def serve(it: Tale, next_said: Callable[[str, Watch], None]) -> list[str]:
    """Serves by the CRMs' clock until told to stop; at each announcement of a next run `next_said` may move the clock."""
    said: list[str] = []
    watch = Watch()

    def tell(line: str) -> None:
        said.append(line)
        if "next: " in line:
            next_said(line.partition("next: ")[2], watch)

    scheduler.serve(it.config, it.store, tell=tell, clock=it.local.clock.now, watch=watch)
    return said


def test_job_runs_at_its_time(it: Tale) -> None:
    """Not before it: the clock stands at the very hour that the job was announced for."""
    announced: list[str] = []

    def on(due: str, watch: Watch) -> None:
        announced.append(due)
        it.ask("PUT", "/clock", {"at": "2026-06-01T03:00:00Z"})
        watch.stopping = len(announced) == 2

    serve(it, on)
    started = [row.started_at for row in runs.after(it.store, 0)]
    assert announced == ["hourly at 2026-06-01T03:00:00Z", "hourly at 2026-06-01T04:00:00Z"]
    assert started == [parse_instant("2026-06-01T03:00:00Z")] * 3


def served_by_hour(it: Tale, hours: int) -> list[Counter[str]]:
    """What each CRM's answers were asked for by each of so many hourly runs, as addresses."""
    asked: list[Counter[str]] = []
    servers = [served.server for served in it.local.served.values()]
    before = [server.requests for server in servers]

    def on(due: str, watch: Watch) -> None:
        made = zip(servers, before, strict=True)
        asked.append(Counter(entry.path for server, old in made for entry in server.journal[old - server.requests :]))
        before[:] = [server.requests for server in servers]
        it.ask("PUT", "/clock", {"at": due.rpartition(" ")[2]})
        watch.stopping = len(asked) > hours

    before = [server.requests for server in servers]
    serve(it, on)
    return asked[1:]


def test_next_run_goes_over_the_connections_of_the_one_before(it: Tale) -> None:
    """From the second run on nobody logs in and nothing is described: the pulls ask each object what changed, and no more."""
    _, second, third = served_by_hour(it, 3)
    assert second == third
    assert not [path for path in second if any(word in path for word in DESCRIBING)]
    assert second.total() == sum(len(it.pipeline.connect(name).streams()) + 1 for name in it.config.crm)


def test_reconcile_looks_at_the_account_anew(it: Tale) -> None:
    """The day's only look at what no stamp tells begins with a login and with what describes the objects."""
    (it.pipeline.root / "jobs" / "hourly.toml").write_text(HOURLY.replace("pull", "reconcile"))
    it.pipeline.pull()
    _, second = served_by_hour(it, 2)
    assert [word for word in DESCRIBING if any(word in path for path in second)] == list(DESCRIBING)


def test_crm_that_is_down_for_ten_minutes_is_tried_again(it: Tale) -> None:
    """The job fails, is tried every five minutes, and ends well once the CRM answers; the other CRM is pulled all the while."""
    it.ask("PUT", f"/faults/{SALESFORCE}", DOWN)
    down_until = parse_instant("2026-06-01T03:00:00Z") + TEN_MINUTES_S * 1_000_000

    def on(due: str, watch: Watch) -> None:
        at = parse_instant(due.rpartition(" ")[2])
        it.ask("PUT", "/clock", {"at": iso(at)})
        if at >= down_until:
            it.ask("PUT", f"/faults/{SALESFORCE}", {"faults": []})
        watch.stopping = at > parse_instant("2026-06-01T03:30:00Z")

    said = serve(it, on)
    statuses = [(row.target, row.status) for row in runs.after(it.store, 0)]
    assert [status for target, status in statuses if target == "main"] == ["later", "later", "done"]
    assert [status for target, status in statuses if target == "hub"] == ["done"] * 3
    assert said[-2:] == ["next: hourly at 2026-06-01T04:00:00Z", "stopped on request"]
    assert all(
        row.counts["calls"] for row in runs.after(it.store, 0) if row.status == "later"
    )  # a failure cost calls too


def test_missed_runs_are_caught_up_once(it: Tale) -> None:
    """After a night in which nothing ran the job runs at once, and once; then at its next time."""

    def once(_due: str, watch: Watch) -> None:
        it.ask("PUT", "/clock", {"at": "2026-06-01T03:00:00Z"})
        watch.stopping = bool(runs.newest_id(it.store))

    serve(it, once)
    before = runs.newest_id(it.store)
    it.ask("PUT", "/clock", {"at": "2026-06-01T09:20:00Z"})
    announced: list[str] = []

    def again(due: str, watch: Watch) -> None:
        announced.append(due)
        watch.stopping = len(announced) == 2

    serve(it, again)
    assert announced == ["hourly at 2026-06-01T09:20:00Z", "hourly at 2026-06-01T10:00:00Z"]
    job, *pulls = runs.after(it.store, before)
    assert (job.target, job.counts["missed"], [row.target for row in pulls]) == ("hourly", 5, ["main", "hub"])


class Slow(Watch):
    """Lets 70 minutes pass within each pull of Salesforce, and stops after the second job."""

    def __init__(self, it: Tale) -> None:
        self.it, self.jobs = it, 0

    def event(self, name: str, facts: Mapping[str, object]) -> None:
        """A row of the ledger."""
        if (name, facts["target"], facts["status"]) == ("pull", "main", "running"):
            self.it.forward(70 * 60)
        self.jobs += (name, facts["status"]) == ("job", "done")
        self.stopping = self.jobs == 2


def test_run_longer_than_its_period_overlaps_with_none_and_is_told(it: Tale) -> None:
    """The next run begins when the long one has ended, at the next full hour, and the service says what is wrong."""
    said: list[str] = []

    def tell(line: str) -> None:
        said.append(line)
        if line.endswith("next: hourly at 2026-06-01T03:00:00Z") or "next: hourly at 2026-06-01T05:00:00Z" in line:
            it.ask("PUT", "/clock", {"at": line.rpartition(" ")[2]})

    scheduler.serve(it.config, it.store, tell=tell, clock=it.local.clock.now, watch=Slow(it))
    first, second = (row for row in runs.after(it.store, 0) if row.step == JOB)
    assert first.ended_at is not None
    assert (first.ended_at <= second.started_at, iso(second.started_at)) == (True, "2026-06-01T05:00:00Z")
    assert "hourly: took 70 min of the 60 to its next time" in said


def test_killed_run_is_told_as_lost_by_the_next_one(it: Tale) -> None:
    """Nobody could write down its end: the one that takes its lease over does, and the store goes on from what is there."""
    it.ask("PUT", f"/latency/{SALESFORCE}", {"seconds": 0.2})
    asked = it.local.served[SALESFORCE].server.requests
    with running("pull", at=it.pipeline.root) as (process, _):
        while it.local.served[SALESFORCE].server.requests < asked + 3:
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
        process.communicate(timeout=10)
    it.ask("PUT", f"/latency/{SALESFORCE}", {"seconds": 0})
    it.pipeline.pull()
    ledger = [(row.target, row.status, row.ended_at is None) for row in runs.after(it.store, 0)]
    assert ledger == [("main", "lost", True), ("main", "done", False), ("hub", "done", False)]


def test_signal_in_the_middle_of_a_job_ends_the_service_well(it: Tale) -> None:
    """SIGTERM while a slow CRM is being pulled: exit code 0 within ten seconds, and the ledger says that the pull goes on later."""
    missed = runs.begin(it.store, job="hourly", step="pull", target="main", now=0)
    runs.end(it.store, missed, status="done", counts={}, message="", now=system_clock())
    it.ask("PUT", f"/latency/{SALESFORCE}", {"seconds": 0.2})
    asked = it.local.served[SALESFORCE].server.requests
    with running("serve", at=it.pipeline.root) as (process, _):
        while it.local.served[SALESFORCE].server.requests < asked + 3:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
    ledger = [(row.target, row.status) for row in runs.after(it.store, missed) if row.step == "pull"]
    assert (process.returncode, err, ledger) == (0, "", [("main", "later")])
