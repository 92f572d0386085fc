"""The canonical dump: equal for equal pasts, however they came and wherever they are kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmsync.config import StoreConfig
from crmsync.records import BadRecord, Kind, Phase, Result
from crmsync.store import dump
from crmsync.store.engine import Store, open_store
from tests.store.rows import T0, deal, fact, gone, held, milestone, person, pull, stage

# Pages of one CRM, in the order that a full pull brings them. Texts that a database might sort or fold in its own way.
PAGES: list[dict[str, Any]] = [
    {"people": [person(), person("P2", name="Åsa Öberg"), person("p1", name="ß")], "stages": [stage(), stage("won")]},
    {"deals": [deal(), deal("d1", name="Ünï çødé \N{ROCKET}", won=True, closed_at=T0), deal("D10", amount_minor=None)]},
    {"milestones": [milestone(), milestone("M2", deal="D10", due_on=None)]},
    {"facts": [fact(person="P1"), fact("D10", kind=Kind.STAGE, source_id="", name="won"), fact("d1", at=T0)]},
    {"facts": [fact(kind=Kind.MILESTONE, source="Milestone__c", source_id="M1", phase=Phase.DONE, name="Review")]},
    {"held": [held("40.0"), held(None, deal="D10"), held("low", result=Result.RISK)]},
    {"gone": [gone("D10", survivor="D1")], "bad": [BadRecord(source="Task", crm_id="X", reason="no date")]},
]
REORDERED = [PAGES[place] for place in (0, 1, 5, 4, 2, 3, 6, 4)]


def filled(store: Store, pages: list[dict[str, Any]]) -> Store:
    """The store after these pages, each with its rows in the opposite order every other time."""
    for number, page in enumerate(pages, start=1):
        turned = {name: rows[:: (-1) ** number] for name, rows in page.items()}
        pull(store, run_id=number, stream=f"stream{number}", **turned)
    return store


def test_digest_doesnt_depend_on_the_order_of_arrival(store: Store, other: Callable[[], Store]) -> None:
    """Row numbers differ, the past doesn't."""
    assert dump.digest(filled(store, PAGES)) == dump.digest(filled(other(), REORDERED))


def test_digest_is_the_same_on_both_databases(store: Store, other: Callable[[], Store]) -> None:
    """Each line is equal, with whatever texts and missing values."""
    assert list(dump.lines(filled(store, PAGES))) == list(dump.lines(filled(other(), PAGES)))


@pytest.mark.parametrize(
    "change",
    [
        {"deals": [deal(name="Twelve seats")]},
        {"milestones": [milestone(due_on=20_051)]},
        {"people": [person(active=False)]},
        {"stages": [stage(label="Offer")]},
        {"facts": [fact(source_id="C9")]},
        {"held": [held("41.0")]},
        {"gone": [gone()]},
        {"bad": [BadRecord(source="Task", crm_id="Y", reason="no date")]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_digest_changes_with_every_kind_of_row(store: Store, change: dict[str, Any]) -> None:
    """Nothing that a pull stores is left out."""
    filled(store, PAGES)
    before = dump.digest(store)
    pull(store, run_id=99, **change)
    assert dump.digest(store) != before


def test_lines_hold_no_numbers_of_ours(store: Store) -> None:
    """Deals and people are named by their CRM's ids, stages of facts by their names."""
    text = "\n".join(dump.lines(filled(store, PAGES)))
    assert not any(f'"{name}"' in text for name in ("deal_id", "person_id", "milestone_id", "run_id", "seen_run_id"))


@pytest.fixture
def other(tmp_path: Path) -> Callable[[], Store]:
    """Opens a second, empty store, on SQLite; the first is on each database in turn."""
    return lambda: open_store(StoreConfig(url=f"sqlite:///{tmp_path / 'other.db'}"))
