"""What `crmsync check` finds out, without changing anything in a CRM.

C101 config, C102 models, C103 jobs, C104 store, C105 SQLite library, C106 this machine's clock, C107 who is at work, C108 a CRM's
part of the config. The rooms of the CRMs add C201 and following.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from crmsync import config as configs
from crmsync import crm, workspace
from crmsync.clock import Clock, system_clock
from crmsync.config import Config
from crmsync.errors import CrmsyncError
from crmsync.forecast.feature import FEATURES
from crmsync.forecast.features import ALL
from crmsync.records import Finding
from crmsync.store import engine, runs
from crmsync.store.engine import Store
from crmsync.store.lease import NAME
from crmsync.views.cells import moment
from crmsync.workspace import JobSpec, ModelSpec

WRITTEN_AT = 1_760_000_000_000_000  # October 2025: a clock before it is wrong

NextRun = Callable[[JobSpec, int], int]  # when a job is due after an instant; raises BadConfig


def findings(file: Path | None, *, next_run: NextRun, clock: Clock = system_clock) -> Iterator[Finding]:
    """One after the other. Without a config there is nothing else to look at. `next_run` is the scheduler's."""
    try:
        config = configs.load(file)
    except CrmsyncError as error:
        yield failed("C101", error)
        return
    yield Finding("C101", "ok", f"{config.file}: {len(config.crm)} CRMs")
    if not config.crm:
        yield Finding("C101", "warn", f"{config.file}: no CRM is configured", "add a [crm.NAME] table")
    root = config.file.resolve().parent
    yield from _models(root)
    yield from _jobs(root, config, next_run=next_run, now=clock())
    yield from _store(config, now=clock())
    for name in config.crm:
        yield from _crm(config, name)


def failed(code: str, error: CrmsyncError) -> Finding:
    """A fault as a finding."""
    place = f"{error.where}: " if error.where else ""
    return Finding(code, "fail", f"{error.code} {place}{error.what}", error.remedy)


def _models(root: Path) -> Iterator[Finding]:
    try:
        models = workspace.models(root)
    except CrmsyncError as error:
        yield failed("C102", error)
        return
    if not models:
        yield Finding("C102", "warn", f"no model in {root / 'models'}", "crmsync init DIR makes a workspace with one")
    for spec in models.values():
        yield _model(spec)


def _model(spec: ModelSpec) -> Finding:
    unknown = [name for name in spec.features if name not in FEATURES]
    if unknown:
        remedy = f"one of: {', '.join(sorted(ALL))}"
        return Finding("C102", "fail", f"{spec.file}: no feature {unknown[0]!r}", remedy)
    return Finding("C102", "ok", f"model {spec.name}: {len(spec.features)} features")


def _jobs(root: Path, config: Config, *, next_run: NextRun, now: int) -> Iterator[Finding]:
    try:
        jobs = workspace.jobs(root)
    except CrmsyncError as error:
        yield failed("C103", error)
        return
    for spec in jobs.values():
        try:
            _names(spec, root, config)
            yield Finding("C103", "ok", f"job {spec.name}: next at {moment(next_run(spec, now))}")
        except CrmsyncError as error:
            yield failed("C103", error)


def _names(spec: JobSpec, root: Path, config: Config) -> None:
    """Raises BadConfig when a CRM or model that a job names isn't there."""
    for name in spec.crms:
        config.only_crm(name)
    if {"train", "score"} & set(spec.steps):
        workspace.model(root, spec.model)


def _store(config: Config, *, now: int) -> Iterator[Finding]:
    try:
        store = engine.open_store(config.store)
    except CrmsyncError as error:
        yield failed("C104", error)
        return
    try:
        yield Finding("C104", "ok", f"store {store.url}: schema {engine.HEAD}")
        yield _library(store)
        yield _clock(store, now=now)
        holder = runs.lease_holder(store, NAME)
        yield Finding("C107", "ok", f"{holder} is at work" if holder else "nobody is at work")
    finally:
        store.close()


def _library(store: Store) -> Finding:
    if not store.url.startswith("sqlite"):
        return Finding("C105", "ok", "the store isn't SQLite")
    library, journal = engine.sqlite_library(), engine.journal_mode(store)
    what = f"SQLite {library.sqlite_version}, journal {journal}"
    if library.sqlite_version_info >= engine.WAL_SAFE_FROM:
        return Finding("C105", "ok", what)
    safe = ".".join(map(str, engine.WAL_SAFE_FROM))
    return Finding("C105", "warn", f"{what}: before {safe}, so readers wait for writers", "pip install pysqlite3")


def _clock(store: Store, *, now: int) -> Finding:
    last = max((row.started_at for row in runs.newest(store)), default=WRITTEN_AT)
    what = f"this machine's clock says {moment(now)}"
    if now < last:
        return Finding("C106", "fail", f"{what}, before {moment(last)}", "set the clock by NTP")
    return Finding("C106", "ok", what)


def _crm(config: Config, name: str) -> Iterator[Finding]:
    try:
        yield from crm.connect(config.crm[name]).check()
    except CrmsyncError as error:
        yield failed("C108", error)


def lines(found: Iterable[Finding]) -> list[str]:
    """A line for each finding, and the counts at the end."""
    every = list(found)
    told = [f"[{it.level}] {it.code} {it.what}" + (f" -> {it.remedy}" if it.remedy else "") for it in every]
    counts = Counter(it.level for it in every)
    return [*told, f"check: {counts['ok']} passed, {counts['warn']} warnings, {counts['fail']} failed"]
