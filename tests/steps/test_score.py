"""score and stage: which kind of score a deal gets, and what of it may be written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmsync.config import CrmConfig, PushConfig, StoreConfig
from crmsync.errors import BadConfig
from crmsync.records import PRIOR, RULES, Kind, Phase, Result
from crmsync.steps.score import score
from crmsync.steps.stage import stage
from crmsync.store import fits, tables
from crmsync.store.engine import Store, open_store
from crmsync.workspace import ModelSpec
from tests.store import rows
from tests.store.rows import CRM, SECOND, T0, add, all_of, deal, fact, held, pull

DAY = 86_400 * SECOND
SPEC = ModelSpec(name="close", file=Path("close.toml"), features=("age",))
FIELDS = {Result.PROBABILITY: "P__c", Result.EXPECTED_AMOUNT: "E__c", Result.KIND: "K__c", Result.REASONS: "R__c"}
CONFIG = CrmConfig(name=CRM, kind="salesforce", fields=FIELDS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with one open deal, whose fields in the CRM are blank."""
    opened = open_store(StoreConfig(url=f"sqlite:///{tmp_path / 'store.db'}"))
    shown = [held(None, result=result) for result in FIELDS]
    pull(opened, deals=[deal()], facts=[fact(kind=Kind.CREATED)], held=shown)
    add(opened, tables.Cursor, {"crm": CRM, "stream": "clock", "stamp": T0 + 30 * DAY, "crm_id": "", "resume": ""})
    yield opened
    opened.close()


def planned(store: Store, *, priors: tuple[str, ...] = ()) -> set[str]:
    """The results that a plan would write."""
    stage(store, CONFIG, push=PushConfig(), run_id=3, now=T0 + 30 * DAY, priors=priors)
    return {row.result for row in all_of(store, tables.Outbox)}


def test_too_short_a_past_is_scored_by_rules(store: Store) -> None:
    """Points and their kind, and no probability in any column."""
    assert score(store, SPEC, run_id=2) == {"open": 1, "scored": 1}
    (row,) = all_of(store, tables.Score)
    assert (row.kind, row.points, row.fit_id) == (RULES, 35, None)
    assert {row.probability, row.won_28d, row.won_in_period, row.close_p50, row.expected_minor} == {None}


def test_rules_reach_no_field_of_a_forecast(store: Store) -> None:
    """The CRM gets kind and reasons; its probability and expected amount stay blank."""
    score(store, SPEC, run_id=2)
    assert planned(store) == {Result.KIND, Result.REASONS}


@pytest.mark.parametrize(("priors", "written"), [((), {Result.KIND}), (("close",), set(FIELDS) - {"expected_amount"})])
def test_prior_is_written_only_where_its_model_says_so(
    store: Store, priors: tuple[str, ...], written: set[str]
) -> None:
    """A score of kind `prior` tells the CRM its kind, and its probability only with `[write] prior = true`."""
    rows.save(store, rows.score(kind=PRIOR, text="50 %: + done"))
    assert planned(store, priors=priors) == written


@pytest.mark.parametrize(
    ("fit", "helps"),
    [(None, "train"), ({"used": False, "as_of": T0}, "card"), ({"used": True, "as_of": T0 + 99 * DAY}, "train")],
)
def test_rules_do_not_stand_in_for_a_fit_that_could_be_made(
    store: Store, fit: dict[str, Any] | None, helps: str
) -> None:
    """Where enough deals have closed, a missing fit is a missing fit; why one was held back its card says."""
    if fit:
        rows.run(store, "train")
        fits.save(store, model="close", run_id=1, digest="d", body="{}", verdict="no better", **fit)
    closed = [f"C{number}" for number in range(40)]
    told = [fact(each, kind=Kind.CREATED, at=T0, known_at=T0, source_id=each) for each in closed]
    for number, each in enumerate(closed):
        end = {"at": T0 + 20 * DAY, "known_at": T0 + 20 * DAY, "phase": Phase.DONE, "value": number % 2}
        told.append(fact(each, kind=Kind.OUTCOME, source_id=each, **end))
    pull(store, deals=[deal(each) for each in closed], facts=told)
    with pytest.raises(BadConfig, match=rf"E406 .*-> crmsync {helps}"):
        score(store, SPEC, run_id=2)
