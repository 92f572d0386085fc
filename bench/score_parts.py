"""Where scoring spends its work: processor microseconds a deal by part, the least of several runs by one process.

    python -m bench.score_parts            some 30,000 open deals, three runs
    python -m bench.score_parts --deals 10000 --runs 5

The store is that of `bench.score`. A part's time is without the parts that it calls.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.parts import Clock
from bench.score import scored
from crmsync.forecast import plans
from crmsync.forecast import score as scoring
from crmsync.forecast.book import Book, Page
from crmsync.forecast.history import History
from crmsync.forecast.reasons import Reasons
from crmsync.forecast.timing import Timing
from crmsync.steps import score
from crmsync.store import scores
from crmsync.store.frames import FactReader

PARTS: dict[str, list[tuple[Any, str]]] = {
    "reading facts": [(FactReader, "facts")],
    "putting them in order": [(History, "__init__")],
    "what is known of all deals": [(Page, "of"), (Book, "of")],
    "features, and what each adds": [(scoring, "added")],
    "when a deal ends": [(Timing, "curve")],
    "when promises are kept": [(plans, "outlook")],
    "what is said of promises": [(score, "told_of_plans")],
    "reasons in words": [(Reasons, "__init__"), (Reasons, "text")],
    "storing": [(scores, "save")],
}


def main(words: list[str]) -> None:
    """The table."""
    parser = argparse.ArgumentParser(prog="python -m bench.score_parts")
    parser.add_argument("--deals", type=int, default=28_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args(words)
    clock, least = Clock(), dict[str, float]()
    for part, functions in PARTS.items():
        for owner, name in functions:
            clock.watch(part, owner, name)
    with tempfile.TemporaryDirectory() as folder:
        load = [sys.executable, "-m", "bench.score", "step", "load", folder, str(asked.deals)]
        subprocess.run(load, stdout=subprocess.DEVNULL, check=True)
        for number in range(asked.runs):
            spent = one_run(clock, Path(folder), Path(folder) / str(number))
            least = {part: min(told, least.get(part, told)) for part, told in spent.items()}
    for part, told in least.items():
        print(f"{part:<34} {told:>6.1f} µs a deal")


def one_run(clock: Clock, loaded: Path, folder: Path) -> dict[str, float]:
    """Microseconds a deal of scoring a copy of the store, by part and as a whole."""
    folder.mkdir()
    shutil.copy(loaded / "store.db", folder)
    clock.spent.clear()
    began = time.process_time()
    deals = scored(folder)["deals"]
    whole = time.process_time() - began
    rest = whole - sum(clock.spent.values())
    spent = {**{part: clock.spent[part] for part in PARTS}, "all else": rest, "all": whole}
    return {part: seconds / deals * 1e6 for part, seconds in spent.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
