"""What `crmsync check` finds out, without changing anything in a CRM.

C101 config, C102 models, C103 jobs, C104 store, C105 SQLite library, C106 this machine's clock, C107 who is at work, C108 a CRM's
part of the config, C109 the account that the store holds, C110 the calls that the jobs need, C111 secrets that others may read,
C112 addresses of alerts, C113 the engine, C114 who compacts. The rooms of the CRMs add C201 and following.
"""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from crmsync import alerts, crm, demand, fanout, workspace
from crmsync import config as configs
from crmsync.clock import Clock, system_clock
from crmsync.config import Config
from crmsync.crm import Crm
from crmsync.errors import BadConfig, CrmsyncError
from crmsync.findings import failed, named
from crmsync.forecast.features import FEATURES
from crmsync.records import Finding
from crmsync.schedule import next_run
from crmsync.store import accounts, engine, runs
from crmsync.store.engine import Store
from crmsync.store.lease import at_work
from crmsync.toml import locate
from crmsync.views.cells import moment
from crmsync.words import many
from crmsync.workspace import JobSpec, ModelSpec

WRITTEN_AT = 1_760_000_000_000_000  # October 2025: a clock before it is wrong

BUSY_SHARE = 0.5  # of a day's calls: other apps need the rest


def findings(file: Path | None, *, clock: Clock = system_clock) -> Iterator[Finding]:
    """One after the other. Without a config there is nothing else to look at."""
    try:
        config = configs.load(file)
    except CrmsyncError as error:
        yield failed("C101", error)
        return
    if config.crm:
        yield Finding("C101", "ok", f"{config.file}: {many(len(config.crm), 'CRM')}")
    else:
        yield Finding("C101", "warn", f"{config.file}: no CRM is configured", "add a [crm.NAME] table")
    root = config.file.resolve().parent
    yield from _secrets(config)
    if config.alerts.urls:
        yield _alerts(config)
    if config.engine.kind:
        yield _engine(config)
    yield from _models(root)
    jobs = yield from _jobs(root, config, now=clock())
    if config.retention.is_set:
        yield _retention(jobs)
    store = yield from _store(config, now=clock())
    try:
        for name in config.crm:
            yield from _crm(config, name, _Kept(store, jobs, clock()))
    finally:
        if store is not None:
            store.close()


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the earlier findings opened and read. `store`: None when it can't be opened."""

    store: Store | None
    jobs: list[JobSpec]
    now: int


def _secrets(config: Config) -> Iterator[Finding]:
    """Files of secrets that others on this machine may read, and a password that stands in the config itself."""
    open_files = [file for file in configs.secret_files(config.file) if file.exists() and file.stat().st_mode & 0o077]
    for file in open_files:
        yield Finding("C111", "warn", f"others on this machine may read the secret in {file}", f"chmod 600 {file}")
    if urlsplit(config.store.url).password:
        what = f"{locate(config.file, ['store', 'url'])}: store.url holds the password itself"
        yield Finding("C111", "warn", what, 'password = "env:NAME" in [store], and change that password')


def _alerts(config: Config) -> Finding:
    what, _, remedy = alerts.problem(config.alerts).partition(" -> ")
    level, count = "fail" if what else "ok", len(config.alerts.urls)
    return Finding("C112", level, what or f"alerts: {count} {'address' if count == 1 else 'addresses'} to tell", remedy)


def _engine(config: Config) -> Finding:
    try:
        fanout.require(config)
    except CrmsyncError as error:
        return failed("C113", error)
    return Finding("C113", "ok", f"engine {config.engine.kind}: installed, its queue lives in the store")


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
        remedy = f"one of: {', '.join(sorted(FEATURES))}"
        return Finding("C102", "fail", f"{spec.file}: no feature {unknown[0]!r}", remedy)
    return Finding("C102", "ok", f"model {spec.name}: {many(len(spec.features), 'feature')}")


def _jobs(root: Path, config: Config, *, now: int) -> Generator[Finding, None, list[JobSpec]]:
    """Gives the jobs that can run."""
    good: list[JobSpec] = []
    try:
        jobs = workspace.jobs(root)
    except CrmsyncError as error:
        yield failed("C103", error)
        return good
    for spec in jobs.values():
        try:
            _names(spec, root, config)
            yield Finding("C103", "ok", f"job {spec.name}: next at {moment(next_run(spec, after=now))}")
            good.append(spec)
        except CrmsyncError as error:
            yield failed("C103", error)
    return good


def _retention(jobs: Iterable[JobSpec]) -> Finding:
    if names := [spec.name for spec in jobs if "compact" in spec.steps]:
        return Finding("C114", "ok", f"retention: by {', '.join(names)}")
    return Finding(
        "C114", "warn", "retention: no job has the step compact", 'steps = [..., "compact"] in jobs/daily.toml'
    )


def _names(spec: JobSpec, root: Path, config: Config) -> None:
    """Raises BadConfig when a CRM or model that a job names isn't there, or can't be used."""
    for name in spec.crms:
        config.only_crm(name)
    if {"train", "score"} & set(spec.steps):
        _model_of(spec, root)


def _model_of(spec: JobSpec, root: Path) -> None:
    try:
        workspace.model(root, spec.model)
    except BadConfig as error:
        if error.code == "E110":
            raise
        what = f"its model {spec.model} can't be used"  # the model's own finding says why, once for all of its jobs
        raise BadConfig(error.code, what, where=str(spec.file), remedy="mend what C102 names") from None


def _store(config: Config, *, now: int) -> Generator[Finding, None, Store | None]:
    """Gives the open store."""
    try:
        store = engine.open_store(config.store)
    except CrmsyncError as error:
        yield failed("C104", error)
        return None
    yield Finding("C104", "ok", f"store {store.url}: schema {engine.HEAD}")
    yield _library(store)
    yield _clock(store, now=now)
    names = ", ".join(at_work(store))
    yield Finding("C107", "ok", f"{names} is at work" if names else "nobody is at work")
    return store


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


def _crm(config: Config, name: str, kept: _Kept) -> Iterator[Finding]:
    reached = False
    try:
        it = crm.connect(config.crm[name])
        for finding in it.check():
            reached = reached or (finding.code, finding.level) == ("C201", "ok")
            yield finding
        if reached and kept.store is not None:
            yield _account(kept.store, it)
            yield _calls(kept.store, it, kept)
    except CrmsyncError as error:
        yield failed("C108", error)


def _account(store: Store, it: Crm) -> Finding:
    account = it.account()
    try:
        accounts.require(store, it.name, account)
    except CrmsyncError as error:
        return failed("C109", error)
    held = "the store holds its deals" if accounts.known(store, it.name) else "the store holds nothing of it yet"
    return Finding("C109", "ok", f"{it.name}: account {account}{named(it.place())}, {held}")


def _calls(store: Store, it: Crm, kept: _Kept) -> Finding:
    """What the jobs need, by the newest runs that ended well where there are any, against what the CRM allows."""
    good = {step: runs.last(store, step, it.name, statuses=runs.GOOD) for step in demand.CALLING}
    measured = {step: row.counts["calls"] for step, row in good.items() if row is not None and "calls" in row.counts}
    need = demand.of(kept.jobs, it.name, measured=measured, least=len(it.streams()), now=kept.now)
    _, most = it.allowance()
    words = f"{it.name}: the jobs need about {many(need.calls, 'call')} a day ({', '.join(need.parts) or 'none of them calls'})"
    if need.guessed:
        words += f"; {', '.join(need.guessed)}: no run has ended well yet, they count as one call an object, which is the least"
    words += f"; the CRM allows {most:,}" if most else "; the CRM doesn't tell how many it allows"
    if most and need.calls > most * BUSY_SHARE:
        return Finding("C110", "warn", words, "fewer runs in jobs/, or a larger allowance")
    return Finding("C110", "ok", words)


def lines(found: Iterable[Finding]) -> list[str]:
    """A line for each finding, and the counts at the end."""
    every = list(found)
    told = [f"[{it.level}] {it.code} {it.what}" + (f" -> {it.remedy}" if it.remedy else "") for it in every]
    counts = Counter(it.level for it in every)
    return [*told, f"check: {counts['ok']} passed, {many(counts['warn'], 'warning')}, {counts['fail']} failed"]
