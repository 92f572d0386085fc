"""Scoring so many deals at a time: what comes of it, held against the plain way over all facts at once."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from bench import worlds
from bench.score import ROOT, begin
from crmsync import past, workspace
from crmsync.clock import parse_instant
from crmsync.config import StoreConfig
from crmsync.forecast.book import Book
from crmsync.forecast.dataset import open_deals
from crmsync.forecast.logistic import from_json
from crmsync.forecast.plans import told_of_plans
from crmsync.forecast.points import points
from crmsync.forecast.reasons import LEAST, MOST, Reasons
from crmsync.forecast.score import Scores
from crmsync.forecast.score import score as score_deals
from crmsync.forecast.slips import Slips
from crmsync.records import TEXT_LIMIT
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS
from crmsync.steps.score import score
from crmsync.steps.train import train
from crmsync.store import fits, tables
from crmsync.store.engine import Store, open_store
from crmsync.store.upsert import table_of
from crmsync.views import reasons

NOW = parse_instant("2026-06-01T02:00:00Z")
SPEC = workspace.model(ROOT, "close")
EQUAL = 1e-12


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with a small world and a fit of it."""
    made = worlds.made(generate(deals=400, seed=1, law=LAWS["milestones"], now=NOW)).known_by(NOW)
    opened = open_store(StoreConfig(url=f"sqlite:///{tmp_path_factory.mktemp('scored') / 'store.db'}"))
    train(
        opened,
        SPEC.model_copy(update={"gate": SPEC.gate.model_copy(update={"block": False})}),
        run_id=begin(opened, made),
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def plain(store: Store) -> Scores:
    """The scores from the facts of all deals at once."""
    row = fits.newest_used(store, SPEC.name)
    assert row is not None
    history = past.history(store, known_by=NOW)
    return score_deals(from_json(row.body), history, open_deals(history, as_of=NOW), as_of=NOW)


@pytest.fixture(scope="module")
def rows(store: Store, plain: Scores) -> list[Any]:
    """What the step stores, in the order of the deals."""
    counts = score(store, SPEC, run_id=9)
    assert counts == {"open": len(plain), "scored": len(plain)}
    table = table_of(tables.Score)
    with store.read() as connection:
        return list(connection.execute(select(table).order_by(table.c.deal_id)))


def written(store: Store, slips: Slips | None) -> Book:
    """What has to be known of all deals, from pages of eleven each."""
    return Book.of(past.pages(store, past.batches(store, at_once=11), past.View.of(store, NOW), slips), slips)


def text(plain: Scores, row: int) -> str:
    """The reasons of a deal in words, the plain way."""
    told, between = f"{100 * plain.probability[row]:.0f} %", ": "
    for reason in Reasons(plain).of(row, most=MOST):
        more = f"{between}{'+' if reason.log_odds > 0 else '-'} {reason.text}"
        if abs(reason.log_odds) >= LEAST and len(told) + len(more) <= TEXT_LIMIT:
            told, between = told + more, "; "
    return told


def test_scores_of_some_deals_at_a_time_are_those_of_all_at_once(store: Store, plain: Scores) -> None:
    """Cut into parts of seven deals nothing changes, not even what a feature asks of an owner's other deals."""
    book = written(store, None)
    parts = [
        score_deals(plain.fit, history, open_deals(history, as_of=NOW), as_of=NOW)
        for history in past.parts(store, book.batches(7), past.View.of(store, NOW), book)
    ]
    for column in ("deal", "probability", "close_p50", "won_soon", "steps", "next_step_on"):
        together = np.concatenate([getattr(part, column) for part in parts])
        np.testing.assert_allclose(together, getattr(plain, column), rtol=0, atol=EQUAL)
    assert len(book.deals) == len(plain), "of deals that have ended nothing is read"
    assert len(book.batches(7)) == -(-len(plain) // 7)


def test_promises_of_some_deals_at_a_time_are_those_of_all_at_once(store: Store, plain: Scores) -> None:
    """How a company or person kept promises on deals of other parts counts as well."""
    book = written(store, plain.fit.slips)
    whole = told_of_plans(plain, past.history(store, known_by=NOW))
    place = {deal: number for number, deal in enumerate(plain.deal.tolist())}
    told = 0
    for history in past.parts(store, book.batches(7), past.View.of(store, NOW), book):
        part = score_deals(plain.fit, history, open_deals(history, as_of=NOW), as_of=NOW)
        some, here = told_of_plans(part, history, book.kept), [place[deal] for deal in part.deal.tolist()]
        assert some.pop("on_time") == pytest.approx([whole["on_time"][each] for each in here], rel=0, abs=EQUAL)
        assert some == {name: [whole[name][each] for each in here] for name in some}
        told += len(part)
    assert told == len(plain)


def test_stored_scores_are_those_of_the_plain_way(rows: list[Any], plain: Scores) -> None:
    """Each column that is a number."""
    for name, column in (("deal_id", plain.deal), ("probability", plain.probability), ("close_p80", plain.close_p80)):
        np.testing.assert_allclose([getattr(row, name) for row in rows], column, rtol=0, atol=EQUAL)


def test_stored_reasons_are_the_json_of_the_parts(store: Store, rows: list[Any], plain: Scores) -> None:
    """As the library writes it, each part that isn't 0 under its name, with its tenths of a point."""
    tenths = points(plain.base, plain.contributions)
    for place, text in enumerate(reasons.texts(store, [row._mapping for row in rows])):
        said = json.loads(text)
        assert json.dumps(said, separators=(",", ":")) == text
        some = np.flatnonzero(plain.contributions[place])
        assert said["tenths"] == {plain.parts[part]: int(tenths[place, part]) for part in some}
        known = [said["parts"][plain.parts[part]] for part in some]
        np.testing.assert_allclose(known, plain.contributions[place, some], rtol=0, atol=EQUAL)


def test_stored_texts_are_the_strongest_reasons_that_fit(rows: list[Any], plain: Scores) -> None:
    """Word for word."""
    assert [row.text for row in rows[:40]] == [text(plain, place) for place in range(min(len(rows), 40))]


def test_book_is_the_same_whatever_page_comes_first(store: Store, plain: Scores) -> None:
    """To the last bit, or a score could not be made again."""
    slips = plain.fit.slips
    pages = list(past.pages(store, past.batches(store, at_once=7), past.View.of(store, NOW), slips))
    one, other = (Book.of(some, slips).kept for some in (pages, pages[::-1]))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.company.factor, other.company.factor)
    np.testing.assert_array_equal(one.person.factor, other.person.factor)
