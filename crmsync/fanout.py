"""Many CRM accounts over many processes: jobs as tasks of procrastinate, an engine whose queue lives in the store's PostgreSQL.

Each `serve` hands in what is due, which the engine takes once for each time of a job, and works on what anybody handed in. No two
tasks of one CRM run at once; those of a worker that gives no more sign of life go to another. Ledger and leases stay as without an
engine: they, not the queue, say what has been done. The only file that imports procrastinate.
"""

import asyncio
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from sqlalchemy import inspect, make_url

from crmsync import scheduler, workspace
from crmsync.clock import Clock, system_clock
from crmsync.config import Config
from crmsync.errors import BadConfig, CrmsyncError, LeaseHeld, RetryLater
from crmsync.runner import RETRY_S, Runner
from crmsync.scheduler import HELD_S, Tell
from crmsync.store.engine import Store, alone, open_store
from crmsync.store.runs import RunRow
from crmsync.toml import locate
from crmsync.watch import Watch
from crmsync.workspace import JobSpec

TASK, RESCUE = "crmsync run", "crmsync rescue"
ANSWER_S = 60.0  # for the queue to take a task
CONNECTIONS = 4  # of the engine's own; each run has those of its store besides


class NotYet(Exception):
    """A task came before its turn: the database's clock is ahead of this machine's, or the run was put off meanwhile."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a worker shows that it lives, and when one is taken for dead. Times are far longer than a database may be busy."""

    every_s: float = 10.0
    dead_after_s: float = 60.0
    rescue: str = "* * * * * */30"  # cron with seconds: when tasks of the dead are given to others


def serve(
    config: Config,
    store: Store,
    *,
    tell: Tell,
    clock: Clock = system_clock,
    watch: Watch | None = None,
    pulse: Pulse | None = None,
) -> None:
    """Hands in and works, until `watch.stopping`. Raises BadConfig E320 without PostgreSQL, E321 without the engine."""
    require(config)
    engine = Engine(config, store, tell=tell, clock=clock, watch=watch or Watch(), pulse=pulse or Pulse())
    with engine.working():
        scheduler.follow(engine.jobs, engine, tell=tell)


def require(config: Config) -> None:
    """Raises BadConfig E320 when the store is no PostgreSQL, E321 when the engine isn't installed."""
    where = locate(config.file, ["engine", "kind"])
    if config.store.url.startswith("sqlite"):
        what = "an engine keeps its queue in PostgreSQL, and the store is SQLite"
        raise BadConfig("E320", what, where=where, remedy="store.url = postgresql+psycopg://..., or no engine")
    if find_spec("procrastinate") is None:
        raise BadConfig("E321", "the engine isn't installed", where=where, remedy='pip install "crmsync[engine]"')


class Engine(Runner):
    """A runner that hands jobs in instead of running them, and a worker beside it, in a thread with a loop of its own."""

    def __init__(self, config: Config, store: Store, *, tell: Tell, clock: Clock, watch: Watch, pulse: Pulse) -> None:
        super().__init__(config, store, clock=clock, watch=watch)
        self.jobs = workspace.served(config)
        self._tell, self._pulse = tell, pulse
        self._runners: dict[str, Runner] = {}
        self._loop: asyncio.AbstractEventLoop  # the worker's, once it works
        self._ended = asyncio.Event()
        self._queue: Any = None  # the engine's job manager, while it is connected

    def run(self, spec: JobSpec, *, due: int | None = None) -> list[RunRow]:
        """Hands a job in for a time; nothing has run yet. Raises RetryLater when the queue can't be reached."""
        from procrastinate.exceptions import ProcrastinateException
        from procrastinate.jobs import Job

        at = self.clock() if due is None else due
        told = {"job": spec.name, "timestamp": at}
        job = Job(queue="default", lock=_lock(spec), queueing_lock=None, task_name=TASK, task_kwargs=told)
        try:
            if self._queue is not None:
                taken = self._queue.defer_periodic_job(job=job, periodic_id=spec.name, defer_timestamp=at)
                asyncio.run_coroutine_threadsafe(taken, self._loop).result(ANSWER_S)
                return []
        except (ProcrastinateException, TimeoutError):
            pass
        raise RetryLater("E306", "the queue can't be reached", where=self.store.url, remedy="it is tried again")

    @contextmanager
    def working(self) -> Iterator[None]:
        """Works while the block runs, and ends what it is at."""
        _prepare(self.store)
        for library in ("procrastinate", "psycopg.pool"):
            logging.getLogger(library).setLevel(logging.CRITICAL)  # a traceback may quote anything; the ledger has it
        up = threading.Event()
        with ThreadPoolExecutor(1) as thread:
            worker = thread.submit(asyncio.run, self._work(up))
            worker.add_done_callback(lambda _: self._stop())  # be it by a defect
            up.wait()
            try:
                yield
            finally:
                with suppress(RuntimeError):  # it has ended already
                    self._loop.call_soon_threadsafe(self._ended.set)
                worker.result()

    def _stop(self) -> None:
        """Ends the service with its worker."""
        self.watch.stopping = True

    async def _work(self, up: threading.Event) -> None:
        """Works over one connection after the other."""
        self._loop = asyncio.get_running_loop()
        from procrastinate.exceptions import ProcrastinateException
        from psycopg import Error

        with ThreadPoolExecutor(self.config.engine.parallel) as threads:
            self._loop.set_default_executor(threads)
            while not self._ended.is_set():
                why = "the worker stopped"  # as it does when one of its connections is lost
                try:
                    await self._connected(up)
                except (ProcrastinateException, Error) as fault:
                    why = type(fault).__name__
                finally:
                    self._queue = None
                    up.set()
                if not self._ended.is_set():
                    self._tell(f"E306 the queue can't be reached ({why}) -> it is tried again")
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._ended.wait(), HELD_S)

    async def _connected(self, up: threading.Event) -> None:
        app = self._app()
        async with app.open_async():
            self._queue = app.job_manager
            up.set()
            worker = asyncio.create_task(
                app.run_worker_async(
                    concurrency=self.config.engine.parallel,
                    delete_jobs="always",  # the ledger keeps what has been done
                    install_signal_handlers=False,
                    update_heartbeat_interval=self._pulse.every_s,
                    stalled_worker_timeout=self._pulse.dead_after_s,
                )
            )
            ended = asyncio.create_task(self._ended.wait())
            await asyncio.wait({worker, ended}, return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    def _app(self) -> Any:
        """The engine with its two tasks: one run of a job, and the search for tasks whose worker is dead."""
        from procrastinate import App, PsycopgConnector

        url = make_url(self.config.store.url).set(drivername="postgresql")
        if self.config.store.password is not None:
            url = url.set(password=self.config.store.password.get_secret_value())
        address = url.render_as_string(hide_password=False)
        app = App(connector=PsycopgConnector(conninfo=address, min_size=1, max_size=CONNECTIONS))

        async def rescue(timestamp: int) -> None:  # noqa: ARG001 - the engine tells it
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._pulse.dead_after_s):
                await app.job_manager.retry_job(job=job)

        app.task(name=TASK, retry=_patience())(self.perform)
        app.periodic(cron=self._pulse.rescue)(app.task(name=RESCUE, lock=RESCUE, queueing_lock=RESCUE)(rescue))
        return app

    def perform(self, *, job: str, timestamp: int) -> None:
        """Runs a job for the time that it was handed in for, in a thread. What is to be tried again is raised."""
        spec = self.jobs.get(job)
        if spec is None:
            self._tell(
                f"{job}: handed in by another machine, and there is no such job here -> one config and jobs/ for all"
            )
            return
        runner = self._runner(_lock(spec))
        try:
            runner.run(spec, due=timestamp)
            if runner.turn(spec, due=timestamp) is not None:
                raise NotYet
        except LeaseHeld:
            raise
        except CrmsyncError as fault:
            self._tell(f"{job}: {fault}")
            if isinstance(fault, RetryLater):
                raise
        finally:
            runner.store.close()  # its connections; the next run makes new ones

    def _runner(self, lock: str) -> Runner:
        """The one that runs what this lock keeps one at a time, so that it may keep what it has learnt of its CRM."""
        if lock not in self._runners:
            store = open_store(self.config.store)
            self._runners[lock] = Runner(self.config, store, clock=self.clock, watch=self.watch)
        return self._runners[lock]


def _lock(spec: JobSpec) -> str:
    """What no two tasks may have at once: a CRM, or a job over several."""
    return f"crm {spec.crms[0]}" if len(spec.crms) == 1 else f"job {spec.name}"


def _prepare(store: Store) -> None:
    """Makes the engine's tables where there are none."""
    from procrastinate.schema import SchemaManager

    with store.write() as connection:
        alone(connection)
        if not inspect(connection).has_table("procrastinate_jobs"):
            driver: Any = connection.connection.driver_connection
            driver.execute(SchemaManager.get_schema())  # many statements at once, which only the driver takes


def _patience() -> Any:
    """How the engine tries again what was raised."""
    from procrastinate.retry import BaseRetryStrategy, RetryDecision

    class Patience(BaseRetryStrategy):  # type: ignore[misc] # untyped where the engine isn't installed
        def get_retry_decision(self, *, exception: BaseException, job: object) -> Any:  # noqa: ARG002 - as it is asked
            pause = RETRY_S if isinstance(exception, RetryLater) else HELD_S
            known = isinstance(exception, RetryLater | LeaseHeld | NotYet)
            return RetryDecision(retry_in={"seconds": pause}) if known else None

    return Patience()
