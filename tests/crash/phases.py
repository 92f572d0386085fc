"""What is killed, from which state it starts, how it goes on, and what must hold in the end."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crmsync.config import StoreConfig
from crmsync.store import dump, fits, frames, outbox, scores, tables
from crmsync.store.engine import Store, open_store
from crmsync.store.upsert import table_of
from tests.crash.served import Served

CRMS = ("main", "hub")
NUMBERS = ("score_id", "parts_id", "run_id", "pull_run_id", "fit_id", "deal_id")  # depend on how often a run was begun
STEP = ("crm", "source", "crm_id")
RUN_FIELD = "run_id"  # of the results, too

Verb = tuple[str, ...]
PULL, TRAIN, SCORE, STAGE, PUSH = (("pull",), ("train",), ("score",), ("stage",), ("push",))
CHAIN = (
    PULL,
    TRAIN,
    SCORE,
    STAGE,
    PUSH,
    STAGE,
    PUSH,
)  # the second half writes what the CRM didn't show after a lost answer


@dataclass(frozen=True, slots=True)
class Phase:
    """A verb to kill. `before`: verbs that lead to its state; `after`: what goes on; `writes`: it changes the CRMs."""

    name: str
    verb: Verb
    before: tuple[Verb, ...]
    after: tuple[Verb, ...]
    writes: bool = False


PHASES = (
    Phase("pull", PULL, (), (PULL,)),
    Phase("train", TRAIN, CHAIN[:1], (TRAIN,)),
    Phase("score", SCORE, CHAIN[:2], (SCORE,)),
    Phase("stage", STAGE, CHAIN[:3], (STAGE,)),
    Phase("push", PUSH, CHAIN[:4], CHAIN[4:], writes=True),
    Phase("undo", ("undo", "7"), CHAIN[:5], (("undo", "7"),), writes=True),
)


@dataclass(frozen=True, slots=True)
class End:
    """Where a story ended: what the store says, what stands in the CRMs, places there that were written other than
    once, and what is wrong with the store's file.
    """

    dump: str
    fit: str
    scores: list[dict[str, Any]]
    plan: list[tuple[Any, ...]]
    unsettled: int
    values: dict[tuple[str, str, str], Any]
    again: list[tuple[str, str, str]]
    damage: str


def end(url: str, crms: Served, *, since: int) -> End:
    """The end of a story over a store; what was written is counted from a mark on."""
    store = open_store(StoreConfig(url=url))
    try:
        fit = fits.newest_used(store, "close")
        planned = [row for name in CRMS for row in outbox.newest_plan(store, name)]
        return End(
            dump.digest(store),
            "" if fit is None else fit.digest,
            _scores(store),
            sorted((row.crm, row.crm_id, row.result.value, row.old or "", row.new or "") for row in planned),
            sum(len(outbox.unsettled(store, name)) for name in CRMS),
            {place: value for place, value in crms.values().items() if RUN_FIELD not in place[2].lower()},
            _again(crms.effects(since)),
            _damage(store),
        )
    finally:
        store.close()


def _scores(store: Store) -> list[dict[str, Any]]:
    """Steps by what their CRM calls them: which number of ours one has depends on which list was stored first."""
    table = table_of(tables.Milestone)
    steps = {row.pop("milestone_id"): [row[name] for name in STEP] for row in frames.rows(store, select(table))}
    rows = frames.rows(store, scores.newest_of_open())
    told = [{name: value for name, value in row.items() if name not in NUMBERS} for row in rows]
    for row in told:
        promises = [{**each, "step": steps[each["step"]]} for each in json.loads(row["promises"] or "[]")]
        row["promises"] = sorted(promises, key=lambda each: each["step"])
    return told


def _again(effects: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    times = Counter((one["crm"], one["crm_id"], one["field"]) for one in effects)
    return sorted(place for place, count in times.items() if count != 1)


def faults(found: End, whole: End) -> list[str]:
    """What differs from the unbroken story."""
    names = ("dump", "fit", "scores", "plan", "unsettled", "values")
    told = [f"{name} differs" for name in names if getattr(found, name) != getattr(whole, name)]
    told += [f"{len(found.again)} values written again"] if found.again else []
    return told + ([f"the file is damaged: {found.damage}"] if found.damage else [])


def _damage(store: Store) -> str:
    """What SQLite finds wrong in its file."""
    if not store.url.startswith("sqlite"):
        return ""
    with store.read() as connection:
        told = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    return "" if told == ["ok"] else "; ".join(told)
