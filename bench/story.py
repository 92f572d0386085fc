"""What each step of the service costs, from an empty store to a quiet second round, over both local CRMs.

    python -m bench.story                                  10,000 deals, 0 and 80 ms added to every answer
    python -m bench.story --deals 10000 100000 --latency-ms 0

The local CRMs run in a process of their own, without a pace, their clock stopped; each step is a fresh process over the one store,
as a job's steps are from cron. Printed for each: wall and processor seconds (of the step and the processes that it began, imports
left out), peak memory of the largest, calls, and what it did. `least`: the calls that a push can't do with fewer of, since one of
Salesforce's writes 25 deals, and 100 of HubSpot's take three, to read, to write and to read again. What a pull costs beside its
floor and beside other tools `bench.pull` tells, what scoring costs beside its own `bench.score`.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.pull import NAMES, delay, pipeline
from crmsync import starter
from crmsync.config import DEFAULT_FILE

MODEL = "close"
KIB_PER_MIB = 1_024
WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
STEPS = ("pull", "pull", "train", "score", "stage", "push", "pull", "score", "stage", "push")
OF_MODELS = ("train", "score")
DONE = {"pull": "read", "train": "snapshots", "score": "scored", "stage": "planned", "push": "written"}
A_CALL, CALLS = {"main": 25, "hub": 100}, {"main": 1, "hub": 3}  # deals that a push writes with so many calls


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step needed. `deals`: how many a stage planned for."""

    seconds: float
    cpu_s: float
    peak_mib: float
    calls: int
    done: int
    deals: int


def one(folder: Path, step: str, target: str) -> Cost:
    """Runs a step in this process."""
    ours = pipeline(folder, folder / "store.db")
    began, before = time.monotonic(), _processor()
    counts = getattr(ours, step)(target)[0].counts
    seconds, cpu_s = time.monotonic() - began, _processor() - before
    ours.store.close()
    peak = max(resource.getrusage(who).ru_maxrss for who in WHOSE) / KIB_PER_MIB
    return Cost(seconds, cpu_s, peak, counts.get("calls", 0), counts.get(DONE[step], 0), counts.get("deals", 0))


def _processor() -> float:
    """Processor seconds of this process and those that it began."""
    used = [resource.getrusage(who) for who in WHOSE]
    return sum(each.ru_utime + each.ru_stime for each in used)


def tell(folder: Path, head: str) -> None:
    """The rows of a story."""
    planned: dict[str, int] = {}
    for step in STEPS:
        for target in (MODEL,) if step in OF_MODELS else NAMES:
            mine = [sys.executable, "-m", "bench.story", "step", str(folder), step, target]
            cost = Cost(**json.loads(subprocess.run(mine, stdout=subprocess.PIPE, text=True, check=True).stdout))
            if step == "stage":
                planned[target] = cost.deals
            least = f"{-(-planned[target] // A_CALL[target]) * CALLS[target]:,}" if step == "push" else ""
            numbers = f"{cost.seconds:>9.2f} {cost.cpu_s:>8.2f} {cost.peak_mib:>9.0f} {cost.calls:>7,} {least:>7}"
            print(f"{head} {step:>6} {target:>6} {numbers} {cost.done:>9,} {DONE[step]}", flush=True)


def tell_all(deals: int, latencies_ms: list[int]) -> None:
    """A story for each latency, each over CRMs that nobody has written to."""
    for latency_ms in latencies_ms:
        with tempfile.TemporaryDirectory() as named:
            serve = [sys.executable, "-m", "bench.pull", "serve", str(deals), named, ""]
            with subprocess.Popen(serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
                assert server.stdout is not None
                port = int(server.stdout.readline())
                folder = _workspace(Path(named))
                for kind in NAMES.values():
                    delay(port, kind, latency_ms)
                tell(folder, f"{deals:>9,} {latency_ms:>4}")
                server.communicate()


def _workspace(served: Path) -> Path:
    """A workspace with the starter model over the served CRMs, and the fields in both."""
    folder = served / "workspace"
    starter.init(folder)
    shutil.copy(served / DEFAULT_FILE, folder)
    ours = pipeline(folder, folder / "store.db")
    for name in NAMES:
        ours.connect(name).create_fields()
    ours.store.close()
    return folder


def main(words: list[str]) -> None:
    """The table."""
    parser = argparse.ArgumentParser(prog="python -m bench.story")
    parser.add_argument("--deals", type=int, nargs="+", default=[10_000], help="of both CRMs together")
    parser.add_argument("--latency-ms", type=int, nargs="+", default=[0, 80])
    asked = parser.parse_args(words)
    heads = f"{'seconds':>9} {'CPU s':>8} {'peak MiB':>9} {'calls':>7} {'least':>7} {'done':>9}"
    print(f"{'deals':>9} {'ms':>4} {'step':>6} {'of':>6} {heads}")
    for deals in asked.deals:
        tell_all(deals, asked.latency_ms)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["step", folder, step, target]:
            print(json.dumps(asdict(one(Path(folder), step, target))))
        case words:
            main(words)
