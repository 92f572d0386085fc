"""The story: pull -> train -> score -> stage -> push. Each step is one row of the run ledger, a job is one more.

Steps meet only in the store, so each can be run alone, be killed and be repeated. One runner at a time works on a CRM account, a
model or a job: a lease on it says who.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from crmsync import workspace
from crmsync.clock import Clock, system_clock
from crmsync.config import Config, CrmConfig
from crmsync.connections import Connections
from crmsync.crm import Crm
from crmsync.errors import BadConfig, CrmsyncError, LeaseHeld, RetryLater, Stopped, TooFew, counting
from crmsync.steps.compact import compact
from crmsync.steps.pull import pull
from crmsync.steps.push import push
from crmsync.steps.reconcile import reconcile
from crmsync.steps.score import score
from crmsync.steps.stage import stage
from crmsync.steps.train import train
from crmsync.steps.undo import target, undo
from crmsync.store import accounts, runs
from crmsync.store.engine import Store
from crmsync.store.lease import Leases, own_holder
from crmsync.store.runs import JOB, RunRow
from crmsync.watch import Watch
from crmsync.workspace import JobSpec, ModelSpec

BY_HAND = ""  # the job of a step that somebody ran by itself
OF_MODELS = ("train", "score")  # steps whose target is a model; that of the others is a CRM
STOPPED = "E602"  # told to stop: what wasn't begun then hasn't failed
FAILED = ("quarantined", "failed", "unclear", "overran")  # counts of records that make a run partial

Work = Callable[[int], dict[str, int]]


class Pipeline:
    """The steps over one store. Each method gives the ledger's rows of what it ran; a fault is raised after the last of them.

    `clock` is this machine's: ledger and lease obey it. What is known by when obeys the CRMs' own clocks. `connections` may
    outlive the pipeline.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        *,
        clock: Clock = system_clock,
        watch: Watch | None = None,
        job: str = BY_HAND,
        connections: Connections | None = None,
    ) -> None:
        self.config, self.store, self.clock, self.job = config, store, clock, job
        self.connections = connections or Connections(config)
        self.leases = Leases(store, clock)
        self.watch = watch or Watch()
        self.root: Path = config.file.resolve().parent

    def pull(self, crm: str | None = None) -> list[RunRow]:
        """Reads what changed in the CRM of that name, or in all of them."""
        return self._each_crm(
            "pull", self.config.only_crm(crm), lambda it, run_id: pull(self.store, it, run_id=run_id, watch=self.watch)
        )

    def reconcile(self, crm: str | None = None) -> list[RunRow]:
        """Holds the store against the ids that the CRM of that name, or each of them, lists, and heals what differs."""

        def work(it: Crm, run_id: int) -> dict[str, int]:
            return reconcile(self.store, it, run_id=run_id, watch=self.watch)

        asked = self.config.only_crm(crm)
        self.connections.drop(*(each.name for each in asked))
        return self._each_crm("reconcile", asked, work)

    def compact(self, crm: str | None = None) -> list[RunRow]:
        """Deletes what is no longer kept of the scores, plans and receipts of the CRM of that name, or of all of them."""

        def of(name: str) -> Work:
            return lambda _: compact(self.store, name, self.config.retention, watch=self.watch)

        return self._all([("compact", each.name, of(each.name)) for each in self.config.only_crm(crm)])

    def train(self, model: str, *, as_of: int | None = None) -> list[RunRow]:
        """Learns a model from what was known at an instant."""
        spec = self._model(model)
        asked = runs.target_of(spec.name, as_of)
        return self._all([("train", asked, lambda run_id: train(self.store, spec, run_id=run_id, as_of=as_of))])

    def score(self, model: str, *, as_of: int | None = None) -> list[RunRow]:
        """Scores the deals that were open at an instant."""
        spec = self._model(model)
        asked = runs.target_of(spec.name, as_of)
        return self._all([("score", asked, lambda run_id: score(self.store, spec, run_id=run_id, as_of=as_of))])

    def stage(self, crm: str | None = None) -> list[RunRow]:
        """Plans what differs from what the CRMs show."""
        priors = [name for name, spec in workspace.models(self.root).items() if spec.write.prior]

        def of(config: CrmConfig) -> Work:
            return lambda run_id: stage(
                self.store, config, push=self.config.push, run_id=run_id, now=self.clock(), priors=priors
            )

        return self._all([("stage", each.name, of(each)) for each in self.config.only_crm(crm)])

    def push(self, crm: str | None = None, *, approve: str = "") -> list[RunRow]:
        """Sends what is planned; `approve` is the digest of a plan that somebody has looked at."""
        return self._each_crm(
            "push",
            self.config.writable(crm),
            lambda it, run_id: push(
                self.store, it, self.config, run_id=run_id, clock=self.clock, watch=self.watch, approve=approve
            ),
        )

    def undo(self, run: int) -> list[RunRow]:
        """Puts back what a push changed, where the CRM still shows it."""

        def work(it: Crm, run_id: int) -> dict[str, int]:
            fields = self.config.crm[it.name].fields
            return undo(self.store, it, fields, run=run, run_id=run_id, clock=self.clock, watch=self.watch)

        return self._each_crm("undo", self.config.writable(target(self.store, run)), work)

    def run(self, spec: JobSpec, *, missed: int = 0) -> list[RunRow]:
        """The steps of a job, in order; a step that fails ends it, and a wrong name does before the first. Gives the steps' rows.

        A training that comes too early is no failure: until enough deals have closed, scores go by rules.

        The job has a row of its own, with what its steps counted and how many of its times were `missed` before.
        """
        told: list[RunRow] = []

        def work(run_id: int) -> dict[str, int]:
            with counting(lambda: self._of_job(run_id, missed=missed)):
                for step in self._steps(spec):
                    told.extend(step())
            return self._of_job(run_id, missed=missed)

        with self.leases.on(f"job {spec.name}"):
            self._run(JOB, spec.name, work)
        return told

    def _of_job(self, run_id: int, *, missed: int) -> dict[str, int]:
        """What the steps after a job's row counted of calls and of records that failed."""
        rows = runs.after(self.store, run_id, job=self.job)
        counted = Counter({name: sum(row.counts.get(name, 0) for row in rows) for name in FAILED})
        return {
            "steps": len(rows),
            "missed": missed,
            **+counted,
            "calls": sum(row.counts.get("calls", 0) for row in rows),
        }

    def _steps(self, spec: JobSpec) -> list[Callable[[], list[RunRow]]]:
        """A job's steps, ready to run. Raises BadConfig when a name is wrong."""
        names: Sequence[str | None] = spec.crms or (None,)
        for name in names:
            for each in self.config.only_crm(name):
                if {"pull", "reconcile", "push"} & set(spec.steps):
                    self.connect(each.name)
        if {"train", "score"} & set(spec.steps):
            self._model(spec.model)
        steps: dict[str, Callable[[], list[RunRow]]] = {
            "pull": lambda: [row for name in names for row in self.pull(name)],
            "reconcile": lambda: [row for name in names for row in self.reconcile(name)],
            "compact": lambda: [row for name in names for row in self.compact(name)],
            "train": lambda: self._train_if_enough(spec.model),
            "score": lambda: self.score(spec.model),
            "stage": lambda: [row for name in names for row in self.stage(name)],
            "push": lambda: [row for name in names for row in self.push(name)],
        }
        return [steps[step] for step in spec.steps]

    def _train_if_enough(self, model: str) -> list[RunRow]:
        """A training within a job. That it comes too early its row says; the steps after it go by stated rules."""
        try:
            return self.train(model)
        except TooFew:
            row = runs.last(self.store, "train", model)
            return [row] if row else []

    def connect(self, name: str) -> Crm:
        """The CRM of that name."""
        return self.connections.to(name)

    def _model(self, name: str) -> ModelSpec:
        return workspace.model(self.root, name)

    def _each_crm(
        self, step: str, configs: Sequence[CrmConfig], work: Callable[[Crm, int], dict[str, int]]
    ) -> list[RunRow]:
        def of(name: str) -> Work:
            return lambda run_id: self._counting_calls(name, run_id, work)

        for each in configs:
            self.connect(each.name)  # what its part of the config gets wrong is told before anything runs
        return self._all([(step, each.name, of(each.name)) for each in configs])

    def _counting_calls(self, name: str, run_id: int, work: Callable[[Crm, int], dict[str, int]]) -> dict[str, int]:
        it = self.connect(name)
        before, counted = it.calls, Counter(it.counts())

        def calls() -> dict[str, int]:
            left, most = it.allowance()
            besides = Counter(it.counts()) - counted
            return {"calls": it.calls - before, **({"calls_left": left} if most else {}), **besides}

        with counting(calls):
            try:
                accounts.require(self.store, name, it.account())
                return {**work(it, run_id), **calls()}
            except BadConfig:
                self.connections.drop(name)
                raise

    def _all(self, planned: Sequence[tuple[str, str, Work]]) -> list[RunRow]:
        """Runs every one, whatever becomes of the others: one CRM that is down doesn't hold up the next."""
        told: list[RunRow] = []
        faults: list[CrmsyncError] = []
        for step, name, work in planned:
            try:
                self.watch.checkpoint()  # after a signal the rest isn't begun
                what = f"{'model' if step in OF_MODELS else 'crm'} {name}"
                # Somebody at the keyboard is told who is at work; a job waits for the other one to end.
                with self.leases.on(what, waiting=self.watch.checkpoint if self.job else None):
                    told.append(self._run(step, name, work))
            except (BadConfig, LeaseHeld, Stopped, RetryLater) as fault:
                faults.append(fault)
        if faults:
            raise _first(faults)
        return told

    def _run(self, step: str, target: str, work: Work) -> RunRow:
        """One row of the ledger, closed whatever happens: the run boundary."""
        began = self.clock()
        run_id = runs.begin(self.store, job=self.job, step=step, target=target, now=began, holder=own_holder())
        row = RunRow(run_id, self.job, step, target, "running", began, None, {}, "")
        self._tell(row)
        try:
            counts = work(run_id)
        except CrmsyncError as fault:
            with suppress(CrmsyncError):  # a store that is full or gone: the fault that is being told matters more
                self._end(replace(row, status=runs.status_of(fault), counts=fault.counts, message=str(fault)))
            raise
        except BaseException as defect:
            with suppress(CrmsyncError):
                self._end(replace(row, status="failed", message=f"E900 {type(defect).__name__}"))
            raise
        partial = any(counts.get(name) for name in FAILED)
        return self._end(replace(row, status="partial" if partial else "done", counts=counts))

    def _end(self, row: RunRow) -> RunRow:
        """Closes a row; gives it with its end."""
        now = self.clock()
        ended = replace(row, ended_at=now)
        try:
            runs.end(self.store, row.run_id, status=row.status, counts=row.counts, message=row.message, now=now)
        finally:
            self._tell(ended)
        return ended

    def _tell(self, row: RunRow) -> None:
        self.watch.event(row.step, asdict(row))


def _first(faults: Sequence[CrmsyncError]) -> CrmsyncError:
    """The first fault; its words say how many other ones there were, which the ledger has."""
    first = faults[0]
    others = sum(fault.code != STOPPED and fault.what != first.what for fault in faults[1:])
    if others:
        first.what = f"{first.what}; {others} more failed, see crmsync status"
    return first
