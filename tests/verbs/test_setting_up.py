"""Verbs to begin with."""

import json
import signal
from pathlib import Path

import pytest

from crmsync import config
from tests.processes import read_until, running
from tests.verbs.conftest import call

DEALS = "deal_id,created_at,amount,closed_at,won\nA,2026-01-05T08:00:00Z,100,,\n"
FACTS = "deal_id,at,kind,name,lifecycle,resource\nA,2026-01-05T08:00:00Z,stage,Open,,\n"


def test_sandbox_prints_a_config_that_loads_and_stops_on_a_signal(tmp_path: Path) -> None:
    """What it prints, saved as it is, is a config; SIGTERM ends it well."""
    with running("sandbox", "--deals", "20", "--frozen", at=tmp_path) as (process, out):
        (tmp_path / "config.toml").write_text("".join(read_until(out, "# serving")))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert sorted(config.load(tmp_path / "config.toml").crm) == ["hub", "main"]
    assert (process.returncode, err) == (0, "")


def test_sandbox_serves_a_past_of_ones_own(tmp_path: Path) -> None:
    """A world directory is served in the CRM that was asked for, and ids.csv says under which ids."""
    (tmp_path / "deals.csv").write_text(DEALS)
    (tmp_path / "facts.csv").write_text(FACTS)
    with running("sandbox", "--world", ".", "--crm", "hubspot", "--json", at=tmp_path) as (process, out):
        guide = json.loads("".join(read_until(out, "}")))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert ("[crm.hub]" in guide["config"], "[crm.main]" in guide["config"]) == (True, False)
    crm, crm_id, deal_id = (tmp_path / "ids.csv").read_text().splitlines()[1].split(",")
    assert (crm, crm_id.isdigit(), deal_id) == ("hub", True, "A")


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (("--crm", "pipedrive"), "E129 --crm: no crm 'pipedrive'"),
        (("--law", "gravity"), "E129 --law: no law 'gravity'"),
        (("--world", "absent"), "E130 "),
        (("--now", "noon"), "E122 --now: no instant"),
        (("--deals", "none"), "E100 Invalid value"),
    ],
)
def test_sandbox_tells_what_cant_be_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], start: str
) -> None:
    """A CRM, law, world, instant or number that can't be is one line."""
    monkeypatch.chdir(tmp_path)
    said = call("sandbox", *arguments)
    assert (said.code, said.out, said.err.count("\n"), said.err[: len(start)]) == (2, "", 1, start)


def test_init_says_what_to_type_next(tmp_path: Path) -> None:
    """The last lines are commands to paste, the first of them into the new folder."""
    said = call("init", str(tmp_path / "new"))
    assert (said.code, said.out.splitlines()[1]) == (0, f"  cd {tmp_path / 'new'}")


def test_serve_runs_until_a_signal(tmp_path: Path) -> None:
    """The service says what comes next, and SIGTERM ends it well and soon."""
    call("init", str(tmp_path / "new"))
    with running("serve", at=tmp_path / "new") as (process, out):
        assert out.readline().startswith("serving 4 jobs; next: ")
        process.send_signal(signal.SIGTERM)
        told, err = process.communicate(timeout=10)
    assert (process.returncode, told, err) == (0, "stopped on request\n", "")
