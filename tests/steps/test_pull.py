"""Progress or stop: a pull that brings nothing new ends, whatever the CRM says of a next page."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from crmsync.errors import RetryLater
from crmsync.records import DEAL_SOURCE
from crmsync.sandbox.http import Request, Response, Server
from crmsync.steps.pull import CONTAINERS, MOST_REPEATED
from crmsync.store import listing
from tests.crms.hubspot_replies import OBJECTS, Replies, crm, row
from tests.crms.stores import opened, pull_into

DEALS = f"{OBJECTS}/deals"
STAGE = {"dealstage": "new"}


class Circle(Replies):
    """A list of deals whose last page leads back to its first."""

    pages: ClassVar = {"": ("1", "b"), "b": ("2", "c"), "c": ("3", "b")}

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        if request.path != DEALS or "true" in request.query.get("archived", ()):
            return super().answer(request)
        deal, after = self.pages[request.query.get("after", [""])[0]]
        self.lay(DEALS, {"results": [row(deal, STAGE)], "paging": {"next": {"after": after}}})
        return super().answer(request)


class Stuck(Circle):
    """A list of deals whose second page leads to itself."""

    pages: ClassVar = {"": ("1", "b"), "b": ("2", "b")}


@pytest.fixture(params=[Circle, Stuck])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A HubSpot whose list has no end."""
    served = Server(request.param())
    served.start()
    yield served
    served.stop()


def test_pull_of_a_list_without_end_stops(server: Server, tmp_path: Path) -> None:
    """The run ends with a reason of its own and exit 75, after a bounded number of calls; what was stored stays."""
    with opened(tmp_path) as store:
        with pytest.raises(RetryLater, match="E211") as caught:
            pull_into(store, crm(server))
        assert caught.value.exit_code == 75
        assert server.requests < 4 * (MOST_REPEATED + 10)  # four calls a page; some pages are read ahead
        assert len(listing.live(store, "hub", DEAL_SOURCE)) in (1, 3)


@pytest.fixture
def default_threshold() -> Iterator[None]:
    """Python's own way to look for cycles, before and after."""
    before = gc.get_threshold()
    gc.set_threshold(700)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("default_threshold")
def test_pull_that_ends_does_not_slow_down_another(tmp_path: Path) -> None:
    """How seldom the process looks for cycles stays as it is: other threads may be pulling."""
    server = Server(Replies())
    server.start()
    with opened(tmp_path) as store:
        pull_into(store, crm(server))
    server.stop()
    assert gc.get_threshold()[0] == CONTAINERS
