"""Records that contradict each other in one page, on both databases."""

from crmsync.records import Kind, Phase
from crmsync.store import tables
from crmsync.store.engine import Store
from tests.store.conftest import store, url
from tests.store.rows import SECOND, T0, all_of, deal, fact, milestone, pull

__all__ = ["store", "url"]


def test_deal_that_comes_twice_in_one_page_is_one(store: Store) -> None:
    """Keyset pages may overlap: the later row counts."""
    pull(store, deals=[deal("D1", name="first"), deal("D1", name="later")])
    assert [row.name for row in all_of(store, tables.Deal)] == ["later"]


def test_ids_are_compared_sign_by_sign(store: Store) -> None:
    """Salesforce's short ids differ by case alone, and a leading zero is part of an id."""
    ids = ["006gK00000AbCdE", "006gK00000aBcDe", "7", "007"]
    pull(store, deals=[deal(crm_id) for crm_id in ids])
    assert sorted(row.crm_id for row in all_of(store, tables.Deal)) == sorted(ids)


def test_currencies_are_kept_as_they_are(store: Store) -> None:
    """No decimals, three of them, a code that nobody knows, none at all: the amount stays beside its own code."""
    given = {"JPY": 1_250, "KWD": 1_250_500, "XXX": 125_000, "": 1}
    pull(store, deals=[deal(f"D{code}", currency=code, amount_minor=minor) for code, minor in given.items()])
    assert {row.currency: row.amount_minor for row in all_of(store, tables.Deal)} == given


def test_milestone_that_moves_to_another_deal_keeps_its_past(store: Store) -> None:
    """What was promised to the first deal stays its fact; the step itself is the second one's."""
    planned = {"kind": Kind.MILESTONE, "phase": Phase.PLANNED, "source": "Milestone__c", "source_id": "M1"}
    pull(store, deals=[deal("D1"), deal("D2")], milestones=[milestone(deal="D1")], facts=[fact("D1", **planned)])
    pull(store, milestones=[milestone(deal="D2")], facts=[fact("D2", at=T0 + 9 * SECOND, **planned)])
    ids = {row.crm_id: row.deal_id for row in all_of(store, tables.Deal)}
    assert [row.deal_id for row in all_of(store, tables.Milestone)] == [ids["D2"]]
    assert sorted(row.deal_id for row in all_of(store, tables.Fact)) == sorted(ids.values())


def test_deal_reopened_after_it_was_won_keeps_both_turns(store: Store) -> None:
    """The closing stays in the past; the deal itself is open."""
    won = fact(kind=Kind.OUTCOME, phase=Phase.DONE, value=1, source_id="D1")
    opened = fact(kind=Kind.OUTCOME, phase=Phase.REOPENED, at=T0 + 9 * SECOND, source_id="D1")
    pull(store, deals=[deal(won=True, closed_at=T0 + SECOND)], facts=[won])
    pull(store, deals=[deal()], facts=[won, opened])
    assert [row.phase for row in all_of(store, tables.Fact)] == [Phase.DONE, Phase.REOPENED]
    assert [(row.won, row.closed_at) for row in all_of(store, tables.Deal)] == [(None, None)]
