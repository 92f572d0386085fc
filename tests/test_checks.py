"""What `crmsync check` finds out."""

import re
import sys
from pathlib import Path

import pytest
import stamina

from crmsync.checks import findings, lines
from crmsync.clock import system_clock
from crmsync.config import StoreConfig
from crmsync.records import Finding
from crmsync.store import runs
from crmsync.store.engine import open_store

RETENTION = "[retention]\nscores_days = 90\n"
MODEL = 'features = ["age"]\n'
JOB = 'schedule = "0 * * * *"\nsteps = ["pull", "score"]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace without a CRM, in which all is well."""
    for folder in ("models", "jobs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "config.toml").touch()
    (tmp_path / "models" / "close.toml").write_text(MODEL)
    (tmp_path / "jobs" / "hourly.toml").write_text(JOB)
    return tmp_path


def found(root: Path) -> list[Finding]:
    """All findings of a workspace."""
    return list(findings(root / "config.toml"))


def failed(root: Path) -> tuple[str, str]:
    """Code and words of the only finding that failed."""
    (finding,) = [each for each in found(root) if each.level == "fail"]
    return finding.code, finding.what


def test_findings_of_a_workspace_without_a_crm_warn_of_that_only(root: Path) -> None:
    """Config, model, job, store, library and clock are fine; there is just nothing to read from."""
    assert [each.code for each in found(root) if each.level != "ok"] == ["C101"]


def test_findings_without_a_config_stop_there(tmp_path: Path) -> None:
    """Without a config there is one finding, with the way to get one."""
    (finding,) = found(tmp_path)
    assert (finding.code, finding.level, finding.remedy[:16]) == ("C101", "fail", "crmsync init DIR")


def test_findings_name_a_feature_that_isnt_there(root: Path) -> None:
    """A misspelt feature is found before a night's training meets it."""
    (root / "models" / "close.toml").write_text('features = ["agee"]\n')
    assert failed(root) == ("C102", f"{root / 'models' / 'close.toml'}: no feature 'agee'")


@pytest.mark.parametrize(
    ("job", "why"),
    [
        ('schedule = "0 * * *"\nsteps = ["pull"]\n', "schedule"),
        (JOB + 'crms = ["main"]\n', "no CRM 'main'"),
        (JOB + 'model = "open"\n', "no model 'open'"),
    ],
)
def test_findings_name_a_job_that_cant_run(root: Path, job: str, why: str) -> None:
    """A bad schedule, CRM or model of a job is found before its hour."""
    (root / "jobs" / "hourly.toml").write_text(job)
    code, what = failed(root)
    assert (code, why in what) == ("C103", True)


def test_a_models_fault_is_told_once(root: Path) -> None:
    """A job of that model says no more than that it can't run."""
    (root / "models" / "close.toml").write_text("features = []\n")
    (root / "jobs" / "hourly.toml").write_text(JOB.replace("pull", "score"))
    told = [each for each in lines(found(root)) if each.startswith("[fail]")]
    assert [line.split(": ")[-1] for line in told] == [
        "too few entries -> at least 1",
        "its model close can't be used -> mend what C102 names",
    ]


def test_finding_has_one_code(root: Path) -> None:
    """A fault that was met on the way is told under the finding's own code."""
    (root / "jobs" / "hourly.toml").write_text(JOB + 'crms = ["main"]\n')
    (line,) = [each for each in lines(found(root)) if each.startswith("[fail]")]
    assert re.findall(r"\b[CE]\d{3}\b", line) == ["C103"]


def test_findings_name_a_store_that_cant_be_opened(root: Path) -> None:
    """A store that is damaged is a finding, not a traceback."""
    (root / "crmsync.db").write_bytes(b"no database at all" * 100)
    assert failed(root)[0] == "C104"


def test_findings_name_a_clock_that_went_back(root: Path) -> None:
    """A machine whose clock is behind its own ledger can't be trusted with a schedule."""
    store = open_store(StoreConfig(url=f"sqlite:///{root / 'crmsync.db'}"))
    runs.begin(store, job="", step="pull", target="main", now=system_clock() + 10**12)
    store.close()
    assert failed(root)[0] == "C106"


def test_findings_name_a_crm_that_cant_be_configured(root: Path) -> None:
    """An unset secret of a CRM is a finding with file and line."""
    (root / "config.toml").write_text('[crm.hub]\nkind = "hubspot"\ntoken = "env:NOT_SET_ANYWHERE"\n')
    code, what = failed(root)
    assert (code, "config.toml:3: crm.hub.token" in what) == ("C108", True)


def test_findings_warn_of_secrets_that_others_may_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a secret that isn't its owner's alone, and a password in the config itself; neither is shown."""
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "2")
    for name, mode in (("open", 0o644), ("closed", 0o600)):
        (root / name).write_text("s3cret-word")
        (root / name).chmod(mode)
    store = '[store]\nurl = "postgresql+psycopg://me:s3cret-word@127.0.0.1:9/x"\n'
    crms = [
        f'[crm.{name}]\nkind = "hubspot"\ntoken = "file:{name}"\nbase_url = "http://127.0.0.1:9"\n'
        for name in ("open", "closed")
    ]
    (root / "config.toml").write_text(store + "".join(crms))
    with stamina.set_testing(True, attempts=1):
        all_of_them = found(root)
    warned = [each for each in all_of_them if each.code == "C111"]
    assert [(each.level, each.remedy[:9]) for each in warned] == [("warn", "chmod 600"), ("warn", "password ")]
    assert (str(root / "open") in warned[0].what, "config.toml:2: store.url" in warned[1].what) == (True, True)
    assert not [each for each in all_of_them if "s3cret-word" in f"{each}"]


def test_lines_end_with_the_counts() -> None:
    """The last line says whether anything is left to do."""
    told = lines([Finding("C101", "ok", "fine"), Finding("C204", "fail", "no field", "make it")])
    assert told == ["[ok] C101 fine", "[fail] C204 no field -> make it", "check: 1 passed, 0 warnings, 1 failed"]


def test_findings_name_an_address_of_alerts_that_nobody_knows(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its place in the list; what can be read is counted."""
    monkeypatch.setenv("ALERT_URL", "jsons://example.com/a-secret")
    (root / "config.toml").write_text('[alerts]\nurls = ["env:ALERT_URL"]\n')
    assert [each.what for each in found(root) if each.code == "C112"] == ["alerts: 1 address to tell"]
    monkeypatch.setenv("ALERT_URL", "nosuch://a-secret")
    assert failed(root) == ("C112", "apprise can't read address 1 of alerts.urls")


def test_findings_refuse_an_engine_as_serve_does(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PostgreSQL, and where it isn't installed, in the words of E320 and E321."""
    engine = '[engine]\nkind = "procrastinate"\n'
    (root / "config.toml").write_text(engine)
    code, what = failed(root)
    assert (code, what.partition("config.toml:2: ")[2]) == (
        "C113",
        "an engine keeps its queue in PostgreSQL, and the store is SQLite",
    )
    (root / "config.toml").write_text(engine + '[store]\nurl = "postgresql+psycopg://me@127.0.0.1:9/x"\n')
    told = [next(each.level for each in findings(root / "config.toml") if each.code == "C113")]
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    told += [next(each.what for each in findings(root / "config.toml") if each.code == "C113")]
    assert (told[0], "the engine isn't installed" in told[1]) == ("ok", True)


def test_check_finds_a_retention_that_no_job_carries_out(root: Path) -> None:
    """A policy without the step would delete nothing, and nobody would notice."""
    (root / "config.toml").write_text(RETENTION)
    told = [each.level for each in found(root) if each.code == "C114"]
    (root / "jobs" / "hourly.toml").write_text(JOB.replace('"score"', '"compact"'))
    assert [*told, *(each.level for each in found(root) if each.code == "C114")] == ["warn", "ok"]
