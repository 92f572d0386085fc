"""A run of a job, and who hears of it: real HTTP to loopback, real notices by apprise, and a clock that is set by hand."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from crmsync.config import AlertsConfig, Config, CrmConfig, PingConfig, StoreConfig
from crmsync.errors import BadConfig, LeaseHeld
from crmsync.runner import RETRY_S, Runner
from crmsync.store import notices, runs
from crmsync.store.engine import Store, open_store
from crmsync.store.lease import NAME
from crmsync.store.runs import JOB
from crmsync.workspace import JobSpec
from tests.receiver import Receiver, receiving
from tests.store.rows import SECOND, T0

HOUR = 3600 * SECOND
FULL = T0 - T0 % HOUR + HOUR  # a full hour
WELL = JobSpec(name="hourly", file=Path("hourly.toml"), schedule="0 * * * *", steps=("stage",))
ILL = WELL.model_copy(update={"steps": ("train",), "model": "nosuch"})


class Watched:
    """A workspace whose jobs are told to a receiver; `restart` is a new process with the same store."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.receiver, self.now = receiver, FULL
        self.url = receiver.url
        self._folder = folder
        self.store: Store
        self.restart()

    def restart(self, *, urls: tuple[str, ...] | None = None) -> None:
        """Opens the store anew, and knows nothing but what it holds."""
        if hasattr(self, "store"):
            self.store.close()
        self.store = open_store(StoreConfig(url=f"sqlite:///{self._folder / 'store.db'}"))
        webhook = "json" + self.url.removeprefix("http") + "/alert"
        config = Config(
            crm={"main": CrmConfig(name="main", kind="salesforce")},
            alerts=AlertsConfig(urls=tuple(SecretStr(each) for each in urls or (webhook,))),
            ping=PingConfig(url=SecretStr(self.url + "/ping")),
            file=self._folder / "config.toml",
        )
        self.runner = Runner(config, self.store, clock=lambda: self.now)

    def run(self, spec: JobSpec = WELL) -> None:
        """Runs a job; a fault is what was meant."""
        try:
            self.runner.run(spec)
        except BadConfig:
            assert spec is ILL

    def notices(self) -> list[str]:
        """The titles of the notices that arrived."""
        bodies = [json.loads(body) for path, body in self.receiver.came if path.startswith("/alert")]
        return [body["title"].removeprefix("crmsync: job hourly is ") for body in bodies]

    def pings(self) -> list[str]:
        """What the switch heard."""
        return [path for path in self.receiver.paths if path.startswith("/ping")]


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Watched]:
    """A workspace at a full hour."""
    with receiving() as receiver:
        watched = Watched(tmp_path, receiver)
        yield watched
        watched.store.close()


def fail(it: Watched) -> None:
    """The job fails."""
    it.run(ILL)


def do(it: Watched) -> None:
    """The job does its work."""
    it.run()


def fall_silent(it: Watched) -> None:
    """Nothing runs for nine hours, and somebody looks."""
    it.now += 9 * HOUR
    it.runner.look(WELL)


@pytest.mark.parametrize(
    ("acts", "told"),
    [
        ([do, do], []),
        ([fail, fail, fail], ["failing"]),
        ([do, fail, do, do], ["failing", "fine"]),
        ([do, fall_silent, fall_silent], ["silent"]),
        ([do, fall_silent, do, do], ["silent", "fine"]),
        ([do, fall_silent, fail, do, fail], ["silent", "failing", "fine", "failing"]),
    ],
)
@pytest.mark.parametrize("restart", [False, True])
def test_each_change_of_state_is_told_once(
    it: Watched, acts: list[Callable[[Watched], None]], told: list[str], *, restart: bool
) -> None:
    """Fine to failing, to silent, and back: one notice each, however often it is looked at and the program restarts."""
    for act in acts:
        act(it)
        if restart:
            it.restart()
        it.runner.look(WELL)
    assert it.notices() == told


def test_notice_says_why_and_what_to_do(it: Watched) -> None:
    """The words of the fault, with its code and remedy."""
    it.run(ILL)
    body = json.loads(it.receiver.came[-1][1])
    assert (body["type"], body["message"].startswith("E110 "), "no model 'nosuch'" in body["message"]) == (
        "info",
        True,
        True,
    )


def test_notice_that_nobody_took_is_counted_and_tried_again_after_five_minutes(it: Watched) -> None:
    """The job isn't disturbed; what was lost stands in the store; one that arrived ends it."""
    it.receiver.status = 500
    it.run(ILL)
    it.runner.look(WELL)
    assert (it.notices(), notices.failed(it.store)) == (["failing"], {("hourly", False): 1, ("hourly", True): 2})
    it.receiver.status = 200
    it.now += 300 * SECOND
    for _ in range(2):
        it.restart()
        it.runner.look(WELL)
    assert it.notices() == ["failing", "failing"]


def test_notice_that_one_of_two_addresses_took_isnt_sent_again(it: Watched) -> None:
    """Who heard of it isn't told twice; the other address is counted."""
    webhook = "json" + it.url.removeprefix("http") + "/alert"
    it.restart(urls=("json://127.0.0.1:9/nobody", webhook, "no-such-service://x"))
    it.run(ILL)
    it.now += HOUR
    it.runner.look(WELL)
    assert (it.notices(), notices.failed(it.store)) == (["failing"], {("hourly", False): 2})


def test_job_goes_on_when_nobody_listens(it: Watched) -> None:
    """A run does its work and says so, whatever becomes of pings and notices."""
    it.receiver.status = 500
    it.run()
    row = runs.last(it.store, JOB, "hourly")
    assert row is not None
    assert (row.status, notices.failed(it.store)) == ("done", {("hourly", True): 2})


def test_switch_hears_of_start_success_and_failure(it: Watched) -> None:
    """In this order, the failure with the fault's words."""
    it.run()
    it.run(ILL)
    assert it.pings() == ["/ping/start", "/ping", "/ping/start", "/ping/fail"]
    assert [body[:4] for path, body in it.receiver.came if path == "/ping/fail"] == ["E110"]


def test_switch_hears_nothing_when_nothing_runs(it: Watched) -> None:
    """Looking is no sign of life: silence has to reach it."""
    fall_silent(it)
    assert it.pings() == []


def test_switch_hears_nothing_of_a_run_that_another_kept_from_beginning(it: Watched) -> None:
    """Only the runner at work tells of its own run."""
    runs.take_lease(it.store, NAME, holder="process 1 on elsewhere", now=it.now, until=it.now + HOUR)
    with pytest.raises(LeaseHeld):
        it.runner.run(WELL)
    assert it.receiver.came == []


def test_job_after_a_sleep_runs_once_and_counts_what_it_missed(it: Watched) -> None:
    """Nine hours asleep: one run, which stands for the ninth time and says that eight before it were missed."""
    it.run()
    it.now += 9 * HOUR
    it.run()
    it.now += HOUR
    it.run()
    jobs = [row.counts["missed"] for row in runs.after(it.store, 0) if row.step == JOB]
    assert jobs == [0, 8, 0]


def job_rows(it: Watched) -> list[str]:
    """How each run of the job ended."""
    return [row.status for row in runs.after(it.store, 0) if row.step == JOB]


def test_each_time_of_a_job_is_served_once_by_however_many_runners(it: Watched) -> None:
    """The second runner of the same store finds the work done; the next time is served again."""
    first = it.runner.run(WELL, due=FULL)
    it.restart()
    again = it.runner.run(WELL, due=FULL)
    it.now += HOUR
    following = it.runner.run(WELL, due=FULL + HOUR)
    assert ([len(first), len(again), len(following)], job_rows(it)) == ([1, 0, 1], ["done", "done"])


def test_run_that_was_killed_is_done_by_another_runner(it: Watched) -> None:
    """A run that never ended isn't taken for one that served its time."""
    runs.begin(it.store, job="hourly", step=JOB, target="hourly", now=FULL)
    it.runner.run(WELL, due=FULL)
    assert job_rows(it)[-1] == "done"


def test_run_that_was_put_off_is_tried_after_a_pause_by_whoever_comes(it: Watched) -> None:
    """A CRM that is down isn't asked the more often the more runners there are."""
    later = runs.begin(it.store, job="hourly", step=JOB, target="hourly", now=FULL)
    runs.end(it.store, later, status="later", counts={}, message="", now=FULL)
    at_once = it.runner.run(WELL, due=FULL)
    it.now = it.runner.turn(WELL, due=FULL) or 0
    assert (it.now - FULL, at_once, len(it.runner.run(WELL, due=FULL))) == (RETRY_S * SECOND, [], 1)
