"""Worlds as the forecast sees them: straight to facts, as a pull from a CRM would have told them, without the CRM between.

Every fact is known when it happens. A step or a task is planned when it is first heard of; a deal's closing comes with its stage.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from crmsync.clock import parse_instant
from crmsync.forecast.facts import Facts
from crmsync.forecast.history import History
from crmsync.records import Kind, Phase
from crmsync.sandbox import columns as sandbox

KINDS = {
    sandbox.STAGE: Kind.STAGE,
    sandbox.MILESTONE: Kind.MILESTONE,
    sandbox.CALL: Kind.CALL,
    sandbox.MEETING: Kind.MEETING,
    sandbox.EMAIL: Kind.EMAIL,
    sandbox.VIEW: Kind.VIEW,
    sandbox.WORK: Kind.WORK,
    sandbox.AMOUNT: Kind.AMOUNT,
    sandbox.CLOSE_ON: Kind.CLOSE_ON,
    sandbox.OWNER: Kind.OWNER,
    sandbox.CONTACT: Kind.CONTACT,
}
PHASES = {
    sandbox.HAPPENED: Phase.HAPPENED,
    sandbox.SCHEDULE: Phase.PLANNED,
    sandbox.START: Phase.BEGUN,
    sandbox.COMPLETE: Phase.DONE,
    sandbox.REOPEN: Phase.REOPENED,
    sandbox.REMOVE: Phase.REMOVED,
}
STEPS_A_DEAL = 10_000
WIDTHS = (np.int64, np.int64, np.int64, np.int8, np.int8, np.int8, np.int32, np.int64, np.int64, np.int64)
COLUMN_NAMES = [column.name for column in fields(Facts)]


@dataclass(frozen=True, slots=True)
class Past:
    """Facts of deals, their labels, and the last instant that they tell of."""

    facts: Facts
    labels: tuple[str, ...]
    now: int

    @property
    def history(self) -> History:
        """As features may ask it."""
        return History(self.facts, self.labels)

    def known_by(self, at: int) -> "Past":
        """What was known by an instant."""
        return Past(self.facts.take(self.facts.known_at <= at), self.labels, at)


def made(world: sandbox.World) -> Past:
    """A generated world's facts; deals that begin after its `now` and what lies after it are kept, for `known_by` to cut."""
    deals, facts = world.deals, world.facts
    kind, phase = (np.zeros(32, dtype=np.int64) for _ in range(2))
    kind[list(KINDS)], phase[list(PHASES)] = list(KINDS.values()), list(PHASES.values())
    whom = np.isin(facts.kind, (sandbox.OWNER, sandbox.CONTACT))
    told: dict[str, NDArray[Any]] = {
        "deal": facts.deal,
        "at": facts.at,
        "kind": kind[facts.kind],
        "phase": phase[facts.lifecycle],
        "side": facts.side,
        "name": facts.name + 1,
        "value": np.where((facts.value < 0) | whom, 0, facts.value),
        "person": np.where(whom, facts.value, facts.who) + 1,
        "step": np.where(facts.step >= 0, facts.deal.astype(np.int64) * STEPS_A_DEAL + facts.step + 1, 0),
    }
    every = np.arange(len(deals))
    none = np.zeros(len(deals), dtype=np.int64)
    first: dict[str, NDArray[Any]] = {"deal": every, "at": deals.created_at}
    born: list[dict[str, NDArray[Any]]] = [
        {**first, "kind": none + Kind.CREATED},
        {**first, "kind": none + Kind.OWNER, "person": deals.owner + 1},
        {**first, "kind": none + Kind.AMOUNT, "name": deals.currency + 1, "value": deals.amount_minor},
        {**first, "kind": none + Kind.CLOSE_ON, "value": deals.close_on},
    ]
    closed: dict[str, NDArray[Any]] = {"kind": none + Kind.OUTCOME, "phase": none + Phase.DONE, "value": deals.won}
    blocks: list[dict[str, NDArray[Any]]] = [*born, told, {"deal": every, "at": deals.closed_at, **closed}]
    return Past(_stacked(blocks), ("", *world.words.texts), world.now)


def _stacked(blocks: list[dict[str, NDArray[Any]]]) -> Facts:
    columns = []
    for name, width in zip(COLUMN_NAMES, WIDTHS, strict=True):
        source = "at" if name == "known_at" else name
        parts = [block.get(source, np.zeros(len(block["deal"]), dtype=np.int64)) for block in blocks]
        columns.append(np.concatenate(parts).astype(width))
    return Facts(*columns)


class _Rows:
    """Facts collected row by row."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, ...]] = []
        self.texts: dict[str, int] = {"": 0}
        self.people: dict[str, int] = {"": 0}
        self.steps: dict[tuple[int, str], int] = {}

    def add(self, deal: int, at: int, kind: Kind, **more: Any) -> None:
        """One fact; `name` and `person` are texts."""
        name = self.texts.setdefault(more.get("name", ""), len(self.texts))
        person = self.people.setdefault(more.get("person", ""), len(self.people))
        told = (more.get("phase", Phase.HAPPENED), 0, name, more.get("value", 0), person, more.get("step", 0))
        self.rows.append((deal, at, at, kind, *told))

    def add_step(self, deal: int, at: int, **more: Any) -> None:
        """A fact of a plan's step, which is planned when it is first heard of."""
        key = (deal, more["name"])
        if key not in self.steps:
            self.steps[key] = len(self.steps) + 1
            if more["phase"] != Phase.PLANNED:
                self.add(deal, at, Kind.MILESTONE, name=more["name"], phase=Phase.PLANNED, step=self.steps[key])
        self.add(deal, at, Kind.MILESTONE, **more, step=self.steps[key])

    def past(self, now: int) -> Past:
        """All of them."""
        columns = zip(*self.rows, strict=True)
        facts = Facts(*(np.array(column, dtype=width) for column, width in zip(columns, WIDTHS, strict=True)))
        return Past(facts, tuple(self.texts), now)


def read(folder: Path, *, prefix: str = "") -> Past:
    """A world directory: `deals.csv` and `facts.csv`, plain or gzipped, perhaps with a prefix to their names."""
    rows = _Rows()
    latest = 0
    numbers: dict[str, int] = {}
    for cells in _cells(folder, f"{prefix}deals.csv"):
        deal = numbers.setdefault(cells["deal_id"], len(numbers) + 1)
        latest = max(latest, _add_deal(rows, deal, cells))
    for cells in _cells(folder, f"{prefix}facts.csv"):
        at = parse_instant(cells["at"])
        latest = max(latest, at)
        _add_fact(rows, numbers[cells["deal_id"]], at, cells)
    return rows.past(latest)


def _cells(folder: Path, name: str) -> Iterator[dict[str, str]]:
    plain = folder / name
    file: TextIO
    with plain.open(newline="") if plain.exists() else gzip.open(f"{plain}.gz", "rt", newline="") as file:
        yield from csv.DictReader(file)


def _add_deal(rows: _Rows, deal: int, cells: dict[str, str]) -> int:
    """Gives the last instant of the deal."""
    born = parse_instant(cells["created_at"])
    rows.add(deal, born, Kind.CREATED)
    if cells["amount"]:
        minor = round(float(cells["amount"]) * 100)
        rows.add(deal, born, Kind.AMOUNT, name=cells.get("currency", ""), value=minor)
    if cells.get("owner"):
        rows.add(deal, born, Kind.OWNER, person=cells["owner"])
    if cells.get("close_on"):
        rows.add(deal, born, Kind.CLOSE_ON, value=_day(cells["close_on"]))
    if not cells["closed_at"]:
        return born
    closed = parse_instant(cells["closed_at"])
    rows.add(deal, closed, Kind.OUTCOME, phase=Phase.DONE, value=int(cells["won"].lower() in ("true", "1")))
    return closed


def _day(text: str) -> int:
    return int(np.datetime64(text[:10], "D").astype(np.int64))


def _add_fact(rows: _Rows, deal: int, at: int, cells: dict[str, str]) -> None:
    kind = Kind[cells["kind"].upper()]
    phase = PHASES[sandbox.LIFECYCLE_NAMES.index(cells["lifecycle"])] if kind != Kind.STAGE else Phase.HAPPENED
    promised = _day(cells["value"]) if cells.get("value") and phase == Phase.PLANNED else 0
    told = {"name": cells["name"], "phase": phase, "value": promised, "person": cells["resource"]}
    if kind == Kind.MILESTONE:
        rows.add_step(deal, at, **told)
    else:
        rows.add(deal, at, kind, **told)


def read_pipeline(file: Path) -> Past:
    """An export of CRM opportunities with the columns deal_stage, engage_date, close_date and close_value, gzipped.

    Its closed stages are the outcome, the others are stages; a deal without an engage date was never worked and is left out.
    The export tells what a deal closed at, which is nothing for a lost one: no amount is used.
    """
    rows = _Rows()
    latest = 0
    with gzip.open(file, "rt", newline="") as lines:
        for deal, cells in enumerate(csv.DictReader(lines), 1):
            if cells["engage_date"]:
                latest = max(latest, _add_opportunity(rows, deal, cells))
    return rows.past(latest)


def _add_opportunity(rows: _Rows, deal: int, cells: dict[str, str]) -> int:
    born = parse_instant(cells["engage_date"])
    rows.add(deal, born, Kind.CREATED)
    rows.add(deal, born, Kind.OWNER, person=cells["sales_agent"])
    rows.add(deal, born, Kind.STAGE, name="Engaging")
    if cells["close_date"]:
        born = parse_instant(cells["close_date"])
        rows.add(deal, born, Kind.OUTCOME, phase=Phase.DONE, value=int(cells["deal_stage"] == "Won"))
    return born
