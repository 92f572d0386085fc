"""Where a first pull of Salesforce spends its work: CPU seconds by part, the least of several pulls by one thread.

    python -m bench.parts                 3,000 deals over both CRMs, five pulls
    python -m bench.parts --deals 1000 --pulls 3

The local CRMs run in a process of their own. A part's time is without the parts that it calls.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from requests import Session
from requests.models import Response

from bench.pull import pipeline
from crmsync.crms.salesforce import read
from crmsync.steps import pull
from crmsync.store import held, pulled
from crmsync.store.numbers import Numbers

PARTS: dict[str, list[tuple[Any, str]]] = {
    "answers: HTTP, TLS, gzip": [(Session, "send")],
    "JSON": [(Response, "json")],
    "records out of JSON": [(read, "page_of")],
    "looking through texts": [(pulled, "make_storable")],
    "looking up our numbers": [
        (Numbers, name) for name in ("gone_before", "know_deals", "know_people", "know_labels", "know_milestones")
    ],
    "rows out of records": [(pulled._Writer, name) for name in ("_deals", "_milestones", "_facts", "_held")],
    "what stood in our fields": [(held, "save")],
    "INSERT": [(pulled, "insert_new_values"), (pulled, "upsert")],
    "commit, and the rest of storing": [(pulled, "save_page")],
    "circles": [(pull._Progress, "note")],
}


class Clock:
    """The CPU seconds of each part."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._within: list[float] = []

    def watch(self, part: str, owner: Any, name: str) -> None:
        """Counts a function's time from now on."""
        work: Callable[..., Any] = getattr(owner, name)

        def watched(*args: Any, **named: Any) -> Any:
            self._within.append(0.0)
            began = time.process_time()
            try:
                return work(*args, **named)
            finally:
                whole = time.process_time() - began
                self.spent[part] += whole - self._within.pop()
                if self._within:
                    self._within[-1] += whole

        setattr(owner, name, watched)


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(prog="python -m bench.parts")
    parser.add_argument("--deals", type=int, default=3_000)
    parser.add_argument("--pulls", type=int, default=5)
    asked = parser.parse_args()
    clock, least = Clock(), dict[str, float]()
    for part, functions in PARTS.items():
        for owner, name in functions:
            clock.watch(part, owner, name)
    with tempfile.TemporaryDirectory() as named:
        serve = [sys.executable, "-m", "bench.pull", "serve", str(asked.deals), named, ""]
        with subprocess.Popen(serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            server.stdout.readline()
            for number in range(asked.pulls):
                spent, rows = one_pull(clock, Path(named), number)
                least = {part: min(seconds, least.get(part, seconds)) for part, seconds in spent.items()}
            server.communicate()
    for part, seconds in least.items():
        print(f"{part:<34} {seconds:>6.3f} s {seconds / rows * 1e6:>6.1f} µs a row")


def one_pull(clock: Clock, folder: Path, number: int) -> tuple[dict[str, float], int]:
    """The CPU seconds of a first pull, by part and as a whole, and how many rows it read."""
    ours = pipeline(folder, folder / f"{number}.db", parallel=1, bulk_from=0)
    ours.connect("main").create_fields()
    clock.spent.clear()
    began = time.process_time()
    counts = ours.pull("main")[0].counts
    whole = time.process_time() - began
    ours.store.close()
    rest = whole - sum(clock.spent.values())
    return {**{part: clock.spent[part] for part in PARTS}, "all else": rest, "all": whole}, counts["read"]


if __name__ == "__main__":
    main()
