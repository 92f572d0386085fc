"""A model's card."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from crmsync.errors import BadConfig
from crmsync.forecast.gate import Later, judge
from crmsync.forecast.logistic import Fit
from crmsync.store import fits
from crmsync.store.engine import Store
from crmsync.views.card import card, html, lines, to_file
from crmsync.views.cells import document
from tests.forecast.conftest import rich, rich_fit
from tests.store.rows import person, pull

__all__ = ["rich", "rich_fit"]


@pytest.fixture
def graded(store: Store, rich_fit: Fit) -> Store:
    """A store with a fit that was held back, and one person by name."""
    pull(store, people=[person()])
    row = {"model": "close", "run_id": 1, "as_of": rich_fit.trained.as_of, "digest": rich_fit.digest}
    fits.save(store, **row, used=False, verdict="no better than the base rate", body=rich_fit.to_json())
    return store


def test_card_tells_what_the_gate_said(graded: Store) -> None:
    """The newest fit, used or not, with its figures and its gaps by group; owners by name."""
    told = card(graded, "close")
    assert (told["used"], told["verdict"]) == (False, "no better than the base rate")
    assert "Owner One" in {each["group"] for each in told["gate"]["grades"]["groups"] if each["by"] == "owner"}
    assert lines(told)[0].endswith("not used: no better than the base rate")


def test_card_is_a_page_or_a_document(graded: Store, tmp_path: Path) -> None:
    """One file either way, with every bin's count; a program reads what `--json` gives it."""
    told = card(graded, "close")
    for name in ("card.html", "card.json"):
        to_file(told, tmp_path / name)
    page = (tmp_path / "card.html").read_text()
    assert json.loads((tmp_path / "card.json").read_text()) == document(told)
    assert page.startswith("<!doctype html>")
    assert all(f">{each['snapshots']:,}<" in page for each in told["gate"]["grades"]["bins"])


def test_card_is_nothing_else(graded: Store, tmp_path: Path) -> None:
    """A page isn't written under a name that a browser shows as text."""
    with pytest.raises(BadConfig, match="E133"):
        to_file(card(graded, "close"), tmp_path / "card.txt")


def test_card_without_later_deals_shows_no_losses(graded: Store) -> None:
    """A young fit was compared with nothing, which isn't a loss of 0."""
    told, none = card(graded, "close"), np.zeros(0)
    gate = asdict(judge(Later(none.astype(np.int64), none, none, none, none, none), block=True))
    page = html({**told, "gate": {**gate, "grades": {"groups": []}}})
    assert "No later deals to compare on yet." in page
    assert ">0.000<" not in page


def test_card_of_an_untrained_model_says_what_to_do(store: Store) -> None:
    """Nothing to show before the first training."""
    with pytest.raises(BadConfig, match=r"E406 .*-> crmsync train"):
        card(store, "close")
