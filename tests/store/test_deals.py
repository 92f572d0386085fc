"""What the store holds about one deal."""

import pytest

from crmsync.records import Kind
from crmsync.store import deals, outbox, tables
from crmsync.store.engine import Store
from tests.store.rows import CRM, T0, add, deal, fact, gone, milestone, person, pull, run, score


@pytest.fixture
def known(store: Store) -> Store:
    """Deals D1 to D3, of which D2 was merged into D1 and D3 was deleted."""
    pull(store, people=[person()], deals=[deal("D1", name="7"), deal("D2"), deal("D3")])
    pull(store, gone=[{**gone("D2"), "survivor": "D1"}, gone("D3")])
    return store


def found(store: Store, name: str) -> list[str]:
    """The CRM's ids of the deals that a name may mean."""
    return [row.crm_id for row in deals.find(store, name)]


@pytest.mark.parametrize(
    ("name", "ids"),
    [("D1", ["D1"]), ("3", ["D3"]), ("Ten seats", ["D2", "D3"]), ("7", ["D1"]), ("D2", ["D1", "D2"]), ("D9", [])],
)
def test_find_takes_ids_before_names(known: Store, name: str, ids: list[str]) -> None:
    """An id wins over a name; the id of a merged deal finds the one that lives on as well; nothing is found by half."""
    assert found(known, name) == ids


def test_find_takes_the_short_form_of_an_id(store: Store) -> None:
    """What Salesforce's screens show finds the deal that its API names by three signs more, and no other."""
    pull(store, deals=[deal("006gK00000AbCdEQAV"), deal("006gK00000aBcDeQAV"), deal("006gK00000AbCdE999999")])
    assert found(store, "006gK00000AbCdE") == found(store, "006gK00000AbCdEQAV") == ["006gK00000AbCdEQAV"]


def test_facts_come_newest_first_with_their_texts(known: Store) -> None:
    """Labels and people are told by name."""
    early = fact(kind=Kind.STAGE, source_id="S", name="offer", at=T0, person="P1")
    pull(known, facts=[early, fact(at=T0 + 5, source_id="C")])
    assert [(row.kind, row.name, row.person) for row in deals.facts(known, 1)] == [
        (Kind.CALL, "", ""),
        (Kind.STAGE, "offer", "Owner One"),
    ]


def test_milestones_come_by_their_promise_those_without_one_last(known: Store) -> None:
    """A plan reads from the next promise on."""
    pull(known, milestones=[milestone("M1", due_on=None), milestone("M2", due_on=9), milestone("M3", due_on=8)])
    assert [row.crm_id for row in deals.milestones(known, 1)] == ["M3", "M2", "M1"]


def test_written_tells_the_newest_plan_of_a_field_and_its_fate(known: Store) -> None:
    """An older value and an older receipt don't count."""
    add(known, tables.Score, score(1))
    row = {"digest": "d", "score_id": 1, "deal_id": 1, "crm": CRM, "crm_id": "D1", "result": "risk", "target": "R__c"}
    for new in ("low", "high"):
        outbox.plan(known, [{**row, "run_id": run(known, "stage"), "old": None, "new": new, "reason": ""}])
    for state in (outbox.IN_FLIGHT, outbox.DONE):
        outbox.note(known, [(2, state, "")], run_id=1, now=T0)
    assert [(each.new, each.state) for each in deals.written(known, 1)] == [("high", outbox.DONE)]


def test_backlog_counts_what_waits_and_what_is_unsettled(known: Store) -> None:
    """The counts are those of the rows that a push would meet."""
    add(known, tables.Score, score(1))
    row = {"digest": "d", "score_id": 1, "deal_id": 1, "crm": CRM, "crm_id": "D1", "target": "R__c", "old": None}
    staged = run(known, "stage")
    rows = [{**row, "run_id": staged, "result": name, "new": "1", "reason": ""} for name in ("risk", "kind", "reasons")]
    outbox.plan(known, rows)
    outbox.note(known, [(1, outbox.UNCLEAR, "")], run_id=1, now=T0)
    assert outbox.backlog(known, CRM) == (2, "d", 1)
    assert outbox.backlog(known, "other") == (0, "", 0)
