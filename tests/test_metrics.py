"""The figures for Prometheus, scraped over HTTP."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from crmsync import metrics
from crmsync.config import Config, CrmConfig, MetricsConfig, StoreConfig
from crmsync.errors import BadConfig
from crmsync.store import fits, notices, outbox, runs, tables
from crmsync.store.engine import Store, open_store
from crmsync.store.runs import JOB
from tests.store.rows import CRM, SECOND, T0, add, run, score

HOUR = 3600 * SECOND
FULL = T0 - T0 % HOUR + HOUR  # a full hour

Figures = dict[tuple[str, ...], float]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = open_store(StoreConfig(url=f"sqlite:///{tmp_path / 'store.db'}"))
    yield opened
    opened.close()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A workspace with one CRM, one model and one job."""
    for folder, name, text in (
        ("jobs", "hourly", 'schedule = "0 * * * *"\nsteps = ["pull"]\n'),
        ("models", "close", ""),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.toml").write_text(text)
    return Config(
        crm={CRM: CrmConfig(name=CRM, kind="salesforce")},
        metrics=MetricsConfig(listen="127.0.0.1:0"),
        file=tmp_path / "config.toml",
    )


@contextmanager
def served(config: Config, store: Store, *, now: int = FULL) -> Iterator[str]:
    """The address of the figures while the block lasts."""
    with metrics.serving(config, store, clock=lambda: now) as port:
        yield f"http://127.0.0.1:{port}/metrics"


def scraped(config: Config, store: Store, *, now: int = FULL) -> Figures:
    """What a scrape gives: name and values of labels, sorted by label -> value."""
    with served(config, store, now=now) as address:
        text = requests.get(address, timeout=20).text
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_of_an_empty_store_say_that_it_can_be_read(config: Config, store: Store) -> None:
    """A job that couldn't have run yet is fine."""
    found = scraped(config, store)
    assert (found["crmsync_up",], found["crmsync_job_state", "hourly", "fine"]) == (1.0, 1.0)


def test_figures_are_the_ledgers(config: Config, store: Store) -> None:
    """Runs by state, the last success, and what the newest run counted; the same after a restart."""
    for status in ("done", "failed"):
        number = runs.begin(store, job="", step="pull", target=CRM, now=T0 + (status == "failed") * HOUR)
        counts = {"read": 9, "unchanged": 7, "calls": 4, "calls_left": 96}
        runs.end(store, number, status=status, counts=counts, message="", now=T0 + HOUR + 2 * SECOND)
    found = scraped(config, store)
    assert {key: value for key, value in found.items() if "pull" in key or "calls_left" in key[0]} == {
        ("crmsync_runs_total", "done", "pull", CRM): 1,
        ("crmsync_runs_total", "failed", "pull", CRM): 1,
        ("crmsync_last_success_timestamp_seconds", "pull", CRM): T0 / SECOND,
        ("crmsync_last_run_duration_seconds", "pull", CRM): 2,
        ("crmsync_last_run_api_calls", "pull", CRM): 4,
        ("crmsync_last_run_records", "read", "pull", CRM): 9,
        ("crmsync_last_run_records", "unchanged", "pull", CRM): 7,
        ("crmsync_api_calls_left", CRM): 96,
    }
    assert scraped(config, store) == found


def test_figures_of_a_job_change_when_nothing_runs(config: Config, store: Store) -> None:
    """The state is of the very moment of the scrape."""
    number = runs.begin(store, job="hourly", step=JOB, target="hourly", now=FULL)
    runs.end(store, number, status="done", counts={}, message="", now=FULL)
    found = scraped(config, store, now=FULL + 3 * HOUR)
    assert (found["crmsync_job_state", "hourly", "silent"], found["crmsync_job_missed_runs", "hourly"]) == (1, 3)
    assert found["crmsync_job_next_run_timestamp_seconds", "hourly"] == (FULL + 4 * HOUR) / SECOND


def test_figures_tell_what_waits_and_what_is_set_aside(config: Config, store: Store) -> None:
    """Planned values, values without an answer, bad records, notices that nobody took."""
    add(store, tables.Deal, _deal())
    add(store, tables.Score, score())
    value = {"digest": "d", "run_id": run(store, "stage"), "score_id": 1, "deal_id": 1, "crm": CRM, "crm_id": "D1"}
    texts = {"result": "probability", "target": "P__c", "old": None, "new": "1.0", "reason": ""}
    outbox.plan(store, [{**value, **texts}] * 3)
    outbox.note(store, [(1, outbox.UNCLEAR, "reset")], run_id=1, now=T0)
    add(store, tables.Quarantine, {"crm": CRM, "source": "Task", "crm_id": "T1", "reason": "no date", "run_id": 1})
    notices.add(store, notices.Notice("hourly", "ping", T0, 0, 1, "start"))
    found = scraped(config, store)
    assert (found["crmsync_outbox_waiting_values", CRM], found["crmsync_outbox_unsettled_values", CRM]) == (2, 1)
    assert (found["crmsync_quarantined_records", CRM, "Task"], found["crmsync_pings_failed_total", "hourly"]) == (1, 1)


def _deal() -> dict[str, object]:
    texts = dict.fromkeys(("name", "account", "owner", "pipeline", "segment", "stage", "currency"), "")
    return {**texts, "crm": CRM, "crm_id": "D1", "created_at": T0, "modified_at": T0}


def test_figures_tell_what_the_gate_said(config: Config, store: Store) -> None:
    """The newest fit was held back, the one before it still scores."""
    row = {"model": "close", "run_id": 1, "digest": "d", "body": "{}", "verdict": ""}
    fits.save(store, **row, as_of=T0, used=True)
    fits.save(store, **row, as_of=T0 + HOUR, used=False)
    found = scraped(config, store)
    assert found["crmsync_fit_gate_passed", "close"] == 0
    assert found["crmsync_fit_as_of_timestamp_seconds", "close"] == T0 / SECOND


def test_names_are_as_prometheus_wants_them(config: Config, store: Store) -> None:
    """Counters end in _total, times are seconds; nothing about this process, which isn't the ledger."""
    run(store, "pull")
    with served(config, store) as address:
        text = requests.get(address, timeout=20).text
    kinds = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE"))
    assert {name for name, kind in kinds.items() if kind == "counter"} == {
        name for name in kinds if name.endswith("_total")
    }
    assert all(name.startswith("crmsync_") for name in kinds)


def test_scrape_of_a_store_that_is_gone_says_so(config: Config, store: Store, tmp_path: Path) -> None:
    """The figures don't stand still: there is one, and it is zero."""
    with served(config, store) as address:
        with store.write() as connection:
            connection.exec_driver_sql("DROP TABLE run")
        text = requests.get(address, timeout=20).text
    assert [line for line in text.splitlines() if not line.startswith("#")] == ["crmsync_up 0.0"]


def test_port_that_is_taken_is_one_line(config: Config, store: Store) -> None:
    """Whoever starts the service is told at once."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = MetricsConfig(listen=f"127.0.0.1:{taken.getsockname()[1]}")
        serving = metrics.serving(config.model_copy(update={"metrics": listen}), store)
        with pytest.raises(BadConfig, match=r"E113 metrics.listen: can't listen on 127.0.0.1:"), serving:
            pass


def test_nothing_listens_unless_it_is_asked_for(config: Config, store: Store) -> None:
    """The default opens no port."""
    with metrics.serving(config.model_copy(update={"metrics": MetricsConfig()}), store) as port:
        assert port == 0
