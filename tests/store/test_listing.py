"""What the store expects a CRM to list."""

from crmsync.records import DEAL_SOURCE
from crmsync.store import listing
from crmsync.store.engine import Store
from tests.store.rows import CRM, T0, deal, gone, milestone, pull


def test_live_leaves_out_what_has_gone(store: Store) -> None:
    """Deleted and merged deals aren't expected in the CRM, nor are another CRM's."""
    pull(store, deals=[deal("D1"), deal("D2"), deal("D3")])
    pull(store, gone=[gone("D2"), gone("D3", survivor="D1")])
    pull(store, crm="other", deals=[deal("D4")])
    assert listing.live(store, CRM, DEAL_SOURCE) == {"D1": T0}


def test_steps_of_open_deals_leave_out_closed_deals(store: Store) -> None:
    """Only where something can still change is it read again."""
    pull(store, deals=[deal("D1"), deal("D2", closed_at=T0, won=True)])
    pull(store, milestones=[milestone("M1", deal="D1"), milestone("M2", deal="D2")])
    source = milestone()["source"]
    assert listing.of_open_deals(store, CRM, source) == ["M1"]
    assert sorted(listing.live(store, CRM, source)) == ["M1", "M2"]
