"""Reconciling: what no stamp tells is found by the CRM's own lists."""

from pathlib import Path

import pytest

from crmsync.errors import BadConfig
from crmsync.records import DEAL_SOURCE, Cursor, MilestoneRecord, Page
from crmsync.steps.verify import verify
from crmsync.store import dump, listing, pulled
from crmsync.store.engine import Store
from tests.crms.stores import opened, pull_into, reconcile_into
from tests.crms.twins import Twin

HOUR_S = 3_600.0
CALLS_PER_LIST = 25  # of a world of 60 deals, both lists and the open deals' anew


def lose(store: Store, room: Twin, source: str, crm_id: str) -> None:
    """As if a record had left the CRM: the store takes it for gone."""
    gone = [{"source": source, "crm_id": crm_id, "gone_at": 1, "survivor": ""}]
    pulled.save_page(store, room.crm.name, Page("", Cursor(), gone=gone), run_id=1)  # type: ignore[arg-type]


def a_step(room: Twin) -> MilestoneRecord:
    """A step of the custom object."""
    (stream,) = [name for name in room.crm.streams() if name == room.names.steps]
    return next(step for page in room.crm.pull(stream, since=None) for step in page.milestones)


def test_reconcile_finds_nothing_where_nothing_slipped(live: Twin, tmp_path: Path) -> None:
    """After a pull both sides hold the same, and reading the open deals anew changes nothing."""
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        before = dump.digest(store)
        counts = reconcile_into(store, live.crm)
        assert (dump.digest(store), counts["compared"] > 60, counts["reread"] > 0) == (before, True, True)
    assert [counts[name] for name in ("healed", "new", "gone", "left", "changed")] == [0] * 5


def test_reconcile_heals_a_deal_and_a_step_that_slipped(live: Twin, tmp_path: Path) -> None:
    """What the CRM lists and the store lacks is read by id, and counted."""
    deal, step = next(live.ids()), a_step(live)
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        lose(store, live, DEAL_SOURCE, deal)
        lose(store, live, live.names.steps, step["crm_id"])
        torn = verify(store, live.crm).agrees
        healed = reconcile_into(store, live.crm)["healed"]
        assert (torn, healed, verify(store, live.crm).agrees) == (False, 2, True)


def test_reconcile_lets_go_what_left_unseen(live: Twin, tmp_path: Path) -> None:
    """A deal that was deleted since the last pull is gone as of the CRM's own instant, so that a later pull tells nothing new.

    (In Salesforce its steps go with it.)
    """
    deal = next(live.ids())
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        live.forward(HOUR_S)
        live.delete(live.names.deals, deal)
        live.forward(HOUR_S)
        counts = reconcile_into(store, live.crm)
        assert (counts["gone"] >= 1, deal in listing.live(store, live.crm.name, DEAL_SOURCE)) == (True, False)
        pull_into(store, live.crm)
        told = [line for line in dump.lines(store) if '"kind": 14' in line and deal in line]
    assert len(told) == 1


def test_reconcile_brings_back_a_restored_deal(live: Twin, tmp_path: Path) -> None:
    """A deal that came out of the bin is live again, whether or not that left a stamp."""
    deal = next(live.ids())
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        live.delete(live.names.deals, deal)
        pull_into(store, live.crm)
        live.restore(live.names.deals, deal)
        counts = reconcile_into(store, live.crm)
        assert (counts["healed"] >= 1, deal in listing.live(store, live.crm.name, DEAL_SOURCE)) == (True, True)


def test_deal_made_since_the_last_pull_counts_as_new(live: Twin, tmp_path: Path) -> None:
    """Nothing slipped where a pull could not have seen it yet."""
    deal, step = next(live.ids()), a_step(live)
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        early = Page(pulled.CLOCK, Cursor(stamp=1))
        pulled.save_page(store, live.crm.name, early, run_id=1)
        lose(store, live, DEAL_SOURCE, deal)
        lose(store, live, live.names.steps, step["crm_id"])
        counts = reconcile_into(store, live.crm)
    assert (counts["healed"], counts["new"]) == (0, 2)


def test_reconcile_before_the_first_pull_says_what_to_do(live: Twin, tmp_path: Path) -> None:
    """It heals pulls, it doesn't stand for one."""
    with opened(tmp_path) as store, pytest.raises(BadConfig, match="E208"):
        reconcile_into(store, live.crm)


def test_reconcile_keeps_its_calls_few(live: Twin, tmp_path: Path) -> None:
    """Lists and reads go by pages and batches, never by the record."""
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        before = live.crm.calls
        reconcile_into(store, live.crm)
    assert live.crm.calls - before <= CALLS_PER_LIST
