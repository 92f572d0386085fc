"""Jobs as tasks of an engine: what is handed out, and two real workers of which one is killed."""

from pathlib import Path

import pytest

from bench.portals import portals, share
from crmsync import fanout, workspace
from crmsync.cli import main
from crmsync.config import Config, CrmConfig, EngineConfig, StoreConfig
from crmsync.errors import BadConfig
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.local import HUBSPOT, LocalCrms
from crmsync.store import runs
from crmsync.store.engine import open_store
from crmsync.store.runs import JOB
from crmsync.watch import Watch
from tests.store.rows import T0
from tests.story.tale import NOW

PORTALS, LATENCY_S = 3, 0.1
STEPS = {"hourly": ["pull"], "nightly": ["pull", "score"], "main_only": ["stage", "push"]}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A workspace with two CRMs and three jobs, one of them of one CRM only."""
    (tmp_path / "jobs").mkdir()
    for name, steps in STEPS.items():
        crms = '["main"]' if name == "main_only" else "[]"
        (tmp_path / "jobs" / f"{name}.toml").write_text(f'schedule = "0 * * * *"\nsteps = {steps}\ncrms = {crms}\n')
    two = {name: CrmConfig(name=name, kind="salesforce") for name in ("main", "other")}
    store = StoreConfig(url=f"sqlite:///{tmp_path / 'store.db'}")
    return Config(store=store, crm=two, file=tmp_path / "config.toml", engine=EngineConfig(kind="procrastinate"))


def test_jobs_are_served_for_each_crm_by_itself_with_an_engine(config: Config) -> None:
    """A job that concerns CRMs only is one job for each, under a name of its own; one with a model's step stays whole."""
    served = {name: spec.crms for name, spec in workspace.served(config).items()}
    one_by_one = {"hourly@main": ("main",), "hourly@other": ("other",), "main_only@main": ("main",)}
    assert served == {**one_by_one, "nightly": ()}


def test_jobs_are_served_as_they_are_without_an_engine(config: Config) -> None:
    """No file has to change."""
    assert workspace.served(config.model_copy(update={"engine": EngineConfig()})) == workspace.jobs(config.file.parent)


def test_part_of_a_job_can_be_run_by_its_own_name(config: Config) -> None:
    """What status names when it fails is what `crmsync run` takes."""
    (config.file.parent / "jobs" / "write.toml").write_text('schedule = "0 * * * *"\nsteps = ["stage"]\n')
    config.file.write_text('[engine]\nkind = "procrastinate"\n[crm.main]\nkind = "salesforce"\n')
    assert main(("run", "write@main", "--config", str(config.file))) == 0


def test_engine_without_postgresql_is_refused(config: Config) -> None:
    """Its queue couldn't live there; nothing begins."""
    store = open_store(config.store)
    with pytest.raises(BadConfig, match="E320"):
        fanout.serve(config, store, tell=print)
    store.close()


def test_task_that_comes_before_its_turn_is_tried_again(config: Config) -> None:
    """Where the database's clock is ahead, the task of a run that was put off comes too early; dropped, nobody would do it."""
    store = open_store(config.store)
    later = runs.begin(store, job="hourly@main", step=JOB, target="hourly@main", now=T0)
    runs.end(store, later, status="later", counts={}, message="", now=T0)
    early = fanout.Engine(config, store, tell=print, clock=lambda: T0, watch=Watch(), pulse=fanout.Pulse())
    with pytest.raises(fanout.NotYet):
        early.perform(job="hourly@main", timestamp=T0)
    store.close()


def test_worker_that_ends_by_a_defect_ends_the_service(config: Config, postgresql_url: str) -> None:
    """A service that hands in and never works would look well: what ended its worker is raised instead."""
    there = config.model_copy(update={"store": StoreConfig(url=postgresql_url)})
    store = open_store(there.store)

    def tell(line: str) -> None:
        if "E306" in line:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fanout.serve(there, store, tell=tell, pulse=fanout.Pulse(rescue="no cron"))
    store.close()


def test_two_workers_serve_all_portals_though_one_is_killed(tmp_path: Path, postgresql_url: str) -> None:
    """Each portal is pulled once and whole, none by two at a time, and what the killed worker was at is done by the other."""
    world = generate(deals=40, seed=3, law=LAWS["milestones"], now=NOW)
    with LocalCrms(world, tmp_path / "crms", crms=(HUBSPOT,), frozen=True, paced=False) as local:
        local.served[HUBSPOT].server.latency_s = LATENCY_S
        (tmp_path / "work").mkdir()
        found = share(portals(tmp_path / "work", local, url=postgresql_url, count=PORTALS), kill_after=0)
    assert (found.done, found.again, found.overlaps, len(found.facts)) == (PORTALS, 0, 0, 1)
    assert found.broken > 0
