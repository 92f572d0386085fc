"""Kills the program at every durable or outward act of each verb, then at random moments, and compares with the unbroken run.

python -m tests.crash                          every point, 500 random kills, 200 races for the lease
python -m tests.crash --every 40 --random 0 --races 0
"""

import argparse
import os
import sys
import tempfile
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process that is forked must have no threads

IMPORTED = (
    "pipeline",
    "workplace",
    "verbs.running",
    "crms.salesforce",
    "crms.hubspot",
    "forecast.fit",
    "store.migrations",
)


def told(arguments: list[str]) -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--deals", type=int, default=500)
    parser.add_argument("--every", type=int, default=1, help="try one point in so many")
    parser.add_argument("--random", type=int, default=250, help="kills at random moments, on each database")
    parser.add_argument("--races", type=int, default=200, help="of runners for the lease, on each database")
    parser.add_argument("--phases", default="pull,train,score,stage,push,undo")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Gives 1 when anything was lost, duplicated, written twice or damaged."""
    from tests.crash.phases import PHASES
    from tests.crash.served import served
    from tests.crash.story import Bench, Tally
    from tests.postgres import serving

    for name in IMPORTED:
        import_module(f"crmsync.{name}")
    asked, tally = told(arguments), Tally()
    with tempfile.TemporaryDirectory() as name, served(Path(name) / "crms", deals=asked.deals) as crms:
        bench = Bench(crms, Path(name))
        for phase in PHASES:
            if phase.name in asked.phases.split(","):
                bench.kill(phase, tally, every=asked.every)
        bench.at_random("sqlite", tally, kills=asked.random)
        with serving() if asked.random or asked.races else nullcontext("") as address:
            bench.at_random(address, tally, kills=asked.random)
            overlapped = raced(address, Path(name), asked.races)
    print(f"{tally.points} kills, {len(tally.wrong)} wrong; {2 * asked.races} races, {overlapped} overlaps", flush=True)
    for line in tally.wrong:
        print(line)
    return int(bool(tally.wrong or overlapped))


def raced(address: str, folder: Path, races: int) -> int:
    """Races for the lease on both databases; gives how many had any other end than one holder."""
    from crmsync.config import StoreConfig
    from crmsync.store.engine import open_store
    from tests.postgres import database
    from tests.store.races import overlaps

    if not races:
        return 0
    with database(address, "races") as url:
        found = 0
        for each in (f"sqlite:///{folder / 'races.db'}", url):
            open_store(StoreConfig(url=each)).close()
            found += overlaps(each, races=races)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
