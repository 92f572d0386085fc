"""Deals that are made while a pull reads what belongs to deals: the next pull brings both."""

from pathlib import Path

import pytest

from crmsync.records import Kind
from crmsync.sandbox.http import Request, Response
from crmsync.store import deals
from crmsync.store.engine import Store
from tests.crms.salesforce_org import org
from tests.crms.stores import opened, pull_into
from tests.crms.twins import Twin
from tests.sandbox.salesforce.conftest import Local

HOUR_S = 3_600.0


class Busy:
    """An app of an org where a deal is made and visited while a pull reads events, an hour before the visits are asked for."""

    def __init__(self, local: Local) -> None:
        self._app, self._local, self.deal = local.server.app, local, ""
        local.server.app = self

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        if not self.deal and "FROM Event" in request.query.get("q", [""])[0]:
            self._work()
        return self._app.answer(request)

    def _work(self) -> None:
        app, clock = self._local.app, self._local.clock
        made = {"Name": "Late", "StageName": "Qualify", "CloseDate": "2026-12-31"}
        self.deal = app.create("Opportunity", made, who=app.user)
        app.create(
            "Room_Visit__c",
            {"Opportunity__c": self.deal, "Visited_At__c": "2026-11-02T12:00:00.000+0000"},
            who=app.user,
        )
        clock.set(forward_s=HOUR_S)


def visits(store: Store, deal: str) -> int:
    """How many acts of a buyer the store has of a deal."""
    return sum(fact.kind == Kind.VIEW for fact in deals.facts(store, deals.one(store, deal).deal_id))


@pytest.mark.parametrize("parallel", [1, 2])
def test_visit_of_a_deal_that_came_too_late_comes_with_the_deal(local: Local, tmp_path: Path, parallel: int) -> None:
    """Its stamp is older than a look-back when the visits are read, so that no look-back would bring it again."""
    busy = Busy(local)
    with opened(tmp_path) as store:
        for _ in range(2):
            local.clock.set(forward_s=HOUR_S)
            pull_into(store, org(local, parallel=parallel))
        assert visits(store, busy.deal) == 1


def test_read_that_comes_late_in_a_pull_reaches_back_to_its_beginning(live: Twin) -> None:
    """In every room, of every stream, first and later reads."""
    began = live.crm.now()
    live.forward(HOUR_S)
    for stream in live.crm.streams():
        *_, first = live.crm.pull(stream, since=None, began=began)
        *_, second = live.crm.pull(stream, since=first.cursor, began=began + 1)
        assert (first.cursor.stamp, second.cursor.stamp) == (began, began + 1)
