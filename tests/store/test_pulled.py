"""What a pull stores: all of a page or nothing, and the same page any number of times."""

import pytest
from sqlalchemy import select

from crmsync.errors import CrmsyncError
from crmsync.records import BadRecord, Cursor, Kind, Page, Phase
from crmsync.store import dump, numbers, pulled, tables
from crmsync.store.engine import Store
from tests.store.rows import (
    CRM,
    SECOND,
    T0,
    all_of,
    count,
    deal,
    fact,
    held,
    milestone,
    person,
    pull,
    stage,
)

WHOLE = {
    "deals": [deal(), deal("D2", won=True, closed_at=T0)],
    "milestones": [milestone()],
    "people": [person(), person("P2", active=False)],
    "stages": [stage()],
    "facts": [
        fact(),
        fact(kind=Kind.MILESTONE, source="Milestone__c", source_id="M1", phase=Phase.PLANNED, person="P1"),
    ],
    "held": [held("40.0")],
}


def facts_of(store: Store, kind: Kind) -> list[tuple[int, int]]:
    """(at, phase) of the facts of a kind, in order."""
    return sorted((row.at, row.phase) for row in all_of(store, tables.Fact) if row.kind == kind)


def test_save_page_counts_what_it_changed(store: Store) -> None:
    """Read, stored and set aside are told apart."""
    stored = pull(store, **WHOLE, read=7, bad=[BadRecord(source="Task", crm_id="X", reason="no date")])
    assert stored == pulled.Stored(read=7, deals=2, milestones=1, facts=2, gone=0, quarantined=1)


def test_save_page_changes_nothing_the_second_time(store: Store) -> None:
    """The same page from a later pull leaves the store as it was."""
    pull(store, **WHOLE)
    before = dump.digest(store)
    assert pull(store, run_id=2, **WHOLE) == pulled.Stored(unchanged=5)
    assert dump.digest(store) == before


def test_save_page_keeps_nothing_of_a_page_that_fails(store: Store) -> None:
    """A row that the database refuses takes the page's other rows along."""
    with pytest.raises(CrmsyncError):
        pull(store, deals=[deal("D1"), deal("D2", name=None)])
    assert count(store, tables.Deal) == 0


def test_save_page_keeps_the_cursor_of_the_last_whole_page(store: Store) -> None:
    """The cursor of a failed page isn't stored either, so that the page is read again."""
    pull(store, run_id=1, deals=[deal()])
    with pytest.raises(CrmsyncError):
        pull(store, run_id=2, deals=[deal(name=None)])
    assert pulled.cursor(store, CRM, "deals") == Cursor(1, "x")


def test_save_page_tells_a_refused_row_without_its_values(store: Store) -> None:
    """The fault of a row names no customer's text."""
    with pytest.raises(CrmsyncError) as fault:
        pull(store, deals=[deal(account="Very secret account", name=None)])
    assert "secret" not in str(fault.value)


def test_cursor_is_none_before_the_first_page(store: Store) -> None:
    """Each stream of each CRM has a cursor of its own."""
    pull(store, stream="deals")
    assert pulled.cursor(store, CRM, "people") is None
    assert pulled.cursor(store, "other", "deals") is None


def test_save_page_updates_a_deal_that_differs(store: Store) -> None:
    """The deal's row shows the newest state; only deals that differ are counted."""
    pull(store, deals=[deal("D1"), deal("D2")])
    stored = pull(store, run_id=2, deals=[deal("D1", stage="won", won=True), deal("D2", modified_at=T0 + SECOND)])
    assert stored.deals == 1
    assert {row.crm_id: row.stage for row in all_of(store, tables.Deal)} == {"D1": "won", "D2": "proposal"}


def test_save_page_keeps_equal_ids_of_two_crms_apart(store: Store) -> None:
    """A deal is known by its CRM and its id there."""
    pull(store, crm="one", deals=[deal(name="first")])
    pull(store, crm="two", deals=[deal(name="second")])
    assert {(row.crm, row.name) for row in all_of(store, tables.Deal)} == {("one", "first"), ("two", "second")}


@pytest.mark.parametrize(
    "different",
    [
        {"deal": "D2"},
        {"at": T0},
        {"kind": Kind.EMAIL},
        {"phase": Phase.DONE},
        {"source": "Event"},
        {"source_id": "C2"},
        {"value": 2},
    ],
    ids=str,
)
def test_save_page_tells_facts_apart_by_each_part_of_their_key(store: Store, different: dict[str, object]) -> None:
    """Two facts that differ in one part of the natural key are two facts."""
    deals = [deal(), deal("D2")]
    pull(store, deals=deals, facts=[fact()])
    assert pull(store, facts=[fact(), fact(**different)]).facts == 1


def test_save_page_keeps_a_fact_as_it_was_first_told(store: Store) -> None:
    """What isn't part of the key can't change a fact afterwards: the past stays as it was known."""
    pull(store, deals=[deal()], facts=[fact(known_at=T0)])
    assert pull(store, facts=[fact(known_at=T0 + SECOND, name="other")]).facts == 0
    assert [row.known_at for row in all_of(store, tables.Fact)] == [T0]


def test_save_page_keeps_two_stages_of_one_second(store: Store) -> None:
    """A deal that went through two stages within one second of the CRM's clock has been in both."""
    moves = [fact(kind=Kind.STAGE, source_id="", name=name) for name in ("proposal", "won")]
    assert pull(store, deals=[deal()], facts=moves).facts == 2
    assert pull(store, facts=moves).facts == 0


def test_save_page_ties_facts_to_people_and_milestones(store: Store) -> None:
    """A fact carries our numbers of who did it and of the step that it is about, and 0 for what isn't known."""
    pull(store, **WHOLE)
    persons = {row.crm_id: row.person_id for row in all_of(store, tables.Person)}
    [step] = all_of(store, tables.Milestone)
    found = {row.kind: (row.person_id, row.milestone_id) for row in all_of(store, tables.Fact)}
    assert found == {Kind.CALL: (0, 0), Kind.MILESTONE: (persons["P1"], step.milestone_id)}


def test_save_page_keeps_each_repeated_text_once(store: Store) -> None:
    """Sources and names stand in `label`, once each, however many pages bring them."""
    pull(store, deals=[deal()], facts=[fact(name="a"), fact(source_id="C2", name="b")])
    pull(store, facts=[fact(source_id="C3", name="a"), fact(source_id="C4", name="c")])
    assert sorted(row.text for row in all_of(store, tables.Label)) == ["Task", "a", "b", "c"]


def test_save_page_stores_more_ids_than_one_statement_takes(store: Store) -> None:
    """A large page isn't cut by the number of values that a database takes at a time."""
    ids = [f"D{number}" for number in range(numbers.IN_LIST * 2 + 1)]
    stored = pull(store, deals=[deal(crm_id) for crm_id in ids], facts=[fact(crm_id) for crm_id in ids])
    assert (stored.deals, stored.facts, stored.quarantined) == (len(ids), len(ids), 0)


def test_save_page_uses_the_numbers_of_the_pages_before(store: Store) -> None:
    """What later pages name has the numbers that it has by itself, and a deal that came meanwhile is found."""
    known = numbers.Numbers(CRM)
    pull(store, numbers=known, people=[person()], facts=[fact("D2", name="a", person="P1")])
    pull(store, numbers=known, deals=[deal(), deal("D2")], facts=[fact("D2", name="a", person="P1")])
    pull(store, numbers=known, facts=[fact(source_id="C2", name="a", person="P1")])
    [one, two] = all_of(store, tables.Fact)
    assert one.deal_id != two.deal_id
    assert (one.name, one.person_id) == (two.name, two.person_id)


def test_numbers_keep_no_more_than_so_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory doesn't grow with the CRM: beyond that they are looked up anew."""
    monkeypatch.setattr(numbers, "MOST", 2)
    known = numbers.Numbers(CRM)
    pull(store, numbers=known, deals=[deal(f"D{number}") for number in range(3)])
    pull(store, numbers=known, facts=[fact("D1"), fact("D2")])
    assert (sorted(known.deals), count(store, tables.Fact)) == (["D1", "D2"], 2)


def test_save_page_shows_a_persons_newest_name(store: Store) -> None:
    """A renamed owner keeps the number that facts refer to."""
    pull(store, people=[person()])
    [before] = all_of(store, tables.Person)
    pull(store, people=[person(name="New Name")])
    [after] = all_of(store, tables.Person)
    assert (after.person_id, after.name) == (before.person_id, "New Name")


def test_save_page_lets_the_newest_pull_say_what_a_field_shows(store: Store) -> None:
    """`held` has one row per deal and result, and names the pull that saw it last, changed or not."""
    pull(store, run_id=1, deals=[deal()], held=[held("40.0"), held("99.0", deal="unknown")])
    pull(store, run_id=2, held=[held("40.0")])
    assert [(row.value, row.seen_run_id) for row in all_of(store, tables.Held)] == [("40.0", 2)]


def test_stored_add_sums_up_pages() -> None:
    """The counts of a pull are the sums of its pages'."""
    total = pulled.Stored(read=1, deals=1)
    total.add(pulled.Stored(read=2, facts=3))
    assert total == pulled.Stored(read=3, deals=1, facts=3)


def test_save_page_stores_numbers_beyond_32_bits(store: Store) -> None:
    """Amounts and instants of any size that fits come back exactly."""
    pull(store, deals=[deal(amount_minor=2**63 - 1, created_at=2**62)])
    with store.read() as connection:
        row = connection.execute(select(tables.Deal.amount_minor, tables.Deal.created_at)).one()
    assert tuple(row) == (2**63 - 1, 2**62)


def test_save_page_without_rows_moves_only_the_cursor(store: Store) -> None:
    """An empty page is how a stream says how far it got."""
    assert pulled.save_page(store, CRM, Page("tasks", Cursor(5, "z", "more")), run_id=1) == pulled.Stored()
    assert pulled.cursor(store, CRM, "tasks") == Cursor(5, "z", "more")
