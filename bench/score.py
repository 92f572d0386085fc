"""Scoring at scale: open deals with thirty facts each, loaded straight into a store, then scored as `crmsync score` does.

    python -m bench.score                      100,000 open deals, 3 million facts
    python -m bench.score --deals 1000000      a million, 30 million facts; needs 12 GB of disk

The facts are those of the open deals of a generated world, over and over under numbers of their own, each time seven minutes
earlier, so that no two deals' numbers are the same; the fit is learnt from the world itself. Loading, scoring and the floor each
run in a process of their own. Printed for each: wall and processor seconds, peak memory, and what it did. The floor is plain
numpy over the same arrays, read from a file as they are: sort the facts by deal and time, count each deal's facts by kind, weigh
the counts. No database, no text and no row stands in it.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert

from bench import worlds
from crmsync import workspace
from crmsync.clock import MICROS_PER_SECOND, parse_instant
from crmsync.config import StoreConfig
from crmsync.forecast.dataset import open_deals
from crmsync.forecast.facts import Facts
from crmsync.records import Cursor, Kind, Page
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS
from crmsync.steps.score import score
from crmsync.steps.train import train
from crmsync.store import frames, pulled, runs, tables
from crmsync.store.engine import Store, open_store
from crmsync.store.upsert import table_of

ROOT = Path(__file__).parent.parent
NOW = parse_instant("2026-06-01T02:00:00Z")
WORLD, FACTS_A_DEAL, CRM = 20_000, 30.0, "main"
AT_ONCE = 5_000  # deals whose facts are read
EARLIER = 7 * 60 * MICROS_PER_SECOND
COLUMNS = (
    "deal_id",
    "at",
    "kind",
    "phase",
    "source",
    "source_id",
    "value",
    "name",
    "known_at",
    "side",
    "person_id",
    "milestone_id",
    "run_id",
)
KIB_PER_MIB = 1_024


def opened(folder: Path) -> Store:
    """The store of a bench folder."""
    return open_store(StoreConfig(url=f"sqlite:///{folder / 'store.db'}"))


def load(folder: Path, deals: int) -> dict[str, float]:
    """Fills a store: a world, a fit of it, and so many open deals besides."""
    past = worlds.made(generate(deals=WORLD, seed=1, law=LAWS["milestones"], now=NOW)).known_by(NOW)
    store = opened(folder)
    learnt = train(store, workspace.model(ROOT, "close"), run_id=begin(store, past))
    pattern = usual(past)
    known = np.unique(pattern.deal)
    whole, rest = divmod(deals, len(known))
    for copy in range(whole + bool(rest)):
        part = pattern if copy < whole else pattern.take(pattern.deal < known[rest])
        at, known_at = (column - copy * EARLIER for column in (part.at, part.known_at))
        put(store, replace(part, at=at, known_at=known_at), first=WORLD * (copy + 2))
    store.close()
    return {"snapshots": learnt["snapshots"]}


def begin(store: Store, past: worlds.Past) -> int:
    """Stores a past as a pull would have left it; gives the run."""
    run_id = runs.begin(store, job="", step="pull", target=CRM, now=NOW)
    with store.write() as connection:
        labels = [{"label_id": number, "text": text} for number, text in enumerate(past.labels) if number]
        connection.execute(insert(table_of(tables.Label)), labels)
    put(store, past.facts, first=0)
    pulled.save_page(store, CRM, Page(pulled.CLOCK, Cursor(stamp=past.now)), run_id=run_id)
    runs.end(store, run_id, status="done", counts={}, message="", now=NOW)
    return run_id


def usual(past: worlds.Past) -> Facts:
    """The facts of the open deals that have least, so many that they have FACTS_A_DEAL on average."""
    is_open = past.facts.take(np.isin(past.facts.deal, open_deals(past.history, as_of=past.now)))
    deal, count = np.unique(is_open.deal, return_counts=True)
    order = np.argsort(count, kind="stable")
    mean = np.cumsum(count[order]) / np.arange(1, len(deal) + 1)
    return is_open.take(np.isin(is_open.deal, deal[order][mean <= FACTS_A_DEAL]))


def put(store: Store, facts: Facts, *, first: int) -> None:
    """Stores facts and their deals under numbers from `first` on, by the driver itself."""
    facts = facts.take(np.lexsort((np.arange(len(facts)), facts.phase, facts.kind, facts.at, facts.deal)))
    number = [str(each) for each in range(len(facts))]
    ones = [1] * len(facts)
    columns = [
        *(column.tolist() for column in (facts.deal + first, facts.at, facts.kind, facts.phase)), ones, number,
        *(column.tolist() for column in (facts.value, facts.name, facts.known_at, facts.side, facts.person, facts.step)), ones,
    ]  # fmt: skip
    with store.write() as connection:
        driver: Any = connection.connection.driver_connection
        marks = ", ".join("?" * len(COLUMNS))
        into = f"INSERT INTO fact ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608 - our own names
        driver.executemany(into, zip(*columns, strict=True))
        driver.executemany(
            "INSERT INTO deal VALUES (?, ?, ?, ?, 'A', 'O', 'P', '', 'S', 100, 'EUR', NULL, 1, 1, NULL, NULL, NULL)",
            ((deal, CRM, f"D{deal}", f"Deal {deal}") for deal in (np.unique(facts.deal) + first).tolist()),
        )


def scored(folder: Path) -> dict[str, float]:
    """Scores what is stored."""
    store = opened(folder)
    run_id = runs.begin(store, job="", step="score", target="close", now=NOW)
    counts = score(store, workspace.model(ROOT, "close"), run_id=run_id)
    store.close()
    return {"deals": counts["scored"]}


def floor(folder: Path) -> dict[str, float]:
    """The same facts as arrays in a file: sorted by deal and time, counted by deal and kind, the counts weighed."""
    with np.load(folder / "facts.npz") as arrays:
        deal, at, kind = (arrays[name] for name in ("deal", "at", "kind"))
    order = np.lexsort((at, deal))
    deal, kind = deal[order], kind[order]
    bounds = np.flatnonzero(np.append(True, deal[1:] != deal[:-1]))
    counts = np.stack([np.add.reduceat((kind == each).astype(np.float64), bounds) for each in Kind], axis=1)
    chance = 1 / (1 + np.exp(-(np.log1p(counts) @ np.linspace(-1, 1, len(Kind)))))
    return {"deals": len(chance), "facts": len(deal)}


def arrays(folder: Path) -> dict[str, float]:
    """Writes what the floor reads."""
    store = opened(folder)
    with frames.reading(store) as reader:
        known = reader.deals().tolist()
        parts = [reader.facts(deals=known[start : start + AT_ONCE]) for start in range(0, len(known), AT_ONCE)]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ("deal", "at", "kind")}
    np.savez(folder / "facts.npz", **columns)
    store.close()
    return {"facts": len(columns["deal"])}


STEPS: dict[str, Callable[..., dict[str, float]]] = {"load": load, "arrays": arrays, "score": scored, "floor": floor}


def measured(step: str, *told: Any) -> dict[str, float]:
    """What a step did and cost, in this process and those that it began; the peak is that of the largest."""
    wall = time.monotonic()
    found = STEPS[step](*told)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    processor = sum(each.ru_utime + each.ru_stime for each in used)
    peak = max(each.ru_maxrss for each in used) / KIB_PER_MIB
    return {**found, "wall s": time.monotonic() - wall, "processor s": processor, "peak MiB": peak}


def main(words: list[str]) -> None:
    """A line for each step."""
    parser = argparse.ArgumentParser(prog="python -m bench.score")
    parser.add_argument("--deals", type=int, default=100_000)
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        for step in STEPS:
            told = [folder, str(asked.deals)] if step == "load" else [folder]
            command = [sys.executable, "-m", "bench.score", "step", step, *told]
            found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
            print(f"{step:>7}: " + ", ".join(f"{value:,.1f} {name}" for name, value in found.items()), flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["step", "load", folder, deals]:
            print(json.dumps(measured("load", Path(folder), int(deals))))
        case ["step", step, folder]:
            print(json.dumps(measured(step, Path(folder))))
        case words:
            main(words)
