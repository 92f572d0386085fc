"""A cursor that lies where it can't: ahead of the CRM's clock."""

from pathlib import Path

import pytest

from crmsync.clock import parse_instant
from crmsync.records import DEAL_SOURCE, Cursor, Page
from crmsync.store import dump, listing, pulled
from tests.crms.stores import opened, pull_into
from tests.crms.twins import Twin
from tests.museum.exhibits import HOUR_S, amounts, open_deals

AHEAD = {"a year of 2999": parse_instant("2999-01-01"), "an hour": None}
NEW = 4_711


@pytest.mark.parametrize("to", AHEAD.values(), ids=AHEAD.keys())
def test_pull_from_a_cursor_ahead_of_the_crm_reads_all_again(live: Twin, tmp_path: Path, to: int | None) -> None:
    """What changed before the pull comes with it, and the cursors are behind the CRM's clock again."""
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        whole, deal = dump.digest(store), open_deals(store, live)[0]
        live.forward(HOUR_S)
        live.edit(live.names.deals, deal, {live.names.amount: NEW})
        live.forward(HOUR_S)
        ahead = live.local.clock.now() + round(HOUR_S * 1_000_000) if to is None else to
        for stream in live.crm.streams():
            pulled.save_page(store, live.crm.name, Page(stream, Cursor(stamp=ahead)), run_id=1)
        pull_into(store, live.crm)
        cursors = [pulled.cursor(store, live.crm.name, stream) for stream in live.crm.streams()]
        assert (amounts(store)[deal] in (NEW, NEW * 100), dump.digest(store) != whole) == (True, True)
        assert all(each is not None and each.stamp <= live.local.clock.now() for each in cursors)


def test_deal_that_left_before_a_full_read_is_told_by_the_pull_after_it(live: Twin, tmp_path: Path) -> None:
    """A full read of a store that holds deals already can't take for granted that all of them were listed."""
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        deal, ahead = open_deals(store, live)[0], parse_instant("2999-01-01")
        live.forward(HOUR_S)
        live.delete(live.names.deals, deal)
        for stream in live.crm.streams():
            pulled.save_page(store, live.crm.name, Page(stream, Cursor(stamp=ahead)), run_id=1)
        for _ in range(2):
            live.forward(HOUR_S)
            pull_into(store, live.crm)
        assert deal not in listing.live(store, live.crm.name, DEAL_SOURCE)
