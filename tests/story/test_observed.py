"""How somebody who isn't there knows that it ran: the real program, its log, its figures, its switch, its notices."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from crmsync.clock import system_clock
from crmsync.store import runs
from crmsync.store.runs import JOB
from tests.processes import run, running
from tests.receiver import Receiver, receiving
from tests.story.tale import Tale, tale

SECRET = "/a-secret-path"
SECTIONS = """
[log]
format = "json"
[metrics]
listen = "127.0.0.1:{port}"
[alerts]
urls = ["env:OBSERVED_ALERT"]
[ping]
url = "env:OBSERVED_PING"
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where pings and notices go."""
    with receiving() as told:
        yield told


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def it(tmp_path: Path, receiver: Receiver, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tale]:
    """A workspace with an hourly pull whose last run is long ago, told to everybody."""
    monkeypatch.setenv("OBSERVED_ALERT", "json" + receiver.url.removeprefix("http") + SECRET)
    monkeypatch.setenv("OBSERVED_PING", receiver.url + "/{job}" + SECRET)
    with tale(tmp_path) as told:
        with (told.pipeline.root / "config.toml").open("a") as file:
            file.write(SECTIONS.format(port=port))
        for job in (told.pipeline.root / "jobs").glob("*.toml"):
            job.unlink()
        (told.pipeline.root / "jobs" / "hourly.toml").write_text('schedule = "0 * * * *"\nsteps = ["pull"]\n')
        began = runs.begin(told.store, job="hourly", step=JOB, target="hourly", now=system_clock() - 86_400_000_000)
        runs.end(told.store, began, status="done", counts={}, message="", now=system_clock() - 86_400_000_000)
        yield told


def events(lines: list[str]) -> list[dict[str, Any]]:
    """Each line as the object that it has to be."""
    return [json.loads(line) for line in lines]


def titles(receiver: Receiver) -> list[str]:
    """The notices that came."""
    return [json.loads(body)["title"] for path, body in receiver.came if path == SECRET]


def test_service_is_seen_from_outside(it: Tale, receiver: Receiver, port: int) -> None:
    """A day of silence is told, then the run and the recovery; each step in the log with its run's id; the figures agree."""
    lines: list[str] = []
    with running("serve", at=it.pipeline.root) as (process, out):
        for line in out:
            lines.append(line)
            if '"next: ' in line:
                break
        figures = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=20).text
        process.terminate()
        rest, err = process.communicate(timeout=20)
    told = [(each["event"], each.get("target"), each.get("status")) for each in events(lines + rest.splitlines())]
    steps = [("pull", "main"), ("pull", "hub")]
    pulls = [(*step, status) for step in steps for status in ("running", "done")]
    assert [each for each in told if each[0] != "serve"] == [
        ("job", "hourly", "running"),
        *pulls,
        ("job", "hourly", "done"),
    ]
    assert all(each["run_id"] for each in events(lines) if each["event"] != "serve")
    assert titles(receiver) == ["crmsync: job hourly is silent", "crmsync: job hourly is fine"]
    assert [path for path in receiver.paths if "hourly" in path] == [f"/hourly{SECRET}/start", f"/hourly{SECRET}"]
    assert 'crmsync_job_state{job="hourly",state="fine"} 1.0' in figures
    assert 'crmsync_runs_total{status="done",step="pull",target="main"} 1.0' in figures
    assert all(f'crmsync_api_calls_left{{crm="{name}"}}' in figures for name in ("main", "hub"))
    assert not [said for said in (*lines, rest, err, figures) if SECRET in said]


def test_run_of_a_job_by_hand_is_logged_and_told(it: Tale, receiver: Receiver) -> None:
    """`crmsync run` from cron logs the same events and tells the switch; stderr stays for faults."""
    done = run("run", "hourly", at=it.pipeline.root)
    assert (done.returncode, done.stderr) == (0, "")
    assert [each["event"] for each in events(done.stdout.splitlines())] == ["job", *["pull"] * 4, "job"]
    assert len([path for path in receiver.paths if "hourly" in path]) == 2
