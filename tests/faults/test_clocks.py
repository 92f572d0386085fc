"""A CRM whose clock isn't this machine's: what is pulled obeys the CRM's alone."""

from pathlib import Path

import pytest
from sqlalchemy import select

from crmsync.clock import MICROS_PER_SECOND, system_clock
from crmsync.store import pulled, tables
from crmsync.store.engine import Store
from crmsync.store.upsert import table_of
from tests.crms.conftest import live
from tests.crms.stores import opened, pull_into, reconcile_into
from tests.crms.twins import Twin

__all__ = ["live"]

HOUR = 3_600 * MICROS_PER_SECOND
_deal = table_of(tables.Deal)


def amount(store: Store, deal: str) -> int:
    """What the store holds, in minor units."""
    with store.read() as connection:
        return int(connection.execute(select(_deal.c.amount_minor).where(_deal.c.crm_id == deal)).scalar_one())


@pytest.mark.parametrize("apart", [HOUR, -HOUR])
def test_clock_an_hour_off_loses_nothing(live: Twin, tmp_path: Path, apart: int) -> None:
    """Ahead or behind: the cursor holds the CRM's own time, and the next pull brings what changed since."""
    live.local.clock.set(at=system_clock() + apart)
    deal = next(live.ids())
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        until = pulled.complete_until(store, [live.crm.name])
        live.forward(5)
        live.edit(live.names.deals, deal, {live.names.amount: 4_242})
        pull_into(store, live.crm)
        assert amount(store, deal) == 424_200
    assert until is not None
    assert abs(until - (system_clock() + apart)) < HOUR / 2


def test_clock_that_is_set_back_loses_nothing(live: Twin, tmp_path: Path) -> None:
    """What is changed in the hour that comes again is there after the next pull, or after the reconcile at the latest."""
    deal = next(live.ids())
    with opened(tmp_path) as store:
        pull_into(store, live.crm)
        before = live.crm.now()
        live.forward(-3_600)
        assert live.connect().now() < before
        live.edit(live.names.deals, deal, {live.names.amount: 4_242})
        crm = live.connect()
        pull_into(store, crm)
        reconcile_into(store, crm)
        assert amount(store, deal) == 424_200
