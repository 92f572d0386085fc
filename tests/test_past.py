"""Stored facts as the history that features may ask."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from crmsync import past
from crmsync.clock import to_day
from crmsync.config import StoreConfig
from crmsync.forecast.channels import STAGE
from crmsync.forecast.workdays import Workdays
from crmsync.records import Kind
from crmsync.store.engine import Store, open_store
from crmsync.workspace import Calendar, ModelSpec
from tests.store import rows

LATER = rows.T0 + 10 * rows.SECOND


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two CRMs that call a stage alike but for capitals, under ids of their own; one has another stage besides."""
    opened = open_store(StoreConfig(url=f"sqlite:///{tmp_path / 'store.db'}"))
    for crm, crm_id, label in (("main", "Talks", "Talks"), ("hub", "77", "talks")):
        stages = [rows.stage(crm_id, label=label), rows.stage("Talks2", label="Other talks")]
        entered = rows.fact(kind=Kind.STAGE, name=crm_id, source_id="D1")
        rows.pull(opened, crm=crm, deals=[rows.deal()], stages=stages, facts=[entered])
    yield opened
    opened.close()


def test_stages_of_one_name_are_one_in_both_crms(store: Store) -> None:
    """Deals of two CRMs stand in the same stage where people call it the same, whatever its ids."""
    history = past.history(store)
    found = history.as_of(history.deals, LATER).of(STAGE).latest("name", missing=-1)
    assert {history.labels[number] for number in found.tolist()} == {"Talks"}


def test_stages_without_a_definition_keep_their_id(store: Store) -> None:
    """A stage that no pull has defined is told by what the deal holds."""
    gone = rows.fact(kind=Kind.STAGE, name="old-9", source_id="D1", at=LATER, known_at=LATER)
    rows.pull(store, facts=[gone])
    history = past.history(store)
    found = history.as_of(history.deals, LATER).of(STAGE).latest("name", missing=-1)
    assert {history.labels[number] for number in found.tolist()} == {"Talks", "old-9"}


def test_deals_of_one_account_are_one_company(store: Store) -> None:
    """Within a CRM; accounts of two CRMs and deals that name none stand each for one."""
    alone = rows.deal("D3", account="")
    rows.pull(
        store, deals=[rows.deal("D2"), alone], facts=[rows.fact(deal=name, source_id=name) for name in ("D2", "D3")]
    )
    companies = past.history(store).companies
    assert len(companies) == 4
    assert len(set(companies.tolist())) == 3


def test_calendar_of_the_model_reaches_the_forecast() -> None:
    """Weekdays become numbers and holidays days, in order."""
    free = {"weekend": ("sun", "fri"), "buyer_holidays": ("2026-12-26", "2026-12-25"), "seller_holidays": ()}
    spec = ModelSpec(name="m", file=Path("m.toml"), features=("age",), calendar=Calendar(**free))
    christmas = to_day(date(2026, 12, 25))
    assert past.recipe(spec).workdays == Workdays((4, 6), (christmas, christmas + 1), ())
