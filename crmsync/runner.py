"""One run of a job, and who hears of it: the dead man's switch of its start and end, people of a change of the job's state."""

from contextlib import suppress

from crmsync import schedule
from crmsync.alerts import Alerts
from crmsync.clock import MICROS_PER_SECOND, Clock, system_clock
from crmsync.config import Config
from crmsync.connections import Connections
from crmsync.errors import CrmsyncError, RetryLater
from crmsync.ping import FAIL, START, SUCCESS, Ping
from crmsync.pipeline import Pipeline
from crmsync.store import runs
from crmsync.store.engine import Store
from crmsync.store.runs import JOB, RunRow
from crmsync.views.health import health
from crmsync.watch import Watch
from crmsync.workspace import JobSpec

RETRY_S = 300  # a job that a CRM kept from ending is tried again after so long


class Runner:
    """Runs jobs of one workspace, over connections that one run leaves to the next. `clock` is this machine's."""

    def __init__(
        self, config: Config, store: Store, *, clock: Clock = system_clock, watch: Watch | None = None
    ) -> None:
        self.config, self.store, self.clock, self.watch = config, store, clock, watch or Watch()
        self._connections = Connections(config)
        self._ping, self._alerts = Ping(config.ping, store, clock), Alerts(config.alerts, store, clock)

    def run(self, spec: JobSpec, *, due: int | None = None) -> list[RunRow]:
        """Runs a job's steps; gives their rows of the ledger. Raises what the pipeline raises.

        `due`: the job's time that this run is for; where another runner has seen to it, nothing is done. A run that is to go on
        later is told as neither well nor failed: when none ends well in time, silence is the alarm.
        """
        pipeline = Pipeline(
            self.config,
            self.store,
            clock=self.clock,
            watch=self.watch,
            job=spec.name,
            connections=self._connections,
        )
        with pipeline.leases.on(f"job {spec.name}"):
            if due is not None and not self._is_turn(spec, due):
                return []
            self._ping.tell(spec.name, START)
            try:
                rows = pipeline.run(spec, missed=self._missed(spec))
            except RetryLater:
                raise
            except Exception as fault:
                known = isinstance(fault, CrmsyncError)  # the words of others may quote anything
                self._ping.tell(spec.name, FAIL, str(fault) if known else f"E900 {type(fault).__name__}")
                raise
            else:
                self._ping.tell(spec.name, SUCCESS)
            finally:
                self.look(spec)
        return rows

    def turn(self, spec: JobSpec, *, due: int) -> int | None:
        """When a job may be run for a time that it was due at; None: it was, here or by another runner of the same store."""
        return runs.turn(self.store, spec.name, due=due, pause=RETRY_S * MICROS_PER_SECOND)

    def _is_turn(self, spec: JobSpec, due: int) -> bool:
        turn = self.turn(spec, due=due)
        return turn is not None and turn <= self.clock()

    def look(self, spec: JobSpec) -> None:
        """Tells people when the job's state has changed, also by nothing having run."""
        with suppress(CrmsyncError):  # a store that can't be read: the run says so, the switch hears nothing
            self._alerts.look(health(self.store, spec, now=self.clock()))

    def _missed(self, spec: JobSpec) -> int:
        """How many of the job's times passed without a run; the newest of them is the one that runs now."""
        last = runs.last(self.store, JOB, spec.name)
        return 0 if last is None else max(schedule.missed(spec, since=last.started_at, now=self.clock()) - 1, 0)
