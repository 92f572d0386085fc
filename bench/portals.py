"""Many portals over two worker processes on one PostgreSQL, one of which is killed in the middle of its work.

    python -m bench.portals --portals 20 --deals 400 --latency-ms 80

Every portal is an account of its own for crmsync, with a store of its own in the tables; behind all of them is one local HubSpot.
`[engine]` hands the pull of each to whichever worker is free. Printed: who pulled how many, what the killed one had under way and
who took it over, how many runs of one portal overlapped, whether all portals ended with the same facts, calls and seconds.
"""

import argparse
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import IO, cast

from sqlalchemy import func, select

from crmsync import config as configs
from crmsync import crm as crms
from crmsync import fanout, workspace
from crmsync.clock import parse_instant, system_clock
from crmsync.log import Log
from crmsync.progress import stoppable
from crmsync.sandbox.generate import generate
from crmsync.sandbox.guide import config as guide
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.local import HUBSPOT, LocalCrms
from crmsync.store import runs, tables
from crmsync.store.engine import Store, open_store
from crmsync.store.runs import JOB, RunRow
from crmsync.store.upsert import table_of
from tests.postgres import database, serving

NOW = parse_instant("2026-06-01T02:00:00Z")
QUICK = fanout.Pulse(every_s=1, dead_after_s=6, rescue="* * * * * */2")
_deal, _fact = table_of(tables.Deal), table_of(tables.Fact)


def portals(folder: Path, local: LocalCrms, *, url: str, count: int) -> Path:
    """A workspace with so many portals, each of whose monthly pulls is overdue; gives the config's file."""
    head, _, hub = guide(local).partition("[crm.hub]")
    many = "\n".join(f"[crm.hub]{hub}".replace("crm.hub", f"crm.p{number:03}") for number in range(count))
    engine = '[engine]\nkind = "procrastinate"\nparallel = 2\n'
    file = folder / "config.toml"
    file.write_text(head.replace("sqlite:///crmsync.db", url) + engine + many)
    (folder / "jobs").mkdir()
    (folder / "jobs" / "monthly.toml").write_text('schedule = "0 0 1 * *"\nsteps = ["pull"]\n')
    read = configs.load(file)
    crms.connect(read.crm["p000"]).create_fields()
    store = open_store(read.store)
    for job in workspace.served(read):
        run_id = runs.begin(store, job=job, step=JOB, target=job, now=0)
        runs.end(store, run_id, status="done", counts={}, message="", now=0)
    store.close()
    return file


def work(file: Path) -> None:
    """Serves a workspace until SIGTERM."""
    config = configs.load(file)
    store = open_store(config.store)
    log = Log(lambda line: print(line, flush=True))
    with stoppable(log):
        fanout.serve(config, store, tell=log.line, watch=log, pulse=QUICK)
    store.close()


@dataclass
class Worker:
    """A worker process, and what it says."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Keeps its lines until it ends."""
        self.said.extend(iter(cast(IO[str], self.process.stdout).readline, ""))

    @property
    def pulled(self) -> int:
        """How many portals it has pulled."""
        return sum(": pull p" in line and ": done" in line for line in self.said)


@contextmanager
def workers(file: Path, *, count: int) -> Iterator[list[Worker]]:
    """Worker processes, which end with the block."""
    command = [sys.executable, "-m", "bench.portals", "work", str(file)]
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            started.append(Worker(process))
            listener = Thread(target=started[-1].listen)
            listener.start()
            stack.callback(listener.join)
            stack.callback(process.terminate)
        yield started


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it. `broken`: runs that the killed worker left; `again`: portals that were pulled to the end twice."""

    pulled: list[int]
    broken: int
    overlaps: int  # of runs of one portal
    done: int
    again: int
    facts: set[int]
    calls: int
    seconds: float


def share(file: Path, *, kill_after: int) -> Outcome:
    """Two workers serve all portals; once so many are done, one that is at work on a portal is killed."""
    read = configs.load(file)
    jobs, store = set(workspace.served(read)), open_store(read.store)
    began = time.monotonic()
    with workers(file, count=2) as both:
        holder = wait(lambda: len(done(store, jobs)) >= kill_after and at_work(store))
        killed = re.search(r"process (\d+)", str(holder))
        assert killed is not None
        killed_at = system_clock()
        (victim,) = (each for each in both if each.process.pid == int(killed[1]))
        victim.process.send_signal(signal.SIGKILL)
        wait(lambda: done(store, jobs) == jobs)
        seconds = time.monotonic() - began
    rows = [row for row in runs.after(store, len(jobs)) if row.step == JOB]
    broken = [row for row in rows if row.ended_at is None]
    pulls = [row for row in runs.after(store, len(jobs)) if row.step == "pull"]
    found = Outcome(
        [each.pulled for each in both],
        len(broken),
        sum(overlaps([row for row in rows if row.target == job], killed_at) for job in jobs),
        len(done(store, jobs)),
        sum(row.status == "done" for row in rows) - len(jobs),
        facts(store),
        sum(row.counts.get("calls", 0) for row in pulls),
        seconds,
    )
    store.close()
    return found


def wait(asked: Callable[[], object]) -> object:
    """Until something is so; gives it."""
    while not (found := asked()):
        time.sleep(0.1)
    return found


def at_work(store: Store) -> str:
    """Who holds a lease on a portal."""
    lease = table_of(tables.Lease)
    with store.read() as connection:
        query = select(lease.c.holder).where(lease.c.name.like("crm %"), lease.c.holder != "")
        return connection.execute(query.limit(1)).scalar() or ""


def done(store: Store, jobs: set[str]) -> set[str]:
    """The jobs that were done since they were missed."""
    return {row.target for row in runs.after(store, len(jobs)) if row.step == JOB and row.status == "done"}


def overlaps(rows: list[RunRow], killed_at: int) -> int:
    """How many runs of one job began before the one before had ended, or was killed."""
    return sum(later.started_at < (row.ended_at or killed_at) for row, later in pairwise(rows))


def facts(store: Store) -> set[int]:
    """How many facts portals have: the different numbers."""
    query = select(_deal.c.crm, func.count()).join_from(_fact, _deal, _fact.c.deal_id == _deal.c.deal_id)
    with store.read() as connection:
        return {count for _, count in connection.execute(query.group_by(_deal.c.crm))}


def main(words: list[str]) -> None:
    """Reads the arguments and prints what came of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.portals")
    parser.add_argument("--portals", type=int, default=20)
    parser.add_argument("--deals", type=int, default=400)
    parser.add_argument("--latency-ms", type=int, default=80)
    asked = parser.parse_args(words)
    world = generate(deals=asked.deals, seed=1, law=LAWS["milestones"], now=NOW)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(database(stack.enter_context(serving()), "portals"))
        local = stack.enter_context(LocalCrms(world, folder / "crms", crms=(HUBSPOT,), frozen=True, paced=False))
        local.served[HUBSPOT].server.latency_s = asked.latency_ms / 1_000
        (folder / "work").mkdir()
        file = portals(folder / "work", local, url=url, count=asked.portals)
        found = share(file, kill_after=asked.portals // 4)
    print(
        f"{found.done} of {asked.portals} portals pulled in {found.seconds:.0f} s, {found.calls:,} calls that came to an end"
    )
    print(
        f"pulled by the two workers: {' and '.join(map(str, found.pulled))}; one was killed with {found.broken} under way"
    )
    print(
        f"pulled twice: {found.again}; runs of a portal that overlapped: {found.overlaps}; facts of a portal: {found.facts}"
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["work", file]:
            work(Path(file))
        case words:
            main(words)
