"""Trained fits, kept and found again."""

from typing import Any

from crmsync.store import fits
from crmsync.store.engine import Store


def saved(store: Store, **different: Any) -> int:
    """The id of a fit stored with some values of its own."""
    row = {"model": "close", "run_id": 1, "as_of": 100, "digest": "d", "used": True, "verdict": "fine", "body": "{}"}
    return fits.save(store, **{**row, **different})


def test_newest_used_is_none_before_the_first_fit(store: Store) -> None:
    """A model that was never trained has no fit."""
    assert fits.newest_used(store, "close") is None


def test_newest_used_leaves_out_what_the_gate_refused(store: Store) -> None:
    """A refused fit doesn't score, and neither does another model's."""
    good = saved(store)
    saved(store, used=False)
    saved(store, model="other")
    found = fits.newest_used(store, "close")
    assert found is not None
    assert found.fit_id == good


def test_newest_used_of_the_past_saw_nothing_later(store: Store) -> None:
    """Scoring as of a past instant takes the newest fit that was made with nothing later."""
    early = saved(store, as_of=100)
    saved(store, as_of=200)
    found = fits.newest_used(store, "close", as_of=199)
    assert found is not None
    assert found.fit_id == early


def test_newest_used_is_the_one_that_knows_most(store: Store) -> None:
    """A fit of a past day that was made today doesn't replace the one that scores."""
    present = saved(store, as_of=200)
    saved(store, as_of=100)
    newest, used = fits.newest(store, "close"), fits.newest_used(store, "close")
    assert newest is not None
    assert used is not None
    assert (newest.fit_id, used.fit_id) == (present, present)


def test_newest_waiting_knows_more_than_the_one_in_use(store: Store) -> None:
    """One that has been overtaken stays so, and none is given before its time."""
    saved(store, as_of=200, used=False, verdict="waits: new")
    asked = {"verdict": "waits", "after": 100, "as_of": 400}
    found = [
        fits.newest_waiting(store, "close", **{**asked, **other}) for other in ({}, {"after": 200}, {"as_of": 199})
    ]
    assert [row and row.as_of for row in found] == [200, None, None]


def test_get_gives_back_what_was_saved(store: Store) -> None:
    """Every column survives the way through the database."""
    number = saved(store, as_of=2**53 + 1, body='{"x":0.1}')
    assert fits.get(store, number) == fits.FitRow(number, "close", 1, 2**53 + 1, "d", True, "fine", '{"x":0.1}')
