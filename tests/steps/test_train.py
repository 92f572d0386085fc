"""train: a challenger beside the champion, and which fit scores in the end."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.config import StoreConfig
from crmsync.errors import Stopped
from crmsync.forecast.challenge import WAITING, compare
from crmsync.forecast.fit import train as fitted
from crmsync.forecast.logistic import Fit
from crmsync.steps.train import train
from crmsync.store import fits, tables
from crmsync.store.engine import Store, open_store
from crmsync.store.upsert import table_of
from crmsync.workspace import Gate, ModelSpec
from tests.forecast.conftest import RECIPE, Past, random_past
from tests.store.rows import CRM, add, deal

FEATURES = ("age", "stage", "step_done")
SPEC = ModelSpec(name="close", file=Path("close.toml"), features=FEATURES, gate=Gate(block=False, challenge_days=28))
FACT_COLUMNS = {"deal": "deal_id", "person": "person_id", "step": "milestone_id"}


def fill(store: Store, past: Past) -> None:
    """Puts a past into a store as a pull would have."""
    deals = np.unique(past.facts.deal).tolist()
    add(store, tables.Deal, *({**deal(f"D{number}"), "crm": CRM, "deal_id": number} for number in deals))
    add(store, tables.Label, *({"label_id": number, "text": text} for number, text in enumerate(past.labels)))
    names = past.facts.__slots__
    rows = zip(*(getattr(past.facts, name).tolist() for name in names), strict=True)
    whole: list[dict[str, Any]] = [
        {FACT_COLUMNS.get(name, name): value for name, value in zip(names, row, strict=True)}
        | {"source": 0, "source_id": str(place), "run_id": 1}
        for place, row in enumerate(rows)
    ]
    with store.write() as connection:
        connection.execute(insert(table_of(tables.Fact)), whole)
    add(store, tables.Cursor, {"crm": CRM, "stream": "clock", "stamp": past.now, "crm_id": "", "resume": ""})


@pytest.fixture(scope="module")
def past() -> Past:
    """A past with much signal."""
    return random_past(deals=300, seed=7, signal=3.0)


@pytest.fixture(scope="module")
def store(past: Past, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with that past, trained 90, 50, 20 days and a day before its end."""
    opened = open_store(StoreConfig(url=f"sqlite:///{tmp_path_factory.mktemp('train') / 'store.db'}"))
    fill(opened, past)
    for run_id, days in enumerate((90, 50, 20, 1), start=1):
        train(opened, SPEC, run_id=run_id, as_of=past.now - days * DAY)
    yield opened
    opened.close()


def test_first_fit_scores_at_once(store: Store, past: Past) -> None:
    """Where nothing scores yet there is nobody to challenge."""
    row = fits.newest_used(store, "close", as_of=past.now - 60 * DAY)
    assert row is not None
    assert row.as_of == past.now - 90 * DAY


def test_challenger_takes_over_after_its_time(store: Store, past: Past) -> None:
    """Of those that wait, the one of 50 days ago has waited long enough; the newer ones still stand beside it."""
    row, newest = fits.newest_used(store, "close"), fits.newest(store, "close")
    assert row is not None
    assert newest is not None
    assert (row.as_of, row.verdict[:30]) == (past.now - 50 * DAY, "took over after its challenge ")
    assert newest.verdict.startswith(WAITING)


@pytest.mark.parametrize(("days", "readable"), [(100, True), (40, False)])
def test_challenger_that_is_older_or_unreadable_is_passed_over(
    past: Past, tmp_path: Path, days: int, readable: bool
) -> None:
    """Neither one from before the champion's training, whatever was trained of past days since, nor one of another version."""
    opened = open_store(StoreConfig(url=f"sqlite:///{tmp_path / 'store.db'}"))
    fill(opened, past)
    train(opened, SPEC, run_id=1, as_of=past.now - 60 * DAY)
    champion = fits.newest_used(opened, "close")
    assert champion is not None
    plain = {"model": "close", "run_id": 2, "digest": champion.digest}
    waiting = champion.body if readable else "null"
    fits.save(opened, **plain, as_of=past.now - days * DAY, used=False, verdict=WAITING, body=waiting)
    fits.save(opened, **plain, as_of=past.now - 150 * DAY, used=True, verdict="", body=champion.body)
    assert "promoted" not in train(opened, SPEC, run_id=3)
    opened.close()


def upside_down(fit: Fit) -> Fit:
    """The same fit with every effect turned round."""
    terms = tuple(
        replace(each, coefficients=tuple(-3 * value for value in each.coefficients)) for each in fit.formula.terms
    )
    return replace(fit, formula=replace(fit.formula, terms=terms))


def test_challenger_that_is_worse_does_not_take_over(past: Past) -> None:
    """What came since its training decides, whatever the gate said of it."""
    champion = fitted(past.history, replace(RECIPE, features=FEATURES), as_of=past.now - 150 * DAY)
    better, why = compare(past.history, RECIPE, upside_down(champion), champion, by=past.now)
    assert not better
    assert why.startswith("log loss")


def test_a_fit_that_tells_nothing_is_stored_and_scores_nothing(tmp_path: Path) -> None:
    """Where nothing goes with winning the fit stays out of use, and the refusal says what that means."""
    opened, noise = (
        open_store(StoreConfig(url=f"sqlite:///{tmp_path / 'store.db'}")),
        random_past(deals=450, seed=5, signal=0.0),
    )
    fill(opened, noise)
    with pytest.raises(Stopped, match=r"E408 .*no better than .*until one passes no deal gets a score"):
        train(opened, SPEC.model_copy(update={"gate": Gate()}), run_id=1)
    found = fits.newest(opened, SPEC.name)
    assert (found is not None and found.used, fits.newest_used(opened, SPEC.name)) == (False, None)
    opened.close()
