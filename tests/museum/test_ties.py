"""Many rows on one stamp: at the edge of a page, of a run, and of a search."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests

from crmsync.crm import Crm
from crmsync.records import Cursor
from crmsync.sandbox.local import SECRETS
from tests.crms.stores import opened, pull_into
from tests.crms.twins import Twin, twin_of
from tests.museum.exhibits import amounts, many, open_deals
from tests.sandbox.salesforce.world import at

MADE = at("2026-10-01 08:00")  # all deals of these worlds
REACH = 10_000  # rows, after which a search of HubSpot ends
SECOND = 1_000_000


def deals_by_page(crm: Crm, stream: str, since: Cursor) -> Iterator[list[str]]:
    """The deals on each page of a read that breaks off after every page and goes on from its cursor."""
    while True:
        page = next(iter(crm.pull(stream, since=since)))
        yield [deal["crm_id"] for deal in page.deals]
        if not page.cursor.resume or page.cursor.resume.startswith("done"):
            return
        since = page.cursor


def test_museum_tie_loop_salesforce(tmp_path: Path) -> None:
    """Three pages of rows with one stamp are read once each, even if every page is the last of its run."""
    with twin_of("salesforce", many("salesforce", 1_400), tmp_path) as room:
        pages = []
        for deals in deals_by_page(room.crm, "Opportunity", Cursor(stamp=MADE)):
            pages.append(deals)
            assert len(pages) < 10, "the same rows again and again"
        assert sorted(deal for deals in pages for deal in deals) == sorted(room.ids())
    assert len(pages) >= 3


@pytest.mark.parametrize("apart", [0, SECOND], ids=["museum_tie_loop_hubspot", "museum_10k_cap"])
def test_museum_more_rows_than_a_search_gives(tmp_path: Path, apart: int) -> None:
    """More rows have changed than a search reaches, all in one second or in one each: every one comes, exactly once."""
    world = many("hubspot", REACH + 400)
    world.deals.created_at = world.deals.created_at + np.arange(len(world.deals)) * apart
    with twin_of("hubspot", world, tmp_path) as room:
        came = [deal["crm_id"] for page in room.crm.pull("deals", since=Cursor(stamp=MADE)) for deal in page.deals]
        beyond = {"after": str(REACH), "limit": 1}
        headers = {"Authorization": f"Bearer {SECRETS['hubspot-token']}"}
        url = f"{room.served.server.url}/crm/v3/objects/deals/search"
        refused = requests.post(url, json=beyond, headers=headers, timeout=20)
        assert (refused.status_code, sorted(came) == sorted(room.ids())) == (400, True)


def test_museum_gt_cursor(live: Twin, tmp_path: Path) -> None:
    """A change in the very second in which the last pull began comes with the next one, without any look-back."""
    crm = live.connect(look_back_s=0)
    with opened(tmp_path) as store:
        pull_into(store, crm)
        seen = []
        for deal in open_deals(store, live)[:3]:
            live.edit(live.names.deals, deal, {live.names.amount: 4_711})
            pull_into(store, crm)
            seen.append(amounts(store)[deal] in (4_711, 471_100))
    assert seen == [True] * 3
