"""What a first pull costs: peak memory and processor time of the pulling process, calls, rows a second, for worlds of some sizes.

    python bench/memory.py            3,000 and 100,000 deals over both CRMs
    python bench/memory.py 3000 30000
    python bench/memory.py deals 1000000   deals and their stages, and nothing else: no plan, no engagement, no contacts

The local CRMs run in a process of their own, without a pace. Each CRM is pulled by a fresh process into a SQLite store of its own.
The floor stands first: the same process with everything imported and the store open, and nothing pulled. "quiet" is the processor
time of a second pull, which finds nothing new.
"""

import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path

SIZES = ("3000", "100000")
SEED = 1
NOW = "2026-06-01T02:00:00Z"
FLOOR = ""  # stands for no CRM
ALL, DEALS = "all", "deals"  # what of a world is served
KIB_PER_MIB = 1_024


def serve(deals: int, folder: Path, *, which: str) -> None:
    """Serves a world until a signal; says so once the config is in the folder."""
    import numpy as np

    from crmsync.clock import parse_instant
    from crmsync.sandbox.columns import STAGE, Facts
    from crmsync.sandbox.generate import generate
    from crmsync.sandbox.guide import config
    from crmsync.sandbox.laws import LAWS
    from crmsync.sandbox.local import LocalCrms

    world = generate(deals=deals, seed=SEED, law=LAWS["milestones"], now=parse_instant(NOW))
    if which == DEALS:
        stages = np.flatnonzero(world.facts.kind == STAGE)
        world.facts = Facts(*(getattr(world.facts, each.name)[stages] for each in fields(Facts)))
    with LocalCrms(world, folder, frozen=True, paced=False) as local:
        (folder / "config.toml").write_text(config(local))
        print("serving", flush=True)
        signal.sigwait([signal.SIGTERM])


def pull(folder: Path, name: str) -> None:
    """Pulls one CRM and prints what it cost."""
    from crmsync import config as configs
    from crmsync.config import StoreConfig
    from crmsync.pipeline import Pipeline
    from crmsync.store.engine import open_store

    read = configs.load(folder / "config.toml")
    store = open_store(StoreConfig(url=f"sqlite:///{folder / (name or 'floor')}.db"))
    pipeline = Pipeline(read, store)
    for crm in [name] if name else read.crm:
        pipeline.connect(crm).create_fields()
    began, busy = time.monotonic(), time.process_time()
    counts = pipeline.pull(name)[0].counts if name else {}
    seconds, first = time.monotonic() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    if name:
        pipeline.pull(name)
    quiet = time.process_time() - busy - first
    store.close()
    told = {name: counts.get(name, 0) for name in ("read", "deals", "facts", "calls")}
    print(json.dumps({**told, "seconds": seconds, "peak_mib": peak, "cpu": first, "quiet": quiet}))


def measure(deals: str, folder: Path, *, which: str) -> None:
    """A row of the table for the floor and for each CRM."""
    mine = [sys.executable, __file__]
    with subprocess.Popen([*mine, "serve", which, deals, str(folder)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            assert server.stdout.readline() == "serving\n"
            for name in (FLOOR, "main", "hub"):
                done = subprocess.run([*mine, "pull", str(folder), name], capture_output=True, text=True, check=True)
                show(deals, name or "floor", json.loads(done.stdout))
        finally:
            server.terminate()


def show(deals: str, name: str, cost: dict[str, float]) -> None:
    """One row."""
    rate = cost["read"] / cost["seconds"] if cost["read"] else 0
    whole = (cost[column] for column in ("read", "deals", "facts", "calls"))
    numbers = [*whole, cost["seconds"], rate, cost["peak_mib"]]
    print(
        f"{int(deals):>8,} {name:>6} " + " ".join(f"{number:>10,.0f}" for number in numbers),
        f"{cost['cpu']:>9.1f} {cost['quiet']:>9.2f}",
        flush=True,
    )


def main(sizes: list[str], *, which: str = ALL) -> None:
    """The table."""
    heads = ("rows", "deals", "facts", "calls", "seconds", "rows/s", "peak MiB", "CPU s", "quiet")
    print(f"{'world':>8} {'crm':>6} " + " ".join(f"{head:>10}" for head in heads))
    for deals in sizes or SIZES:
        with tempfile.TemporaryDirectory() as folder:
            measure(deals, Path(folder), which=which)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", which, deals, folder]:
            serve(int(deals), Path(folder), which=which)
        case ["pull", folder, name]:
            pull(Path(folder), name)
        case ["deals", *sizes]:
            main(sizes, which=DEALS)
        case sizes:
            main(sizes)
