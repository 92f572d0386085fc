"""What a pull costs beside the floor and beside the official client's own loop, on the same local CRMs in one run.

    python -m bench.pull                                    10,000 deals, 0 and 80 ms added to every answer
    python -m bench.pull --deals 3000 --latency-ms 0 --crms hub
    python -m bench.pull --parallel 1                       with another number of calls under way at once
    python -m bench.pull --bulk-from 0                      Salesforce without query jobs; 1: with one for each object
    python -m bench.pull --crms hub --histories batch --parallel 8
    python -m bench.pull --peers                            beside dlt, which the bench installs for itself
    python -m bench.pull --paced --crms hub                 our pull alone, within HubSpot's limits

The local CRMs run in a process of their own, without a pace; each contender is a fresh process with everything imported when its
time begins. floor: the requests of our pull, one after the other, by a bare HTTP client, their JSON parsed, and the rows that our
pull stored inserted into SQLite as they are, a transaction a page. loop: simple_salesforce's query_all_iter and HubSpot's
basic_api.get_page over the same objects and fields; it stores nothing. dlt: the same lists by its REST client into DuckDB, its rows
as they are; dlt-arrow: as Arrow tables, its quickest way. quiet: our pull once more, nothing having changed.
Time is told as a multiple of the floor's, rows a second as a multiple of the fastest peer's (without peers, of the loop's).
CPU s is a contender's own work, which a busy machine changes least.
"""

import argparse
import http.client
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import floor, loops, peers

NAMES = {"main": "salesforce", "hub": "hubspot"}  # a CRM's name in the config: its kind
OWNERS = {"bulk_from": "main", "histories": "hub"}  # whose key it is
CONTENDERS = ("floor", "loop", "pull", "quiet")
KIB_PER_MIB = 1_024
CALLS, WINDOW_S = 190, 10  # what HubSpot's paid accounts allow


@dataclass(frozen=True, slots=True)
class Cost:
    """What one contender needed."""

    seconds: float
    cpu_s: float
    calls: int
    rows: int
    peak_mib: float


def serve(deals: int, folder: Path, *, paced: bool) -> None:
    """Serves a world until its stdin ends; tells the control address once the config is in the folder."""
    from crmsync.clock import parse_instant
    from crmsync.sandbox.generate import generate
    from crmsync.sandbox.guide import config
    from crmsync.sandbox.laws import LAWS
    from crmsync.sandbox.local import LocalCrms

    world = generate(deals=deals, seed=1, law=LAWS["milestones"], now=parse_instant("2026-06-01T02:00:00Z"))
    with LocalCrms(world, folder, frozen=not paced, paced=paced) as local:
        (folder / "config.toml").write_text(config(local))
        print(local.control.port, flush=True)
        sys.stdin.read()


def pipeline(folder: Path, store: Path, *, parallel: int = 4, **own: object) -> Any:
    """Our own way in, over a store of that name. `own`: keys that only one kind of CRM has."""
    from crmsync import config as configs
    from crmsync.config import StoreConfig
    from crmsync.pipeline import Pipeline
    from crmsync.store.engine import open_store

    read = configs.load(folder / "config.toml")
    crms = {
        name: crm.model_copy(update={"parallel": parallel, "options": {**crm.options, **kept}})
        for name, crm in read.crm.items()
        for kept in [{key: value for key, value in own.items() if OWNERS[key] == name}]
    }
    return Pipeline(read.model_copy(update={"crm": crms}), open_store(StoreConfig(url=f"sqlite:///{store}")))


def record(folder: Path, name: str) -> None:
    """A pull whose requests and rows the floor and the loop are given."""
    ours = pipeline(folder, folder / f"{name}.db", bulk_from=0, parallel=1)
    ours.connect(name).create_fields()
    with floor.recording(folder / f"{name}.jsonl"):
        ours.pull(name)
    ours.store.close()


def contend(folder: Path, name: str, who: str, options: dict[str, Any]) -> Cost:
    """Runs one contender in this process."""
    requests = floor.recorded(folder / f"{name}.jsonl")
    ca_file = next(folder.glob("*.pem"), None)
    work: Callable[[], tuple[int, int]]
    if who == "floor":
        work = floor.ready(requests, folder / f"{name}.db", folder / f"{name}-floor.db", ca_file=ca_file)
    elif who in peers.WAYS:
        python = folder / "peers" / "bin" / "python"
        return Cost(**peers.run(python, who, NAMES[name], requests, ca_file=ca_file))
    elif who == "loop":
        work = loops.ready(NAMES[name], requests, ca_file=ca_file)
    else:
        ours = pipeline(folder, folder / f"{name}-ours.db", **options)
        ours.connect(name)

        def work() -> tuple[int, int]:
            counts = ours.pull(name)[0].counts
            return counts["calls"], counts["read"]

    began, worked = time.monotonic(), time.process_time()
    calls, rows = work()
    seconds, cpu_s = time.monotonic() - began, time.process_time() - worked
    return Cost(seconds, cpu_s, calls, rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB)


def measured(folder: Path, name: str, who: str, options: dict[str, object]) -> Cost:
    """One contender in a process of its own, over a store of its own; a quiet pull finds that of the pull before it."""
    stores = {"floor": "-floor", "pull": "-ours"}
    for file in folder.glob(f"{name}{stores[who]}.db*") if who in stores else ():
        file.unlink()
    mine = [sys.executable, "-m", "bench.pull", "contend", str(folder), name, who, json.dumps(options)]
    done = subprocess.run(mine, stdout=subprocess.PIPE, text=True, check=True)
    return Cost(**json.loads(done.stdout))


def delay(port: int, kind: str, latency_ms: int) -> None:
    """Lets every answer of a local CRM wait."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", f"/latency/{kind}", json.dumps({"seconds": latency_ms / 1_000}))
    assert connection.getresponse().status == 200
    connection.close()


def chosen(asked: argparse.Namespace) -> dict[str, object]:
    """What our pull is told besides the config."""
    options = {"parallel": asked.parallel, "bulk_from": asked.bulk_from, "histories": asked.histories}
    return {name: value for name, value in options.items() if value is not None}


def compare(folder: Path, port: int, name: str, asked: argparse.Namespace) -> None:
    """The rows of one CRM."""
    delay(port, NAMES[name], 0)
    subprocess.run([sys.executable, "-m", "bench.pull", "record", str(folder), name], check=True)
    options = chosen(asked)
    for latency_ms in asked.latency_ms:
        delay(port, NAMES[name], latency_ms)
        for _ in range(asked.rounds):
            contenders = [*CONTENDERS, *(peers.WAYS if asked.peers else ())]
            costs = {who: measured(folder, name, who, options) for who in contenders}
            for who, cost in costs.items():
                show(f"{NAMES[name]:>10} {latency_ms:>7} {who:>9}", cost, costs)


def within_limits(folder: Path, port: int, asked: argparse.Namespace) -> None:
    """What a first pull makes of HubSpot's allowance: 190 calls at once, and as many in each 10 seconds after."""
    subprocess.run([sys.executable, "-m", "bench.pull", "record", str(folder), "hub"], check=True)
    for latency_ms in asked.latency_ms:
        time.sleep(WINDOW_S)  # what the calls before have used comes back
        delay(port, NAMES["hub"], latency_ms)
        cost = measured(folder, "hub", "pull", chosen(asked))
        used = cost.calls / cost.seconds / (CALLS / WINDOW_S)
        print(
            f"{latency_ms} ms: {cost.calls} calls in {cost.seconds:.1f} s, {used:.0%} of {CALLS} in {WINDOW_S} s",
            flush=True,
        )


def show(head: str, cost: Cost, costs: dict[str, Cost]) -> None:
    """One row."""
    rivals = [costs[who] for who in ("loop", *peers.WAYS) if who in costs]
    rate, of_peers = cost.rows / cost.seconds, max(rival.rows / rival.seconds for rival in rivals)
    numbers = (
        f"{cost.seconds:>9.2f} {cost.cpu_s:>7.2f} {cost.calls:>7,} {cost.rows:>9,} {rate:>9,.0f} {cost.peak_mib:>8.0f}"
    )
    print(f"{head} {numbers} {cost.seconds / costs['floor'].seconds:>8.2f} {rate / of_peers:>7.2f}", flush=True)


def main(words: list[str]) -> None:
    """The table."""
    parser = argparse.ArgumentParser(prog="python -m bench.pull")
    parser.add_argument("--deals", type=int, default=10_000)
    parser.add_argument("--latency-ms", type=int, nargs="+", default=[0, 80])
    parser.add_argument("--crms", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--parallel", type=int)
    parser.add_argument("--bulk-from", type=int)
    parser.add_argument("--histories", choices=("list", "batch"))
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--paced", action="store_true")
    asked = parser.parse_args(words)
    heads = ("seconds", "CPU s", "calls", "rows", "rows/s", "peak MiB", "x floor", "x peer")
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        if asked.peers:
            peers.install(folder)
        mine = [sys.executable, "-m", "bench.pull", "serve", str(asked.deals), named, "paced" if asked.paced else ""]
        with subprocess.Popen(mine, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            wide = (9, 7, 7, 9, 9, 8, 8, 7)
            row = " ".join(f"{head:>{width}}" for head, width in zip(heads, wide, strict=True))
            print(f"{asked.deals:,} deals\n{'crm':>10} {'ms':>7} {'who':>9} {row}", flush=True)
            if asked.paced:
                within_limits(folder, port, asked)
            for name in () if asked.paced else asked.crms:
                compare(folder, port, name, asked)
            server.communicate()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", deals, folder, paced]:
            serve(int(deals), Path(folder), paced=bool(paced))
        case ["record", folder, name]:
            record(Path(folder), name)
        case ["contend", folder, name, who, options]:
            cost = contend(Path(folder), name, who, json.loads(options))
            print(json.dumps({field: getattr(cost, field) for field in Cost.__slots__}))
        case words:
            main(words)
