"""Stored facts as the history that features may ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmsync import past
from crmsync.config import StoreConfig
from crmsync.forecast.channels import STAGE
from crmsync.records import Kind
from crmsync.store.engine import Store, open_store
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
