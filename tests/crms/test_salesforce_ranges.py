"""Full reads by ranges of ids: each record once and in order, however close together ids lie, for few calls."""

from collections.abc import Callable
from itertools import count
from threading import Event

import pytest

from crmsync.config import CrmConfig, read_options
from crmsync.crms.salesforce.client import Client
from crmsync.crms.salesforce.org import DEAL, Org
from crmsync.crms.salesforce.pages import FULL, Pages, Place
from crmsync.crms.salesforce.ranges import Ends
from crmsync.crms.salesforce.settings import Settings
from crmsync.crms.salesforce.streams import DealStream
from crmsync.sandbox.http import Request, Response
from tests.crms.salesforce_org import org, way_in
from tests.sandbox.salesforce.conftest import Local
from tests.sandbox.salesforce.world import NOW, many_deals

COUNT = 4_000  # deals; a page holds 500 of them
PAGES = COUNT // 500


class Some(DealStream):
    """Those deals that a condition holds for."""

    condition = ""

    def where(self) -> str:
        """The condition."""
        return self.condition


class Meeting:
    """An app that lets the first question behind a page wait for the second."""

    def __init__(self, local: Local) -> None:
        self._app, self._asked, self._second = local.server.app, count(1), Event()
        self.met = False
        local.server.app = self

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        if "Id > " in request.query.get("q", [""])[0]:
            if next(self._asked) == 1:
                self.met = self._second.wait(10)
            self._second.set()
        return self._app.answer(request)


@pytest.fixture
def crowd(serve: Callable[..., Local]) -> Local:
    """An org with so many deals that ranges are worth it."""
    return serve(many_deals(COUNT))


def read(local: Local, condition: str = "", *, threads: int = 4) -> tuple[list[str], int]:
    """The ids of the deals that a condition holds for, as a full read brings them, and how many calls they took."""
    config = CrmConfig(name="main", kind="salesforce", options=way_in(local), parallel=threads)
    settings = read_options(Settings, config)
    client = Client(config, settings)
    stream = Some(Org(client), config, settings)
    stream.condition = condition
    pages, place = Pages(client, look_back=0, threads=threads), Place(FULL, NOW)
    first, before = pages.ask(stream, place, 0), client.door.meter.calls
    ids = [row.id for _, rows, _ in pages.onward(stream, place, 0, first) for row in rows]
    return ids, 1 + client.door.meter.calls - before


def test_ranges_bring_every_record_once_and_in_order(crowd: Local) -> None:
    """As many calls under way make no difference to what comes."""
    assert read(crowd)[0] == read(crowd, threads=1)[0] == crowd.ids


def test_ranges_are_asked_for_side_by_side(crowd: Local) -> None:
    """The answer to the first range waits until a second one is asked for."""
    meeting = Meeting(crowd)
    read(crowd, threads=2)
    assert meeting.met


def test_rest_is_asked_for_beside_the_last_range(crowd: Local) -> None:
    """Of two pages' worth the second is one range, and what it may have left."""
    meeting = Meeting(crowd)
    found, _ = read(crowd, f"Id <= '{crowd.ids[999]}'", threads=2)
    assert (found, meeting.met) == (crowd.ids[:1_000], True)


def test_ranges_cost_few_calls_more_than_pages(crowd: Local) -> None:
    """Ranges hold nine tenths of a page each."""
    assert read(crowd)[1] <= PAGES / 0.9 + 1


def test_ranges_get_over_a_gap(crowd: Local) -> None:
    """Where ids lie far apart, as after a move to another instance, no more is asked in vain than was under way."""
    first, last = crowd.ids[:1_050], crowd.ids[-1_050:]
    found, calls = read(crowd, f"Id <= '{first[-1]}' OR Id >= '{last[0]}'")
    assert (found, calls <= 5 + 2 * 4) == ([*first, *last], True)


def test_ranges_go_on_behind_a_page_that_is_all_there_is(crowd: Local) -> None:
    """One page is one call."""
    assert read(crowd, f"Id <= '{crowd.ids[99]}'") == (crowd.ids[:100], 1)


def test_read_that_broke_off_goes_on_in_the_middle_of_ranges(crowd: Local) -> None:
    """The cursor behind a range leads a new process to the rest."""
    pages = org(crowd).pull(DEAL, since=None)
    came = [next(pages) for _ in range(3)]
    rest = org(crowd).pull(DEAL, since=came[-1].cursor)
    assert [deal["crm_id"] for page in (*came, *rest) for deal in page.deals] == crowd.ids


def test_ends_grow_by_a_part_of_a_page() -> None:
    """100 ids of a page lie in 100 numbers: each range takes 90 of them, whatever digits they end with."""
    ends = Ends("006gK0000000001QAA", "006gK000000001dQAA", count=100, left=300)
    assert list(ends) == ["006gK0000000035", "006gK000000004X", "006gK000000005z"]


@pytest.mark.parametrize("came", [0, 201])
def test_ends_stop_where_ids_lie_otherwise(came: int) -> None:
    """A range that held nothing, or far more than a page, says that the guess was wrong."""
    ends = Ends("006gK0000000001QAA", "006gK000000001cQAA", count=100, left=10_000)
    ends.note(came)
    assert list(ends) == []


@pytest.mark.parametrize(
    ("first", "last"), [("1", "2"), ("", "006gK000000001cQAA"), ("001gK0000000001QAA", "006gK000000001cQAA")]
)
def test_ends_are_none_where_ids_have_another_shape(first: str, last: str) -> None:
    """Then one page follows the other."""
    assert list(Ends(first, last, count=100, left=10_000)) == []
