"""Figures for Prometheus at `/metrics`, read from the store at each scrape: the ledger is the truth, not counters in memory.

They say the same before and after a restart. Gauges of the newest run, as is usual for work that comes in batches.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crmsync import workspace
from crmsync.clock import MICROS_PER_SECOND, Clock, system_clock
from crmsync.config import Config
from crmsync.errors import BadConfig, CrmsyncError
from crmsync.store import fits, notices, outbox, runs
from crmsync.store.engine import Store
from crmsync.views.health import FAILING, FINE, SILENT, health

STEP = ("step", "target")
NOT_RECORDS = ("calls", "calls_left")  # counts of the ledger that are no records

Values = Iterable[tuple[Sequence[str], float]]


@contextmanager
def serving(config: Config, store: Store, *, clock: Clock = system_clock) -> Iterator[int]:
    """Answers scrapes as long as the block lasts, where `[metrics] listen` says; gives the port, 0: none.

    Raises BadConfig E113 when it can't listen there.
    """
    if not config.metrics.listen:
        yield 0
        return
    registry = CollectorRegistry()
    registry.register(Figures(config, store, clock))
    host, _, port = config.metrics.listen.rpartition(":")
    try:
        server, thread = start_http_server(int(port), addr=host.strip("[]"), registry=registry)
    except (OSError, OverflowError) as error:
        what = f"can't listen on {config.metrics.listen} ({type(error).__name__})"
        raise BadConfig("E113", what, where="metrics.listen", remedy="a free port of this machine") from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Figures(Collector):
    """What a scrape of one workspace gives."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._crms, self._store, self._clock = list(config.crm), store, clock
        self._config, self._root = config, config.file.resolve().parent

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: registering must not read the store."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All figures; none but `crmsync_up` where the store or the jobs can't be read."""
        try:
            found = [*self._runs(), *self._newest(), *self._jobs(), *self._told(), *self._waiting(), *self._fits()]
        except CrmsyncError:
            found = []
        yield _gauge("crmsync_up", "Whether store and jobs could be read.", (), [((), bool(found))])
        yield from found

    def _runs(self) -> Iterator[Metric]:
        ended = [(key, count) for key, count in runs.tally(self._store).items() if key[2] != "running"]
        yield _counter("crmsync_runs", "Runs that have ended.", (*STEP, "status"), ended)
        good = [(key, at / MICROS_PER_SECOND) for key, at in runs.succeeded(self._store).items()]
        yield _gauge("crmsync_last_success_timestamp_seconds", "When the newest good run began.", STEP, good)

    def _newest(self) -> Iterator[Metric]:
        ended = {(row.step, row.target): row for row in runs.newest(self._store) if row.ended_at is not None}
        took = [(key, ((row.ended_at or 0) - row.started_at) / MICROS_PER_SECOND) for key, row in ended.items()]
        yield _gauge("crmsync_last_run_duration_seconds", "How long the newest run took.", STEP, took)
        calls = [(key, row.counts["calls"]) for key, row in ended.items() if "calls" in row.counts]
        yield _gauge("crmsync_last_run_api_calls", "API calls of the newest run.", STEP, calls)
        by_age = sorted(ended.values(), key=lambda row: row.run_id)
        left = {row.target: row.counts["calls_left"] for row in by_age if "calls_left" in row.counts}
        told = [((crm,), count) for crm, count in left.items()]
        yield _gauge("crmsync_api_calls_left", "Calls left of the day's allowance, as last told.", ("crm",), told)
        counted = [((*key, name), count) for key, row in ended.items() for name, count in row.counts.items()]
        records = [(key, count) for key, count in counted if key[-1] not in NOT_RECORDS]
        yield _gauge("crmsync_last_run_records", "What the newest run counted.", (*STEP, "outcome"), records)

    def _jobs(self) -> Iterator[Metric]:
        jobs = [health(self._store, spec, now=self._clock()) for spec in workspace.served(self._config).values()]
        states = [((job.job, state), job.state == state) for job in jobs for state in (FINE, FAILING, SILENT)]
        yield _gauge("crmsync_job_state", "1 for the state that a job is in.", ("job", "state"), states)
        missed = [((job.job,), job.missed) for job in jobs]
        yield _gauge("crmsync_job_missed_runs", "Times that passed since a job's newest run.", ("job",), missed)
        following = [((job.job,), job.next_at / MICROS_PER_SECOND) for job in jobs]
        yield _gauge("crmsync_job_next_run_timestamp_seconds", "When a job is due next.", ("job",), following)
        period = [((job.job,), job.period_s) for job in jobs]
        yield _gauge("crmsync_job_period_seconds", "Time between a job's runs, by its schedule.", ("job",), period)

    def _told(self) -> Iterator[Metric]:
        failed = notices.failed(self._store)
        lost = {False: "crmsync_notices_failed", True: "crmsync_pings_failed"}
        for ping, name in lost.items():
            values = [((job,), count) for (job, is_ping), count in failed.items() if is_ping is ping]
            yield _counter(name, "What nobody took at an address.", ("job",), values)

    def _waiting(self) -> Iterator[Metric]:
        backlog = {crm: outbox.backlog(self._store, crm) for crm in self._crms}
        waiting = [((crm,), values) for crm, (values, _, _) in backlog.items()]
        yield _gauge("crmsync_outbox_waiting_values", "Planned values that wait to be sent.", ("crm",), waiting)
        unsettled = [((crm,), values) for crm, (_, _, values) in backlog.items()]
        yield _gauge("crmsync_outbox_unsettled_values", "Values sent without an answer.", ("crm",), unsettled)
        aside = [((crm, source), count) for crm, source, count, _ in runs.quarantined(self._store)]
        yield _gauge("crmsync_quarantined_records", "Records set aside.", ("crm", "source"), aside)

    def _fits(self) -> Iterator[Metric]:
        names = sorted(file.stem for file in (self._root / "models").glob("*.toml"))
        used = {name: fit for name in names if (fit := fits.newest_used(self._store, name))}
        known = [((name,), fit.as_of / MICROS_PER_SECOND) for name, fit in used.items()]
        yield _gauge("crmsync_fit_as_of_timestamp_seconds", "Up to when the fit in use knew.", ("model",), known)
        newest = {name: fit for name in names if (fit := fits.newest(self._store, name))}
        passed = [((name,), fit.used) for name, fit in newest.items()]
        yield _gauge("crmsync_fit_gate_passed", "Whether the gate let the newest fit score.", ("model",), passed)


def _gauge(name: str, what: str, labels: Sequence[str], values: Values) -> Metric:
    family = GaugeMetricFamily(name, what, labels=labels)
    for key, value in values:
        family.add_metric(key, float(value))
    return family


def _counter(name: str, what: str, labels: Sequence[str], values: Values) -> Metric:
    """The library adds `_total` to the name."""
    family = CounterMetricFamily(name, what, labels=labels)
    for key, value in values:
        family.add_metric(key, float(value))
    return family
