"""What a pull costs where 100 deals of each CRM have changed, among ever more that haven't.

    python -m bench.changed                                  worlds of 1,000, 10,000 and 50,000 deals over both CRMs
    python -m bench.changed --deals 1000 10000 --crms main
    python -m bench.changed --plot docs/changed.svg          and the CPU seconds as a plot

The local CRMs run in a process of their own, their clock stopped. A first pull fills the store; then an hour passes, people change
the deals, and the next pull is measured: its calls, the records that it read, and the CPU seconds of the pulling process, which the
local CRM's own search is no part of. Of several such hours the least seconds are told.
"""

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.hourly import DEALS, HOUR_S
from bench.pull import NAMES, pipeline
from crmsync.records import DEAL_SOURCE
from crmsync.views import charts

SIZES, CHANGED, HOURS = (1_000, 10_000, 50_000), 100, 3


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hourly pull needed among so many deals of its CRM."""

    name: str
    deals: int
    calls: int
    read: int
    cpu_s: float


def measured(folder: Path, port: int, name: str) -> Cost:
    """The cheapest of some hourly pulls of one CRM."""
    ours = pipeline(folder, folder / f"{name}.db")
    with closing(ours.store):
        crm = ours.connect(name)
        crm.create_fields()
        ours.pull(name)
        ids = [deal.crm_id for deal in crm.listed(DEAL_SOURCE)]
        costs = [_hour(ours, port, name, ids) for _ in range(HOURS)]
    return min(costs, key=lambda cost: cost.cpu_s)


def _hour(ours: Any, port: int, name: str, ids: list[str]) -> Cost:
    """People change deals all over the CRM, some minutes before the next pull."""
    object_name, field, who = DEALS[NAMES[name]]
    _tell(port, "PUT", "/clock", {"forward_s": HOUR_S - 300})
    for number in range(CHANGED):
        edit = {"object": object_name, "id": ids[number * len(ids) // CHANGED], "who": who}
        _tell(port, "POST", f"/edit/{NAMES[name]}", {**edit, "values": {field: time.time_ns() % 10**6 + number}})
    _tell(port, "PUT", "/clock", {"forward_s": 300})
    began = time.process_time()
    counts = ours.pull(name)[0].counts
    assert counts["deals"] == CHANGED, counts
    return Cost(name, len(ids), counts["calls"], counts["read"], time.process_time() - began)


def _tell(port: int, method: str, path: str, body: dict[str, Any]) -> None:
    """Says something to the local CRMs' control."""
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        connection.request(method, path, json.dumps(body))
        answer = connection.getresponse()
        assert answer.status < 300, answer.read()


def costs_among(deals: int, crms: list[str]) -> list[Cost]:
    """The costs in a world of so many deals."""
    with tempfile.TemporaryDirectory() as named:
        serve = [sys.executable, "-m", "bench.pull", "serve", str(deals), named, ""]
        with subprocess.Popen(serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            costs = [measured(Path(named), port, name) for name in crms]
            server.communicate()
    return costs


def main() -> None:
    """The table, and the plot."""
    parser = argparse.ArgumentParser(prog="python -m bench.changed")
    parser.add_argument("--deals", type=int, nargs="+", default=SIZES)
    parser.add_argument("--crms", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    asked = parser.parse_args()
    print(f"{CHANGED} changed deals\n{'crm':>10} {'among':>7} {'calls':>6} {'read':>6} {'CPU s':>6}")
    costs: list[Cost] = []
    for deals in asked.deals:
        for cost in costs_among(deals, asked.crms):
            costs.append(cost)
            row = f"{cost.deals:>7,} {cost.calls:>6} {cost.read:>6,} {cost.cpu_s:>6.2f}"
            print(f"{NAMES[cost.name]:>10} {row}", flush=True)
    if asked.plot:
        costs.sort(key=lambda cost: (asked.crms.index(cost.name), cost.deals))
        labels = [f"{NAMES[cost.name]}\n{cost.deals:,} deals" for cost in costs]
        asked.plot.write_text(charts.columns(labels, [cost.cpu_s for cost in costs], "CPU seconds of a pull"))


if __name__ == "__main__":
    main()
