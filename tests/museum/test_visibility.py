"""Rows that a reader sees later than their stamps say."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from crmsync.clock import parse_instant
from tests.crms.stores import opened, pull_into, reconcile_into
from tests.crms.twins import TWINS, Twin, twin_of
from tests.museum.exhibits import HOUR_S, MINUTE_S, amounts, count, many, open_deals

NEW = 4_711  # an amount that no deal has
FOUND = {NEW, NEW * 100}  # in minor units, by currency
OLD, FAR = "1999-12-31T23:59:59Z", "2040-02-29T12:00:00Z"


def edit_late(room: Twin, deal: str, *, seconds: float) -> None:
    """A person's change whose transaction is over only so many seconds after its stamp."""
    room.edit(room.names.deals, deal, {room.names.amount: NEW})
    room.served.people.delay(room.names.deals, deal, until=room.local.clock.now() + round(seconds * 1_000_000))


def test_museum_late_visible_rows(live: Twin, tmp_path: Path) -> None:
    """A row that appears within the look-back, stamped before the newest one served, comes with the next pull."""
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        late, other, *_ = open_deals(store, live)
        live.forward(HOUR_S)
        edit_late(live, late, seconds=5 * MINUTE_S)
        live.forward(MINUTE_S)
        live.edit(live.names.deals, other, {live.names.amount: NEW})
        pull_into(store, live.crm)
        unseen = amounts(store)[late]
        live.forward(5 * MINUTE_S)
        pull_into(store, live.crm)
        assert (amounts(store)[other] in FOUND, unseen in FOUND, amounts(store)[late] in FOUND) == (True, False, True)


def test_museum_late_visible_rows_beyond_the_look_back(live: Twin, tmp_path: Path) -> None:
    """One that appears later than the look-back is healed by the next reconcile."""
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        late = open_deals(store, live)[0]
        live.forward(HOUR_S)
        edit_late(live, late, seconds=1.5 * HOUR_S)
        for _ in range(3):
            live.forward(HOUR_S)
            pull_into(store, live.crm)
        unseen = amounts(store)[late]
        reconcile_into(store, live.crm)
        assert (unseen in FOUND, amounts(store)[late] in FOUND) == (False, True)


def test_museum_search_lag(hub: Twin, tmp_path: Path) -> None:
    """A change that the search index learns two minutes late is read, though a pull has passed in between."""
    assert hub.local.hubspot is not None
    with opened(tmp_path) as store:
        pull_into(store, hub.crm)
        deal = open_deals(store, hub)[0]
        hub.forward(HOUR_S)
        hub.local.hubspot.portal.index_lag_s = 2 * MINUTE_S
        hub.edit("deals", deal, {"amount": NEW})
        seen = []
        for _ in range(2):
            hub.forward(MINUTE_S + 1)
            pull_into(store, hub.crm)
            seen.append(amounts(store)[deal] in FOUND)
    assert seen == [False, True]


def test_museum_old_rows_missing(tmp_path: Path) -> None:
    """The first pull brings a deal of 1999 and one of 2040, from both CRMs, and a later one their changes."""
    for kind in TWINS:
        world = many(kind, 2)
        world.deals.created_at = np.array([parse_instant(OLD), parse_instant(FAR)])
        world.start_at, world.now = parse_instant("1999-01-01"), parse_instant("2041-01-01")
        with twin_of(kind, world, tmp_path / kind) as room, opened(tmp_path, kind) as store:
            pull_into(store, room.crm)
            deals = open_deals(store, room)
            years = [datetime.fromtimestamp(one.created_at / 1e6, UTC).year for one in room.crm.listed("deal")]
            room.edit(room.names.deals, deals[0], {room.names.amount: NEW})
            pull_into(store, room.crm)
            assert (count(store, room), years, amounts(store)[deals[0]] in FOUND) == (2, [1999, 2040], True)
