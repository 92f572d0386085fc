"""What verbs need before they can begin: the config, the open store, a pipeline whose steps show progress and obey signals."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crmsync import config as configs
from crmsync import schedule, workspace
from crmsync.clock import system_clock
from crmsync.config import Config
from crmsync.errors import CrmsyncError
from crmsync.log import JsonLog
from crmsync.pipeline import Pipeline
from crmsync.progress import stoppable, watching
from crmsync.runner import Runner
from crmsync.store import runs
from crmsync.store.engine import Store, open_store
from crmsync.store.runs import RunRow
from crmsync.terminal import Terminal, write
from crmsync.views import ledger
from crmsync.workspace import JobSpec


@contextmanager
def opened(terminal: Terminal) -> Iterator[tuple[Config, Store]]:
    """The config that was asked for, and its store. Raises BadConfig."""
    config = configs.load(terminal.config)
    store = open_store(config.store)
    try:
        yield config, store
    finally:
        store.close()


def steps(terminal: Terminal, work: Callable[[Pipeline], list[RunRow]]) -> int:
    """Runs steps and shows their rows of the ledger, after a fault those that ran before it. Gives 1 when records failed."""
    with opened(terminal) as (config, store):
        before = runs.newest_id(store)
        try:
            with watching() as watch:
                rows = work(Pipeline(config, store, watch=watch))
        except CrmsyncError:
            terminal.told = runs.after(store, before)
            if not terminal.as_json:
                terminal.show(None, [ledger.line(row) for row in terminal.told])
            raise
    terminal.show(rows, [ledger.line(row) for row in rows])
    return partial(rows)


def run_job(terminal: Terminal, name: str) -> int:
    """Runs a job and shows the rows of its steps, or with `[log] format = "json"` each as an event while it runs."""

    def run(pipeline: Pipeline) -> list[RunRow]:
        runner = Runner(pipeline.config, pipeline.store, watch=pipeline.watch)
        part = workspace.served(pipeline.config).get(name)  # an engine's part of a job goes by a name of its own
        return runner.run(part or workspace.job(pipeline.root, name))

    if configs.load(terminal.config).log.format == "json" and not terminal.as_json:
        with opened(terminal) as (config, store), stoppable(JsonLog(write)) as log:
            return partial(run(Pipeline(config, store, watch=log)))
    return steps(terminal, run)


def partial(rows: Iterable[RunRow]) -> int:
    """The exit code of steps that were not stopped: 1 when records failed."""
    return int(any(row.status == "partial" for row in rows))


def root(config: Config) -> Path:
    """The workspace's folder."""
    return config.file.resolve().parent


def next_runs(specs: Mapping[str, JobSpec]) -> dict[str, int]:
    """When each job is due. Raises BadConfig for a schedule that can't be read."""
    now = system_clock()
    return {name: schedule.next_run(spec, after=now) for name, spec in specs.items()}


def jobs(config: Config) -> tuple[list[JobSpec], str]:
    """The jobs; one that can't be read leaves all of them out, and says why."""
    try:
        specs = workspace.served(config)
        next_runs(specs)
    except CrmsyncError as fault:
        return [], str(fault)
    return list(specs.values()), ""


def model_names(config: Config) -> list[str]:
    """The names of the models, whether they can be read or not."""
    return sorted(file.stem for file in (root(config) / "models").glob("*.toml"))
