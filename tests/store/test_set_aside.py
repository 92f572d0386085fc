"""Records that can't be used, and deals and milestones that leave the CRM, come back or are merged."""

from crmsync.records import BadRecord, Kind, Phase
from crmsync.store import runs, tables
from crmsync.store.engine import Store
from tests.store.rows import CRM, SECOND, T0, all_of, count, deal, fact, gone, milestone, pull

GONE_AT = T0 + 9 * SECOND
LATER = T0 + 20 * SECOND


def life(store: Store, kind: Kind = Kind.DELETED) -> list[tuple[int, int]]:
    """(at, phase) of the facts of a kind, in order."""
    return sorted((row.at, row.phase) for row in all_of(store, tables.Fact) if row.kind == kind)


def gone_at(store: Store) -> int | None:
    """When the only deal left the CRM."""
    [row] = all_of(store, tables.Deal)
    return row.gone_at  # type: ignore[no-any-return]


def test_save_page_sets_aside_what_has_no_deal(store: Store) -> None:
    """A fact or a milestone whose deal isn't stored waits in `quarantine` with its reason."""
    stored = pull(store, facts=[fact("D9")], milestones=[milestone(deal="")])
    assert stored.quarantined == 2
    assert {(row.source, row.crm_id, row.reason) for row in all_of(store, tables.Quarantine)} == {
        ("Task", "C1", "its deal D9 isn't stored"),
        ("Milestone__c", "M1", "its deal (none) isn't stored"),
    }


def test_save_page_lets_a_record_go_when_its_deal_comes(store: Store) -> None:
    """Once the deal is there the same fact and milestone are stored and nothing stays set aside."""
    rest = {"facts": [fact()], "milestones": [milestone()]}
    pull(store, **rest)
    pull(store, deals=[deal()], **rest)
    assert (count(store, tables.Fact), count(store, tables.Milestone), count(store, tables.Quarantine)) == (1, 1, 0)


def test_save_page_keeps_aside_what_is_still_bad(store: Store) -> None:
    """A record leaves only when it could be used itself; another CRM's record of that id doesn't free it."""
    bad = BadRecord(source="Task", crm_id="C1", reason="no date")
    pull(store, bad=[bad])
    pull(store, run_id=2, deals=[deal()], facts=[fact(source_id="C2")])
    pull(store, run_id=3, crm="other", deals=[deal()], facts=[fact()])
    assert [(row.crm, row.crm_id, row.run_id) for row in all_of(store, tables.Quarantine)] == [(CRM, "C1", 1)]


def test_quarantined_tells_how_many_and_one_reason(store: Store) -> None:
    """`status` shows each source once."""
    pull(store, bad=[BadRecord(source="Task", crm_id=str(number), reason=f"r{number}") for number in (1, 2)])
    assert runs.quarantined(store) == [(CRM, "Task", 2, "r1")]


def test_save_page_dates_a_deals_leaving(store: Store) -> None:
    """A deleted deal keeps its row, and the day that it left is a fact."""
    pull(store, deals=[deal()])
    assert pull(store, gone=[gone()]).gone == 1
    assert (gone_at(store), life(store)) == (GONE_AT, [(GONE_AT, Phase.REMOVED)])


def test_save_page_takes_a_leaving_once(store: Store) -> None:
    """The look-back window brings the same deletion again."""
    pull(store, deals=[deal()], gone=[gone()])
    assert pull(store, gone=[gone()]).gone == 0
    assert life(store) == [(GONE_AT, Phase.REMOVED)]


def test_save_page_ignores_a_leaving_of_a_deal_that_it_never_knew(store: Store) -> None:
    """A deal made and deleted between two pulls leaves nothing behind."""
    assert pull(store, gone=[gone("D7")]).gone == 0
    assert count(store, tables.Fact) == 0


def test_save_page_brings_a_deal_back(store: Store) -> None:
    """A deal taken out of the recycle bin is open to scoring again, and its return is a fact."""
    pull(store, deals=[deal()], gone=[gone()])
    pull(store, deals=[deal(modified_at=LATER)])
    assert (gone_at(store), life(store)) == (None, [(GONE_AT, Phase.REMOVED), (LATER, Phase.REOPENED)])


def test_save_page_dates_a_return_after_the_leaving(store: Store) -> None:
    """A CRM that doesn't stamp a restored deal anew can't make it look as if it had come back before it left."""
    pull(store, deals=[deal()], gone=[gone()])
    pull(store, run_id=2, deals=[deal(modified_at=T0)])
    assert (gone_at(store), life(store)) == (None, [(GONE_AT, Phase.REMOVED), (GONE_AT + 1, Phase.REOPENED)])


def test_save_page_lets_a_deal_leave_again(store: Store) -> None:
    """A second deletion counts like the first."""
    pull(store, deals=[deal()], gone=[gone()])
    pull(store, deals=[deal(modified_at=LATER)])
    pull(store, gone=[gone(gone_at=LATER + SECOND)])
    assert (gone_at(store), len(life(store))) == (LATER + SECOND, 3)


def test_save_page_remembers_where_a_merged_deal_went(store: Store) -> None:
    """A merge retires an id and names the one that lives on."""
    pull(store, deals=[deal(), deal("D2")], gone=[gone("D2", survivor="D1")])
    assert [(row.crm, row.crm_id, row.survivor) for row in all_of(store, tables.Alias)] == [(CRM, "D2", "D1")]
    assert {row.crm_id: row.gone_at for row in all_of(store, tables.Deal)} == {"D1": None, "D2": GONE_AT}


def test_save_page_remembers_a_merge_of_a_deal_that_it_never_knew(store: Store) -> None:
    """Somebody may still ask for the retired id."""
    pull(store, deals=[deal()], gone=[gone("D0", survivor="D1")])
    assert [row.survivor for row in all_of(store, tables.Alias)] == ["D1"]


def test_save_page_dates_a_milestones_leaving(store: Store) -> None:
    """A step that left the plan is marked, and its leaving is a fact about that step."""
    pull(store, deals=[deal()], milestones=[milestone()])
    away = gone("M1", source="Milestone__c")
    assert (pull(store, gone=[away]).gone, pull(store, gone=[away]).gone) == (1, 0)
    [step] = all_of(store, tables.Milestone)
    [left] = all_of(store, tables.Fact)
    assert (step.gone_at, left.milestone_id, left.at) == (GONE_AT, step.milestone_id, GONE_AT)
    assert life(store, Kind.MILESTONE) == [(GONE_AT, Phase.REMOVED)]


def test_save_page_keeps_a_milestones_leaving_to_its_own_source(store: Store) -> None:
    """A task and a custom object may carry the same id."""
    pull(store, deals=[deal()], milestones=[milestone(), milestone(source="Task")])
    pull(store, gone=[gone("M1", source="Task")])
    assert {row.source: row.gone_at for row in all_of(store, tables.Milestone)} == {
        "Milestone__c": None,
        "Task": GONE_AT,
    }
