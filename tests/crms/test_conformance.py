"""What every room promises to read (`crmsync.crm.Crm`), each against its local twin."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from crmsync import crm as crms
from crmsync.clock import iso, parse_instant
from crmsync.errors import RetryLater
from crmsync.records import DEAL_SOURCE, Cursor, MilestoneRecord, Page, Result, Write
from crmsync.store import dump, listing, pulled, runs
from crmsync.watch import Watch
from tests.crms.stores import opened, pull_into
from tests.crms.twins import NOW, TWINS, Twin, twin

HOUR_S = 3_600.0
LOOK_BACK_S = 600
DEALS = 60


class Breaking(Watch):
    """Breaks a pull off after so many pages."""

    def __init__(self, pages: int) -> None:
        self.pages = pages

    def checkpoint(self) -> None:
        """Counts a page."""
        self.pages -= 1
        if self.pages == 0:
            raise RetryLater("E602", "broken off")


def calls_by_stream(room: Twin) -> dict[str, int]:
    """Pulls every stream once, and gives how many calls each cost."""
    calls: dict[str, int] = {}
    for stream in room.crm.streams():
        before = room.crm.calls
        for page in room.crm.pull(stream, since=room.cursors.get(stream)):
            room.cursors[stream] = page.cursor
        calls[stream] = room.crm.calls - before
    return calls


def open_step(room: Twin, page: Page) -> MilestoneRecord:
    """A step of the custom object that isn't done."""
    return next(step for step in page.milestones if step["source"] == room.names.steps and step["done_at"] is None)


def test_room_without_a_twin_is_named(tmp_path: Path) -> None:
    """A room that nothing serves fails in words that say what to add."""
    with pytest.raises(pytest.fail.Exception, match="crms/pipedrive/ has no local twin"), twin("pipedrive", tmp_path):
        pass


def test_every_room_has_a_twin() -> None:
    """Nothing is served that isn't there."""
    assert sorted(TWINS) == crms.kinds()


def test_streams_come_in_the_order_to_store_them(live: Twin) -> None:
    """Pulled in the order of its streams, no record waits for one of a later stream: nothing is set aside."""
    names = live.crm.streams()
    assert len(set(names)) == len(names)
    assert live.pull().bad == []


def test_full_pull_brings_every_deal(live: Twin) -> None:
    """The deals pulled are those that the CRM lists, each once."""
    pulled_ids = [deal["crm_id"] for deal in live.pull().deals]
    assert sorted(pulled_ids) == sorted(live.ids())
    assert len(pulled_ids) == DEALS


def test_quiet_pull_costs_one_call_an_object(live: Twin) -> None:
    """Where nothing changed a pull over a connection that is there asks for each object once, and no more."""
    live.pull()
    assert calls_by_stream(live) == dict.fromkeys(live.crm.streams(), 1)


def test_pull_reads_no_more_than_the_look_back(live: Twin) -> None:
    """What changed within the look-back comes again, once; then it lies behind."""
    live.pull()
    live.forward(HOUR_S)
    crm_id = next(iter(live.ids()))
    live.edit(live.names.deals, crm_id, {live.names.amount: 4_711})
    seen = []
    for _ in range(3):
        seen.append([deal["crm_id"] for deal in live.pull().deals])
        live.forward(LOOK_BACK_S + 1)
    assert seen == [[crm_id], [crm_id], []]


def test_changed_deal_step_and_act_come_with_the_next_pull(live: Twin) -> None:
    """Each of the three is told as it is now."""
    before, names = live.pull(), live.names
    visit = next(fact for fact in before.facts if fact["source"] == names.visits)
    step = open_step(live, before)
    live.forward(HOUR_S)
    live.edit(names.deals, step["deal"], {names.amount: 4_711})
    live.edit(names.steps, step["crm_id"], {names.done: iso(live.local.clock.now())})
    live.edit(names.visits, visit["source_id"], {names.visited: "2026-05-31T12:00:00Z"})
    after = live.pull()
    assert [deal["crm_id"] for deal in after.deals if deal["amount_minor"] in (4_711, 471_100)] == [step["deal"]]
    assert [row["done_at"] for row in after.milestones if row["crm_id"] == step["crm_id"]] == [live.local.clock.now()]
    assert [fact["at"] for fact in after.facts if fact["source_id"] == visit["source_id"]] == [
        parse_instant("2026-05-31T12:00:00Z")
    ]


def test_deleted_deal_and_step_are_gone(live: Twin) -> None:
    """Both are told with the instant at which they left, and the deal is no longer listed."""
    step = open_step(live, live.pull())
    deal = next(crm_id for crm_id in live.ids() if crm_id != step["deal"])
    live.forward(HOUR_S)
    live.delete(live.names.deals, deal)
    live.delete(live.names.steps, step["crm_id"])
    gone = {row["crm_id"]: (row["source"], row["gone_at"]) for row in live.pull().gone}
    now = live.local.clock.now()
    assert (gone[deal], gone[step["crm_id"]]) == ((DEAL_SOURCE, now), (live.names.steps, now))
    assert deal not in set(live.ids())


def test_restored_deal_comes_back(live: Twin, tmp_path: Path) -> None:
    """It is live in the store again. (HubSpot's archive leaves no stamp: there it comes with its next change.)"""
    deal = next(live.ids())
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        live.delete(live.names.deals, deal)
        pull_into(store, live.crm)
        there = deal in listing.live(store, live.crm.name, DEAL_SOURCE)
        live.restore(live.names.deals, deal)
        live.edit(live.names.deals, deal, {live.names.amount: 4_711})
        pull_into(store, live.crm)
        assert (there, deal in listing.live(store, live.crm.name, DEAL_SOURCE)) == (False, True)


def test_pull_that_breaks_off_ends_as_an_unbroken_one(many: Twin, tmp_path: Path) -> None:
    """However often it breaks off, it goes on from the stored cursor, and the canonical dump is the same."""
    with opened(tmp_path, "whole") as whole, opened(tmp_path, "broken") as broken:
        pull_into(whole, many.crm)
        for pages in (2, 4, 3, 7):
            with pytest.raises(RetryLater):
                pull_into(broken, many.crm, watch=Breaking(pages))
        pull_into(broken, many.crm)
        assert dump.digest(broken) == dump.digest(whole)


def ids_in(pages: Iterable[Page]) -> list[str]:
    """The deals that pages bring."""
    return [deal["crm_id"] for page in pages for deal in page.deals]


def broken(room: Twin, since: Cursor | None) -> tuple[list[str], list[str]]:
    """The deals on the first page of a read, and those that another read brings from its cursor on."""
    first = next(iter(room.crm.pull(room.names.deals, since=since)))
    return ids_in([first]), ids_in(room.crm.pull(room.names.deals, since=first.cursor))


def test_full_read_goes_on_at_the_page_where_it_broke_off(many: Twin) -> None:
    """Nothing is left out, and what was read before the break isn't read again."""
    first, rest = broken(many, None)
    assert first + rest == ids_in(many.crm.pull(many.names.deals, since=None))
    assert len(rest) > 0


def test_incremental_read_goes_on_at_the_page_where_it_broke_off(many: Twin) -> None:
    """The same where many deals have changed since."""
    done = list(many.crm.pull(many.names.deals, since=None))[-1].cursor
    list(many.crm.push([Write(crm_id, {Result.RISK: "low"}) for crm_id in many.ids()]))
    first, rest = broken(many, done)
    assert sorted(first + rest) == sorted(many.ids())
    assert len(rest) > 0


def test_a_second_pull_changes_nothing(live: Twin, tmp_path: Path) -> None:
    """Storing what comes again leaves the canonical dump as it is, even if all of it comes again."""
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        once = dump.digest(store)
        pull_into(store, live.crm)
        for stream in live.crm.streams():
            for page in live.crm.pull(stream, since=None):
                pulled.save_page(store, live.crm.name, page, run_id=3)
        assert dump.digest(store) == once


def test_bad_record_is_set_aside_until_it_is_mended(live: Twin, tmp_path: Path) -> None:
    """A step that lost its deal is set aside with its reason, the rest goes on; once it has one again it leaves the list."""
    step = open_step(live, live.pull())
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        live.cut(step["crm_id"], step["deal"])
        live.edit(live.names.steps, step["crm_id"], {live.names.done: iso(NOW)})
        counts = pull_into(store, live.crm)
        aside = runs.quarantined(store)
        live.join(step["crm_id"], step["deal"])
        live.edit(live.names.steps, step["crm_id"], {live.names.done: None})
        pull_into(store, live.crm)
        mended = runs.quarantined(store)
    (row,) = aside
    assert (counts["quarantined"], row[:3], "belongs to no deal" in row[3]) == (
        1,
        (live.crm.name, live.names.steps, 1),
        True,
    )
    assert mended == []
