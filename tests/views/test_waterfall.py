"""The waterfall from a store: whose fit, and which overrides."""

from pathlib import Path

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.fit import train
from crmsync.forecast.recipe import Recipe
from crmsync.records import OURSELVES
from crmsync.store import fits
from crmsync.store.engine import Store
from crmsync.views.waterfall import between, fit_of, overrides
from crmsync.workspace import ModelSpec
from tests.forecast.conftest import random_past
from tests.store.rows import T0, deal, held, pull, run

FEATURES = ("age", "stage", "step_done")


def spec() -> ModelSpec:
    """A small model."""
    return ModelSpec(name="close", file=Path("close.toml"), features=FEATURES)


def test_overrides_are_those_of_people_by_then(store: Store) -> None:
    """A person's value counts as a chance from the instant at which it was set; ours and nobody's don't."""
    values = [
        held("80.0", deal="D1", set_by="P1", set_at=T0 + 5),
        held("70.0", deal="D2", set_by=OURSELVES, set_at=T0),
        held("60.0", deal="D3", set_by="", set_at=T0),
    ]
    pull(store, deals=[deal("D1"), deal("D2"), deal("D3")], held=values)
    assert (overrides(store, by=T0 + 4), list(overrides(store, by=T0 + 5).values())) == ({}, [0.8])


def test_waterfall_takes_the_fit_that_scored(store: Store) -> None:
    """From the day of a stored fit on it is that one, before it one made as of the date, and the parts balance."""
    past = random_past(deals=120, seed=3)
    history, then = past.history, past.now - 40 * DAY
    stored = train(history, Recipe(FEATURES, penalties=(0.03,)), as_of=then)
    told = {"model": "close", "run_id": run(store, "train"), "as_of": then, "digest": stored.digest, "verdict": ""}
    fits.save(store, **told, used=True, body=stored.to_json())
    assert fit_of(store, spec(), history, at=past.now).digest == stored.digest
    assert fit_of(store, spec(), history, at=then - DAY).trained.as_of == then - DAY
    for each in between(store, spec(), history, from_at=then - DAY, to_at=past.now):
        assert each.before + sum(part.minor for part in each.parts) == each.after
