"""The write-back ledger: which values wait, which are in doubt, and what a CRM shows after all of it."""

from typing import Any

import pytest

from crmsync.records import OURSELVES, Result
from crmsync.store import outbox, tables
from crmsync.store.engine import Store
from crmsync.store.outbox import DONE, FAILED, IN_FLIGHT, UNCLEAR, UNDO, Shown
from tests.store.rows import CRM, T0, count, deal, gone, held, pull, run, save, score

PROBABILITY = (1, Result.PROBABILITY)


@pytest.fixture
def ledger(store: Store) -> Store:
    """A store with two scored open deals, pulled by run 1."""
    run(store, "pull")
    pull(store, run_id=1, deals=[deal("D1"), deal("D2")], held=[held(None), held(None, deal="D2")])
    save(store, score(1), score(2))
    return store


def staged(store: Store, *rows: dict[str, Any], crm: str = CRM) -> list[int]:
    """The numbers of the values that a run of `stage` plans."""
    number = run(store, "stage", target=crm)
    whole = {
        "digest": f"digest{number}",
        "run_id": number,
        "score_id": 1,
        "deal_id": 1,
        "crm": crm,
        "crm_id": "D1",
        "result": Result.PROBABILITY.value,
        "target": "Probability__c",
        "old": None,
        "new": "50.0",
        "reason": "new score",
    }
    outbox.plan(store, [whole | row for row in rows])
    return [row.outbox_id for row in outbox.newest_plan(store, crm)]


def noted(store: Store, outbox_id: int, *states: str) -> int:
    """The number of a push that leaves these receipts, one after the other."""
    number = run(store, "push")
    for state in states:
        outbox.note(store, [(outbox_id, state, "")], run_id=number, now=T0)
    return number


def waiting(store: Store, crm: str = CRM) -> list[int]:
    """The numbers of what waits to be sent."""
    return [row.outbox_id for row in outbox.newest_plan(store, crm)]


def test_newest_plan_gives_back_what_was_planned(ledger: Store) -> None:
    """Each planned value comes with its record, field, old and new value and reason."""
    [number] = staged(ledger, {"old": "40.0"})
    [row] = outbox.newest_plan(ledger, CRM)
    assert row == outbox.Planned(
        number, "digest2", 2, 1, 1, CRM, "D1", Result.PROBABILITY, "Probability__c", "40.0", "50.0", "new score"
    )


def test_newest_plan_replaces_an_older_one(ledger: Store) -> None:
    """An older plan is never sent once there is a newer one, even an empty one."""
    staged(ledger, {})
    assert staged(ledger) == []
    assert waiting(ledger) == []


def test_newest_plan_ignores_a_plan_whose_run_failed(ledger: Store) -> None:
    """Only what a whole run of `stage` planned may go out."""
    [number] = staged(ledger, {})
    run(ledger, "stage", status="failed")
    assert waiting(ledger) == [number]


def test_newest_plan_is_of_one_crm(ledger: Store) -> None:
    """Staging one CRM leaves the other's plan standing."""
    [number] = staged(ledger, {})
    staged(ledger, {}, crm="other")
    assert waiting(ledger) == [number]
    assert [outbox.backlog(ledger, crm)[0] for crm in ("main", "other")] == [1, 1]


@pytest.mark.parametrize("state", [IN_FLIGHT, DONE, FAILED, UNCLEAR])
def test_newest_plan_leaves_out_what_has_a_receipt(ledger: Store, state: str) -> None:
    """A value that was sent once is never sent again by the same plan, whatever became of it."""
    first, second = staged(ledger, {}, {"deal_id": 2, "crm_id": "D2"})
    noted(ledger, first, state)
    assert waiting(ledger) == [second]


def test_plan_stores_all_of_it_or_nothing(ledger: Store) -> None:
    """A row that the database refuses takes the plan's other rows along."""
    with pytest.raises(Exception, match="E399"):
        staged(ledger, {}, {"reason": None})
    assert count(ledger, tables.Outbox) == 0


@pytest.mark.parametrize(
    ("states", "open_still"),
    [
        ((), False),
        ((IN_FLIGHT,), True),
        ((IN_FLIGHT, UNCLEAR), True),
        ((IN_FLIGHT, DONE), False),
        ((IN_FLIGHT, FAILED), False),
        ((IN_FLIGHT, UNCLEAR, DONE), False),
    ],
)
def test_unsettled_gives_what_left_without_an_answer(ledger: Store, states: tuple[str, ...], open_still: bool) -> None:
    """The newest receipt decides: in flight and unclear have to be asked for, done and failed are settled."""
    [number] = staged(ledger, {})
    noted(ledger, number, *states)
    assert [row.outbox_id for row in outbox.unsettled(ledger, CRM)] == ([number] if open_still else [])
    assert outbox.unsettled(ledger, "other") == []


def test_unsettled_remembers_older_plans(ledger: Store) -> None:
    """A value in doubt stays in doubt when a newer plan has replaced its own."""
    [number] = staged(ledger, {})
    noted(ledger, number, IN_FLIGHT)
    staged(ledger, {})
    assert [row.outbox_id for row in outbox.unsettled(ledger, CRM)] == [number]


def test_written_by_gives_what_one_push_wrote(ledger: Store) -> None:
    """What failed, and what another push wrote, is not among it."""
    first, second, third = staged(ledger, {}, {"deal_id": 2}, {"result": "risk"})
    push = noted(ledger, first, IN_FLIGHT, DONE)
    outbox.note(ledger, [(second, FAILED, "NO_ACCESS")], run_id=push, now=T0)
    noted(ledger, third, DONE)
    assert [row.outbox_id for row in outbox.written_by(ledger, push)] == [first]


def test_last_sent_is_the_newest_that_arrived_of_the_deals_of_one_push(ledger: Store) -> None:
    """A later run's value counts, one that didn't arrive doesn't, and other deals are left out."""
    first, other = staged(ledger, {}, {"deal_id": 2})
    push, elsewhere = noted(ledger, first, IN_FLIGHT, DONE), noted(ledger, other, IN_FLIGHT, DONE)
    [second] = staged(ledger, {})
    later = noted(ledger, second, IN_FLIGHT, IN_FLIGHT, DONE)
    noted(ledger, *staged(ledger, {}), IN_FLIGHT, FAILED)
    found = {run: outbox.last_sent(ledger, run) for run in (push, elsewhere)}
    assert {key: (row.outbox_id, by) for key, (row, by) in found[push].items()} == {PROBABILITY: (second, later)}
    assert list(found[elsewhere]) == [(2, Result.PROBABILITY)]


def test_ever_written_needs_a_value_that_arrived(ledger: Store) -> None:
    """A CRM that never took a value still has its first plan before it."""
    [number] = staged(ledger, {})
    noted(ledger, number, IN_FLIGHT, FAILED)
    assert not outbox.ever_written(ledger, CRM)
    noted(ledger, number, DONE)
    assert (outbox.ever_written(ledger, CRM), outbox.ever_written(ledger, "other")) == (True, False)


def test_shown_is_what_the_newest_pull_saw(ledger: Store) -> None:
    """A value that a person put there is not ours; a blank field is."""
    pull(ledger, run_id=run(ledger, "pull"), held=[held("40.0"), held(None, result=Result.RISK)])
    seen = outbox.shown(ledger, CRM)
    assert (seen[PROBABILITY], seen[1, Result.RISK]) == (Shown("40.0", False), Shown(None, True))


def test_shown_is_what_we_wrote_after_the_pull(ledger: Store) -> None:
    """Between a push and the next pull the CRM shows what arrived."""
    [number] = staged(ledger, {})
    noted(ledger, number, IN_FLIGHT, DONE)
    assert outbox.shown(ledger, CRM)[PROBABILITY] == Shown("50.0", True)


@pytest.mark.parametrize("state", [IN_FLIGHT, FAILED, UNCLEAR])
def test_shown_ignores_what_may_not_have_arrived(ledger: Store, state: str) -> None:
    """A value counts as written only when the CRM said so."""
    [number] = staged(ledger, {})
    noted(ledger, number, state)
    assert outbox.shown(ledger, CRM)[PROBABILITY] == Shown(None, True)


def test_shown_knows_our_value_when_it_is_pulled(ledger: Store) -> None:
    """What we wrote stays ours when the next pull sees it."""
    [number] = staged(ledger, {})
    noted(ledger, number, DONE)
    pull(ledger, run_id=run(ledger, "pull"), held=[held("50.0")])
    assert outbox.shown(ledger, CRM)[PROBABILITY] == Shown("50.0", True)


def test_shown_knows_a_persons_edit_of_our_value(ledger: Store) -> None:
    """A person's value in place of ours is theirs."""
    [number] = staged(ledger, {})
    noted(ledger, number, DONE)
    pull(ledger, run_id=run(ledger, "pull"), held=[held("80.0")])
    assert outbox.shown(ledger, CRM)[PROBABILITY] == Shown("80.0", False)


def test_shown_sees_that_a_person_put_the_old_value_back(ledger: Store) -> None:
    """A field that a person set back to what it was before our write doesn't pass for our write."""
    pull(ledger, run_id=run(ledger, "pull"), held=[held("40.0")])
    [number] = staged(ledger, {"old": "40.0"})
    noted(ledger, number, DONE)
    pull(ledger, run_id=run(ledger, "pull"), held=[held("40.0")])
    assert outbox.shown(ledger, CRM)[PROBABILITY] == Shown("40.0", False)


def test_shown_takes_the_last_of_several_writes(ledger: Store) -> None:
    """Our last write counts, for each deal and result by itself."""
    first, other = staged(ledger, {}, {"deal_id": 2, "crm_id": "D2", "new": "10.0"})
    noted(ledger, first, DONE)
    noted(ledger, other, DONE)
    [second] = staged(ledger, {"new": "60.0"})
    noted(ledger, second, DONE)
    seen = outbox.shown(ledger, CRM)
    assert (seen[PROBABILITY].value, seen[2, Result.PROBABILITY].value) == ("60.0", "10.0")


def test_shown_leaves_out_closed_and_gone_deals(ledger: Store) -> None:
    """Only open deals are written to."""
    pull(ledger, deals=[deal("D1", won=False, closed_at=T0)], gone=[gone("D2")])
    assert outbox.shown(ledger, CRM) == {}


def test_note_keeps_the_crms_own_words(ledger: Store) -> None:
    """Receipts are appended, never changed."""
    [number] = staged(ledger, {})
    push = noted(ledger, number, IN_FLIGHT)
    outbox.note(ledger, [(number, FAILED, "FIELD_INTEGRITY: no")], run_id=push, now=T0 + 1)
    with ledger.read() as connection:
        told = connection.exec_driver_sql("SELECT state, error, at FROM receipt ORDER BY receipt_id").all()
    assert [tuple(row) for row in told] == [(IN_FLIGHT, "", T0), (FAILED, "FIELD_INTEGRITY: no", T0 + 1)]


def test_backlog_is_empty_when_all_is_sent(ledger: Store) -> None:
    """Of a plan that has gone out nothing waits, and it has no digest to approve."""
    [number] = staged(ledger, {})
    assert outbox.backlog(ledger, CRM)[0] == 1
    noted(ledger, number, DONE)
    assert outbox.backlog(ledger, CRM) == (0, "", 0)


def test_written_by_counts_what_a_later_run_settled(ledger: Store) -> None:
    """A push wrote what it sent, if only the next one learnt that it arrived."""
    [number] = staged(ledger, {})
    push = noted(ledger, number, IN_FLIGHT, UNCLEAR)
    later = noted(ledger, number, DONE)
    assert [[row.outbox_id for row in outbox.written_by(ledger, each)] for each in (push, later)] == [[number], []]


def test_shown_takes_what_an_undo_put_back_for_what_it_was(ledger: Store) -> None:
    """A value that a score gave once is ours again; one that no score ever gave is a person's again."""
    [first] = staged(ledger, {"new": "50.0"})
    noted(ledger, first, IN_FLIGHT, DONE)
    for back, ours in (("50.0", True), ("77.0", False)):
        [number] = staged(ledger, {"new": back, "reason": f"{UNDO}3"})
        noted(ledger, number, IN_FLIGHT, DONE)
        assert outbox.shown(ledger, CRM)[PROBABILITY] == Shown(back, ours)


def test_written_often_names_a_deal_by_the_runs_that_wrote_it(ledger: Store) -> None:
    """Runs count, not values; what was written before the instant, or failed, doesn't."""
    for states in ((IN_FLIGHT, DONE), (IN_FLIGHT, DONE), (IN_FLIGHT, FAILED)):
        for number in staged(ledger, {}, {"result": "risk"}):
            noted(ledger, number, *states)
    assert outbox.written_often(ledger, CRM, since=T0, times=4) == {"D1": 4}
    assert outbox.written_often(ledger, CRM, since=T0, times=5) == {}
    assert outbox.written_often(ledger, CRM, since=T0 + 1, times=1) == {}


def test_overrides_are_values_that_we_never_wrote(ledger: Store) -> None:
    """Each is named with its deal and field."""
    pull(ledger, run_id=1, held=[held("40.0"), held("high", result=Result.RISK, deal="D2")])
    assert outbox.overrides(ledger, CRM) == [("D1", Result.PROBABILITY, "40.0"), ("D2", Result.RISK, "high")]


def test_shown_takes_the_crms_word_only_where_the_ledger_is_silent(ledger: Store) -> None:
    """A value that our own login set is ours after a lost store; where we wrote another one since it is a person's."""
    place, mine = (1, Result.RISK), held("high", result=Result.RISK, set_by=OURSELVES)
    pull(ledger, run_id=run(ledger, "pull"), held=[mine])
    silent = outbox.shown(ledger, CRM)[place]
    [number] = staged(ledger, {"result": "risk", "old": "high", "new": "low"})
    noted(ledger, number, DONE)
    pull(ledger, run_id=run(ledger, "pull"), held=[mine])
    told = outbox.shown(ledger, CRM)[place]
    assert [(each.ours, each.by_crm) for each in (silent, told)] == [(True, True), (False, False)]
