"""Small made-up pasts for the forecast: a plain one to write by hand, a rich random one, and a fit learnt from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.features import ALL
from crmsync.forecast.fit import train
from crmsync.forecast.history import Facts, History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.recipe import Recipe
from crmsync.records import Kind, Phase, Side

START = 20_003  # a Monday, in days since 1970
COLUMNS = {
    "deal": np.int64,
    "at": np.int64,
    "known_at": np.int64,
    "kind": np.int8,
    "phase": np.int8,
    "side": np.int8,
    "name": np.int32,
    "value": np.int64,
    "person": np.int64,
    "step": np.int64,
}


@dataclass(frozen=True)
class Past:
    """Facts, their labels, and the instant at which the past ends."""

    facts: Facts
    labels: tuple[str, ...]
    now: int

    @property
    def history(self) -> History:
        """The past as a history."""
        return History(self.facts, self.labels)


def write(*rows: dict[str, Any]) -> Facts:
    """Facts from rows; `day` counts from START and may be fractional, `known` likewise; deal 1 unless said otherwise."""
    found: dict[str, list[int]] = {name: [] for name in COLUMNS}
    for row in rows:
        at = round((START + row["day"]) * DAY)
        known_at = round((START + row.get("known", row["day"])) * DAY)
        whole = {"deal": 1, "at": at, "known_at": known_at, **row}
        for name, column in found.items():
            column.append(int(whole.get(name, 0)))
    return Facts(*(np.array(found[name], dtype=width) for name, width in COLUMNS.items()))


@pytest.fixture
def past() -> Callable[..., History]:
    """Makes a history from rows; labels are "", "one", "two", "three"."""
    return lambda *rows: History(write(*rows), ("", "one", "two", "three"))


LABELS = ("", "EUR", "JPY", "new", "offer", "last", "security review", "legal", "signature", "champion", "follow up")


def random_past(*, deals: int, seed: int, signal: float = 2.0) -> Past:
    """Deals over a year with every kind and phase of fact; done steps and buyers' mails go with winning, by `signal`."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for deal in range(1, deals + 1):
        rows += _deal(rng, deal, signal)
    return Past(write(*rows), LABELS, (START + 365) * DAY)


def _deal(rng: np.random.Generator, deal: int, signal: float) -> list[dict[str, Any]]:
    born, life, liking = rng.uniform(0, 330), rng.gamma(2.0, 25.0), rng.normal()
    won = rng.random() < 1 / (1 + np.exp(0.5 - signal * liking))
    euro = rng.random() < 0.5
    rows: list[dict[str, Any]] = [
        {"day": born, "kind": Kind.CREATED},
        {"day": born, "kind": Kind.OWNER, "person": rng.integers(1, 6)},
        {"day": born, "kind": Kind.AMOUNT, "name": 1 if euro else 2, "value": round(np.exp(rng.normal(10, 1)))},
        {"day": born, "kind": Kind.CLOSE_ON, "value": START + round(born + 60)},
    ]
    stages = {place: born + life * place * rng.uniform(0.1, 0.3) for place in range(3)}
    rows += [{"day": day, "kind": Kind.STAGE, "name": 3 + place} for place, day in stages.items()]
    for step in range(3):
        rows += _step(rng, born, life, 10 * deal + step, name=6 + step, liking=liking)
    for _ in range(rng.poisson(4 + 2 * max(liking, 0))):
        day = born + rng.random() * life
        kind = rng.choice([Kind.CALL, Kind.MEETING, Kind.EMAIL, Kind.VIEW, Kind.WORK, Kind.CONTACT])
        phase = rng.choice([Phase.HAPPENED, Phase.PLANNED, Phase.DONE])
        side = rng.choice([Side.BUYER, Side.SELLER])
        known = day + rng.choice([0, 0, 3.0])
        name = {Kind.WORK: 10, Kind.CONTACT: 9}.get(kind, 0)
        rows.append(
            {
                "day": day,
                "known": known,
                "kind": kind,
                "phase": phase,
                "side": side,
                "name": name,
                "person": rng.integers(0, 9),
            }
        )
    if born + life < 365:
        rows.append({"day": born + life, "kind": Kind.OUTCOME, "phase": Phase.DONE, "value": won})
    if rng.random() < 0.05:
        rows.append({"day": born + life * 0.9, "kind": Kind.DELETED})
    return [{**row, "deal": deal} for row in rows]


def _step(
    rng: np.random.Generator, born: float, life: float, step: int, *, name: int, liking: float
) -> list[dict[str, Any]]:
    due = START + round(born + rng.uniform(5, 60))
    plan = {"kind": Kind.MILESTONE, "step": step, "name": name, "side": 1 + step % 2}
    rows: list[dict[str, Any]] = [{**plan, "day": born, "phase": Phase.PLANNED, "value": due}]
    if rng.random() < 0.4:
        rows.append({**plan, "day": born + life * rng.random(), "phase": Phase.PLANNED, "value": due + 10})
    if rng.random() < 1 / (1 + np.exp(-2 * liking)):
        done = born + life * rng.random()
        rows.append({**plan, "day": done, "known": done + rng.choice([0, 2.0]), "phase": Phase.DONE})
    if rng.random() < 0.1:
        rows.append({**plan, "day": born + life, "phase": rng.choice([Phase.REOPENED, Phase.REMOVED])})
    return rows


@pytest.fixture(scope="session")
def rich() -> Past:
    """A past of 250 deals with signal."""
    return random_past(deals=250, seed=7)


RECIPE = Recipe(ALL, penalties=(0.003, 0.03, 0.3))


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """All features, a short grid of penalties."""
    return RECIPE


@pytest.fixture(scope="session")
def rich_fit(rich: Past) -> Fit:
    """A fit learnt from the whole of the rich past."""
    return train(rich.history, RECIPE, as_of=rich.now)
