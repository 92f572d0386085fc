"""A small store to look at."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crmsync.config import StoreConfig
from crmsync.records import Kind, Phase, Result, Side
from crmsync.store import outbox, tables
from crmsync.store.engine import Store, open_store
from tests.store.rows import CRM, SECOND, T0, add, deal, fact, held, milestone, person, pull, run, save, score, stage

DAY = 86_400 * SECOND
BODY = {
    "base": -1.0,
    "parts": {"age": 0.25, "step_done:Security review": 1.5},
    "base_tenths": 269,
    "tenths": {"age": 59, "step_done:Security review": 351},
}
REASONS = json.dumps(BODY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = open_store(StoreConfig(url=f"sqlite:///{tmp_path / 'store.db'}"))
    yield opened
    opened.close()


@pytest.fixture
def told(store: Store) -> Store:
    """A store with two open deals of one name; the first has a plan, facts, a score, and a value that was written."""
    step = {"kind": Kind.MILESTONE, "source": "Milestone__c", "source_id": "M1", "name": "Security review"}
    planned = {**step, "phase": Phase.PLANNED, "side": Side.BUYER}
    facts = [
        fact(at=T0, known_at=T0, source_id="S1", kind=Kind.STAGE, name="proposal"),
        fact(at=T0, known_at=T0, source_id="A1", kind=Kind.AMOUNT, name="EUR", value=1_250_000),
        fact(**planned, at=T0, known_at=T0, value=20_040),
        fact(**planned, at=T0 + DAY, known_at=T0 + DAY, value=20_050),
        fact(at=T0 + 5 * DAY, known_at=T0 + 5 * DAY, source_id="C9", kind=Kind.MEETING, phase=Phase.DONE),
    ]
    pull(store, deals=[deal(), deal("D2")], people=[person()], stages=[stage()], milestones=[milestone()])
    pull(store, run_id=run(store, "pull"), stream="facts", facts=facts, held=[held(None)])
    add(store, tables.Cursor, {"crm": CRM, "stream": "clock", "stamp": T0 + 6 * DAY, "crm_id": "", "resume": ""})
    told_score = score(1, as_of=T0 + 2 * DAY, probability=0.679, close_p50=20_100, reasons=REASONS, text="68 %: + done")
    save(store, told_score)
    staged = run(store, "stage")
    value = {"digest": "d1", "run_id": staged, "score_id": 1, "deal_id": 1, "crm": CRM, "crm_id": "D1", "old": None}
    outbox.plan(store, [{**value, "result": Result.PROBABILITY, "target": "P__c", "new": "67.9", "reason": "first"}])
    return store
