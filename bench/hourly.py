"""What an hourly pull asks of each CRM, by kind of call.

    python -m bench.hourly                     300 deals over both CRMs, 100 of each changed
    python -m bench.hourly --deals 3000

The local CRMs' clock is stopped, and moved by an hour before each run of a job with one step, `pull`. alone: a process of its own,
as cron starts it; served: the next run of the same `serve`; changed: the same, where people changed deals five minutes before;
after: an hour later, when the look-back brings those deals once more.
"""

import argparse
import re
import tempfile
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from crmsync import config as configs
from crmsync import workspace
from crmsync.clock import parse_instant
from crmsync.connections import Connections
from crmsync.records import DEAL_SOURCE
from crmsync.runner import Runner
from crmsync.sandbox.generate import generate
from crmsync.sandbox.guide import config
from crmsync.sandbox.http import Entry
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.local import NAMES, LocalCrms
from crmsync.store.engine import open_store

HOUR_S, SHORTLY_S = 3_600.0, 300.0
NOW = parse_instant("2026-06-01T02:00:00Z")
JOB = 'schedule = "0 * * * *"\nsteps = ["pull"]\n'
DEALS = {"salesforce": ("Opportunity", "Amount", "005000000000001AAA"), "hubspot": ("deals", "amount", "5000001")}
RUNS = ("alone", "served", "changed", "after")


def kind(entry: Entry) -> str:
    """A call without what differs from one to the next: its version, and all of a query but the object."""
    path = re.sub(r"/services/data/v[\d.]+/?|/20\d\d-\d\d", "", urlsplit(entry.path).path)
    if query := entry.query.get("q"):
        outer, found = query[0], 1
        while found:  # what stands in parentheses asks for other objects
            outer, found = re.subn(r"\([^()]*\)", "", outer)
        return f"query {outer.partition(' FROM ')[2].split()[0]}"
    return f"{path or '/services/data'}{' archived' if entry.query.get('archived') == ['true'] else ''}"


class Bench:
    """Both local CRMs, and a workspace with one job."""

    def __init__(self, local: LocalCrms, folder: Path) -> None:
        self.local = local
        (folder / "config.toml").write_text(config(local))
        (folder / "jobs").mkdir()
        (folder / "jobs" / "hourly.toml").write_text(JOB)
        self.config = configs.load(folder / "config.toml")
        self.store, self.job = open_store(self.config.store), workspace.job(folder, "hourly")
        for name in self.config.crm:
            Connections(self.config).to(name).create_fields()
        self.serving = self.runner()
        self.serving.run(self.job)

    def runner(self) -> Runner:
        """As a new process has it."""
        return Runner(self.config, self.store, clock=self.local.clock.now)

    def run(self, runner: Runner, *, changed: int = 0) -> dict[str, Counter[str]]:
        """The calls of a run an hour later, by CRM; shortly before it people change so many deals of each."""
        self.local.clock.set(forward_s=HOUR_S - SHORTLY_S)
        self.edit(changed)
        self.local.clock.set(forward_s=SHORTLY_S)
        servers = {crm: served.server for crm, served in self.local.served.items()}
        before = {crm: server.requests for crm, server in servers.items()}
        runner.run(self.job)
        return {
            crm: Counter(map(kind, server.journal[before[crm] - server.requests :])) for crm, server in servers.items()
        }

    def edit(self, count: int) -> None:
        """People change so many deals of each CRM."""
        for crm, served in self.local.served.items():
            entity, field, who = DEALS[crm]
            listed = list(Connections(self.config).to(NAMES[crm]).listed(DEAL_SOURCE))
            for number, deal in enumerate(listed[:count]):
                served.people.edit(entity, deal.crm_id, {field: 4_000 + number}, who=who)


def show(crm: str, calls: list[Counter[str]]) -> None:
    """A row for each kind of call, then the sum."""
    print(f"\n{crm:<44}" + "".join(f"{run:>9}" for run in RUNS))
    for name in sorted({name for counted in calls for name in counted}):
        print(f"{name:<44}" + "".join(f"{counted[name] or '':>9}" for counted in calls))
    print(f"{'all':<44}" + "".join(f"{counted.total():>9}" for counted in calls))


def main() -> None:
    """The tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.hourly")
    parser.add_argument("--deals", type=int, default=300, help="of both CRMs together")
    parser.add_argument("--changed", type=int, default=100)
    asked = parser.parse_args()
    world = generate(deals=asked.deals, seed=1, law=LAWS["milestones"], now=NOW)
    with tempfile.TemporaryDirectory() as named, LocalCrms(world, Path(named), frozen=True, paced=False) as local:
        bench = Bench(local, Path(named))
        runner, serving, changed = bench.runner(), bench.serving, asked.changed
        told = [bench.run(runner), bench.run(serving), bench.run(serving, changed=changed), bench.run(serving)]
        bench.store.close()
    for crm in told[0]:
        show(crm, [calls[crm] for calls in told])


if __name__ == "__main__":
    main()
