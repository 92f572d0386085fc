"""What one failing request in ten does to a pull and a push: nothing that can be seen afterwards.

    python -m bench.faults                  10 seeds, 10,000 requests each
    python -m bench.faults 2 600            seeds, requests each
    python -m bench.faults 5 10000 6        the second five: seeds may run side by side, since most of the time is waiting

The local CRMs fail by a seeded plan in ten ways: 429, 503, a page of HTML, answers that are cut, garbled or slow, connections that
are reset before the request or dropped after it, answers that get lost after the change was made.
Each round pulls into an empty store and scores, then stages and pushes, as the runs of a schedule would, until nothing is left to
plan. A seed has as many rounds as its requests take.

What is printed: rounds, requests, attempts per request that was needed, rounds whose canonical dump or CRM values differ from
the fault-free round's, and values that the CRMs were given more than once.
"""

import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stamina

from crmsync import config as configs
from crmsync import retry, starter
from crmsync.config import Config, StoreConfig
from crmsync.errors import RetryLater
from crmsync.pipeline import Pipeline
from crmsync.store import dump
from crmsync.store.engine import open_store
from crmsync.store.runs import RunRow
from tests.crash.served import Served, served

DEALS = 300
RATE = 0.1
KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 200, "body": "<html>We are down for maintenance</html>"},
    {"kind": "truncate"},
    {"kind": "truncate", "keep": 1},
    {"kind": "garble"},
    {"kind": "leave"},
    {"kind": "reset"},
    {"kind": "lost"},
    {"kind": "latency", "seconds": 0.02},
)
MODEL = (
    'features = ["age", "stage", "step_done", "buyer_idle", "overdue"]\n'
    "[penalty]\ngrid = [0.03]\n[gate]\nblock = false\n[write]\nprior = true\n"
)
OF_A_RUN = "run_id"  # differs from round to round


@dataclass(frozen=True, slots=True)
class Round:
    """How one round ended. `again`: values that a CRM was given more than once."""

    dump: str
    values: dict[tuple[str, str, str], Any]
    again: int
    requests: int


def plan(seed: int) -> dict[str, Any]:
    """Faults that together strike one request in ten."""
    each = RATE / len(KINDS)
    return {"seed": seed, "faults": [{**kind, "rate": each} for kind in KINDS]}


def workspace(crms: Served, folder: Path) -> Config:
    """A workspace over local CRMs."""
    starter.init(folder)
    (folder / "models" / "close.toml").write_text(MODEL)
    (folder / "config.toml").write_text((crms.folder / "config.toml").read_text())
    return configs.load(folder / "config.toml")


def one_round(crms: Served, config: Config, file: Path) -> Round:
    """From an empty store and blank fields to the scores in the CRMs. A run that gave up is run again, as a schedule would."""
    crms.wipe()
    since, before = crms.mark(), crms.requests()
    store = open_store(StoreConfig(url=f"sqlite:///{file}"))
    pipeline = Pipeline(config, store)
    for step in (pipeline.pull, lambda: pipeline.train("close"), lambda: pipeline.score("close")):
        _until_done(step)
    for _ in range(retry.ATTEMPTS):
        if not any(row.counts["planned"] for row in _until_done(pipeline.stage)):
            break
        _until_done(pipeline.push)
    found = dump.digest(store)
    store.close()
    file.unlink()
    times = Counter((one["crm"], one["crm_id"], one["field"]) for one in crms.effects(since))
    values = {place: value for place, value in crms.values().items() if OF_A_RUN not in place[2].lower()}
    return Round(found, values, sum(count > 1 for count in times.values()), crms.requests() - before)


def _until_done(step: Callable[[], list[RunRow]]) -> list[RunRow]:
    for _ in range(retry.ATTEMPTS):
        try:
            return step()
        except RetryLater:
            continue
    raise AssertionError("a run gave up again and again")


def rounds(crms: Served, config: Config, file: Path, *, seed: int, requests: int) -> Iterator[Round]:
    """Rounds under the faults of a seed, until it has had so many requests."""
    had, number = 0, 0
    while had < requests:
        crms.faults(plan(seed * 1_000 + number))
        found = one_round(crms, config, file)
        crms.faults({"faults": []})
        had, number = had + found.requests, number + 1
        yield found


def show(seed: int, found: list[Round], whole: Round, took_s: float) -> bool:
    """One row; gives whether anything differs."""
    attempts = sum(each.requests for each in found)
    dumps = sum(each.dump != whole.dump for each in found)
    values = sum(each.values != whole.values for each in found)
    again = sum(each.again for each in found)
    ratio = attempts / (whole.requests * len(found))
    print(
        f"{seed:>5} {len(found):>7} {attempts:>9,} {ratio:>9.2f} {dumps:>6} {values:>7} {again:>6} {took_s:>6.0f}",
        flush=True,
    )
    return bool(dumps or values or again)


def main(seeds: int, requests: int, first: int = 1) -> int:
    """The table. Gives 1 when any round differs."""
    logging.disable(logging.WARNING)  # of each wait
    stamina.set_testing(
        True, attempts=retry.ATTEMPTS, cap=True
    )  # the same number of attempts, without the waits between them
    differs = False
    with tempfile.TemporaryDirectory() as name, served(Path(name) / "crms", deals=DEALS) as crms:
        config, file = workspace(crms, Path(name) / "work"), Path(name) / "store.db"
        one_round(crms, config, file)  # the first finds fields that nobody has touched yet
        whole = one_round(crms, config, file)
        print(
            f"{'seed':>5} {'rounds':>7} {'requests':>9} {'attempts':>9} {'dumps':>6} {'values':>7} {'again':>6} {'s':>6}"
        )
        for seed in range(first, first + seeds):
            began = time.monotonic()
            found = list(rounds(crms, config, file, seed=seed, requests=requests))
            differs |= show(seed, found, whole, time.monotonic() - began)
    return int(differs)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = [int(each) for each in sys.argv[1:]]
    sys.exit(main(*(given or (10, 10_000))))
