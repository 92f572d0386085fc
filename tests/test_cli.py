"""The command line: what each verb shows, and one line for each fault."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crmsync.cli import main
from crmsync.clock import system_clock
from crmsync.config import StoreConfig
from crmsync.errors import BadConfig, LeaseHeld, RetryLater, Stopped
from crmsync.records import Cursor, Page
from crmsync.store import pulled, runs
from crmsync.store.engine import open_store
from crmsync.store.lease import NAME
from crmsync.terminal import Terminal

SECRET = "k3y-that-nobody-may-see"
CONFIG = """
[store]
url = "sqlite:///{folder}/crmsync.db"

[crm.hub]
kind = "hubspot"
base_url = "http://127.0.0.1:9"
token = "env:TEST_TOKEN"
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a config with one CRM that nobody answers for; the present folder."""
    monkeypatch.setenv("TEST_TOKEN", SECRET)
    monkeypatch.delenv("CRMSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG.format(folder=tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "close.toml").write_text('features = ["age"]\n')
    return tmp_path


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a call."""
    code = main(arguments)
    told = capsys.readouterr()
    return code, told.out, told.err


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of a call that ends with exit code 2."""
    code, out, err = outcome(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    return err


def test_help_comes_at_once_and_names_every_verb() -> None:
    """Help imports neither a database nor a CRM's library nor numpy."""
    code = "import sys; from crmsync.cli import main; main(['--help']); print([m for m in sys.modules if m in %r])"
    heavy = ("numpy", "sqlalchemy", "pydantic", "simple_salesforce", "hubspot", "requests", "rich", "alembic")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code % (heavy,)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_missing_config_is_one_line(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line names the file and how to make one."""
    assert refused(capsys, "pull", "--config", "absent.toml").startswith("E101 absent.toml: no such file -> ")


def test_config_may_stand_before_the_verb(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--config means the same before and after the verb."""
    assert refused(capsys, "--config", "absent.toml", "pull") == refused(capsys, "pull", "--config=absent.toml")


def test_a_malformed_config_names_its_line(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Broken TOML is told with file and line."""
    (workspace / "config.toml").write_text("[store]\nurl = \n")
    assert refused(capsys, "pull").startswith("E102 config.toml:2: not valid TOML")


def test_an_unknown_key_is_told_with_a_guess(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt key is refused, and the nearest one proposed."""
    (workspace / "config.toml").write_text('[stroe]\nurl = "sqlite:///x.db"\n')
    assert "did you mean store?" in refused(capsys, "status")


def test_an_unset_secret_names_its_variable(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A secret that isn't set is told by the name of its variable."""
    monkeypatch.delenv("TEST_TOKEN")
    code, _, err = outcome(capsys, "pull")
    assert (code, "environment variable TEST_TOKEN is not set" in err) == (2, True)


def test_an_unknown_crm_lists_those_there_are(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A CRM that the config doesn't know is refused with the names that it knows."""
    assert refused(capsys, "pull", "--crm", "main").endswith("-> one of: hub\n")


def test_an_unknown_model_lists_those_there_are(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model without a file is refused with the names of those that have one."""
    assert refused(capsys, "train", "--model", "open").endswith("-> one of: close\n")


def test_training_before_a_pull_says_what_to_do(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing pulled there is nothing to learn from; the ledger's row is shown besides."""
    code, out, err = outcome(capsys, "train")
    assert (code, err) == (2, "E407 nothing has been pulled yet -> crmsync pull\n")
    assert out.startswith("train close: failed, ")


def test_scoring_before_enough_deals_closed_goes_by_rules(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a fit, and without the deals for one, what is open is scored by rules: here nothing is."""
    store = open_store(StoreConfig(url=f"sqlite:///{workspace}/crmsync.db"))
    pulled.save_page(store, "hub", Page(pulled.CLOCK, Cursor(stamp=system_clock())), run_id=1)
    store.close()
    code, out, err = outcome(capsys, "score", "--as-of", "2026-01-31")
    assert (code, out.partition(", ")[0].partition(": ")[2], err) == (0, "0 open", "")


def test_a_bad_instant_is_one_line(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An instant without a zone, or none at all, is refused with an example."""
    assert refused(capsys, "score", "--as-of", "2026-01-31T08:00").startswith("E122 --as-of: no instant")


def test_a_span_that_ends_before_it_begins_is_one_line(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Dates in the wrong order are told as such, not as a past that is too short."""
    said = refused(capsys, "backtest", "--from", "2026-02-01", "--to", "2026-01-01")
    assert said.startswith("E122 --from 2026-02-01 lies after --to 2026-01-01")


def test_usage_errors_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A verb or option that doesn't exist is told in one line."""
    assert refused(capsys, "pul").startswith("E100 No such command")


def test_an_argument_that_is_no_text_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes that aren't in the terminal's encoding are refused before any database or file meets them."""
    assert (main(["explain", "\udcff"]), capsys.readouterr().err[:37]) == (2, "E100 an argument is no text: '\\udcff'")


def test_a_closed_stdout_is_no_fault(workspace: Path) -> None:
    """Whoever closes it doesn't want to see anything; the exit code tells."""
    command = f"{sys.executable} -m crmsync jobs >&-"
    done = subprocess.run(["sh", "-c", command], cwd=workspace, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603, S607
    assert (done.returncode, done.stderr) == (0, "")


def test_json_tells_a_fault_as_a_document(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json a fault is one document on stdout besides the line on stderr."""
    code, out, err = outcome(capsys, "pull", "--crm", "main", "--json")
    assert (code, json.loads(out)["error"]["code"], err[:4]) == (2, "E104", "E104")


def test_exit_codes_say_what_to_do_next() -> None:
    """Scripts tell kinds of faults apart by exit code."""
    assert [fault.exit_code for fault in (BadConfig, Stopped, LeaseHeld, RetryLater)] == [2, 3, 4, 75]


def test_an_unforeseen_fault_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A defect is told by its kind and place, never by words that might quote a secret."""
    try:
        raise KeyError(SECRET)
    except KeyError as defect:
        code = Terminal().defect(defect)
    told = capsys.readouterr()
    assert (code, told.out, told.err.count("\n"), SECRET in told.err) == (70, "", 1, False)
    assert told.err.startswith("E900 test_cli.py:")


def hear_interrupts() -> None:
    """A run of the tests in the background hands down that interrupts are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupted_is_one_line(workspace: Path) -> None:
    """Ctrl-C, here while the config is being read, ends with the code that shells know."""
    os.mkfifo(workspace / "slow.toml")
    command = [sys.executable, "-m", "crmsync", "status", "--config", "slow.toml"]
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts) as running,  # noqa: S603
        (workspace / "slow.toml").open("w"),  # opens once the program reads
    ):
        time.sleep(0.5)  # a signal between opening and reading would wait for the read's end
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert (running.returncode, told) == (130, "interrupted; what was stored stays\n")


STEPS = ["pull", "reconcile", "compact", "train", "score", "stage", "push"]
BEGINNING = ["demo", "sandbox", "init", "check", "fields"]
VERBS = [
    *BEGINNING,
    *STEPS,
    "run",
    "jobs",
    "serve",
    "status",
    "explain",
    "promises",
    "verify",
    "backtest",
    "card",
    "export",
]


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help_with_an_example(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """Help is one sentence, the options, and a line to paste."""
    code, out, _ = outcome(capsys, verb, "--help")
    assert code == 0
    assert f"Example: crmsync {verb}" in " ".join(out.split())


def test_no_verb_at_all_shows_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who types the bare name sees every verb, and a script fails."""
    code, out, _ = outcome(capsys)
    assert (code, [verb for verb in VERBS if f"  {verb} " not in out]) == (2, [])


def test_an_export_that_cant_be_written_is_one_line(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that isn't there is told with the file's name."""
    assert refused(capsys, "export", "run", "--out", "absent/run.csv").startswith(
        "E120 absent/run.csv: can't be written"
    )


def test_a_dry_run_of_nothing_says_so(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a plan there is nothing to look at, and nobody is asked."""
    assert outcome(capsys, "push", "--dry-run") == (0, "push hub (dry run): nothing waits\n", "")


@pytest.mark.parametrize("verb", [("push",), ("push", "--crm", "hub"), ("fields", "--create")])
def test_a_crm_that_may_only_be_read_is_never_written(
    workspace: Path, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    """What would write refuses in one line that names the key."""
    file = workspace / "config.toml"
    file.write_text(file.read_text().replace('kind = "hubspot"', 'kind = "hubspot"\nread_only = true'))
    assert refused(capsys, *verb).startswith("E213 config.toml:7: hub may only be read -> ")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("read_only = true", "hub: no result goes there, since read_only = true\n"),
        ("", "hub: no result goes there -> name fields in [crm.hub.fields]\n"),
    ],
)
def test_fields_of_a_crm_without_any_says_why(
    workspace: Path, capsys: pytest.CaptureFixture[str], key: str, told: str
) -> None:
    """Instead of a table without rows; the CRM isn't asked."""
    (workspace / "token").write_text("pat-test")
    hub = '[crm.hub]\nkind = "hubspot"\ntoken = "file:token"\nbase_url = "http://127.0.0.1:9"\n'
    (workspace / "config.toml").write_text(hub + key)
    assert outcome(capsys, "fields") == (0, told, "")


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A report of a fault can name which crmsync and which Python it was."""
    code, out, err = outcome(capsys, "--version")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"crmsync \d+\.\d+\.\d+\S*, Python 3\.\d+\.\d+\n", out)


def test_another_runner_is_left_alone(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """While another holds the lease a step does nothing and has an exit code of its own."""
    store = open_store(StoreConfig(url=f"sqlite:///{workspace / 'crmsync.db'}"))
    now = system_clock()
    runs.take_lease(store, NAME, holder="process 1 on elsewhere", now=now, until=now + 10**9)
    store.close()
    code, out, err = outcome(capsys, "train")
    assert (code, out, err[:4]) == (4, "", "E601")
