"""What HubSpot alone can fail with: its day's allowance, its token, and associations that don't come while deals do."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import stamina
from pydantic import SecretStr

from crmsync.clock import parse_instant
from crmsync.config import CrmConfig
from crmsync.crms.hubspot import HubSpot, connect
from crmsync.crms.hubspot.deals import DATED, SHOWN
from crmsync.crms.hubspot.limits import FRESH_S, Allowance
from crmsync.errors import BadConfig, RetryLater
from crmsync.records import DEAL_SOURCE
from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.http import Request, Response, Server
from crmsync.sandbox.hubspot import HubSpotApp
from crmsync.sandbox.records import EffectLog
from crmsync.store import dump, listing
from tests.crms.hubspot_replies import CREATED, OBJECTS, PIPELINES, STAGES, Replies, pull, row, stage
from tests.crms.hubspot_replies import crm as room
from tests.crms.stores import opened, pull_into
from tests.sandbox.hubspot.world import ZONE, hubspot_world
from tests.sandbox.salesforce.world import NOW

DEALS = f"{OBJECTS}/deals"
TOKEN, DAILY_CALLS, DAY_S = "pat-local", 10, 86_400


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """Retries come at once."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def clock() -> SandboxClock:
    """The CRM's, which stands."""
    return SandboxClock(NOW, frozen=True)


@pytest.fixture(params=[DAILY_CALLS])
def served(clock: SandboxClock, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The small world, with so many calls a day."""
    limits = {"daily_calls": request.param, "searches_per_s": 1_000}
    server = Server(HubSpotApp(hubspot_world(), clock, EffectLog(), token=TOKEN, time_zone=ZONE, **limits))
    server.start()
    yield server
    server.stop()


def hub(served: Server, *, parallel: int = 4, **options: object) -> HubSpot:
    """Our room, as a new process would open it."""
    given = {"token": SecretStr(TOKEN), "base_url": served.url, "searches_per_s": 0, **options}
    return connect(CrmConfig(name="hub", kind="hubspot", parallel=parallel, options=given))


def test_pull_leaves_the_days_last_calls_to_people(served: Server, tmp_path: Path) -> None:
    """At 80 % of the day's calls no further one is made; the line says how many there are and when to try again."""
    told = rf"E204.*8 of its {DAILY_CALLS} calls of today; we stop at 80%.*from 2026-11-03 00:00 \({ZONE}\)"
    with opened(tmp_path) as store, pytest.raises(RetryLater, match=told) as caught:
        pull_into(store, hub(served))
    assert (served.requests, caught.value.exit_code) == (DAILY_CALLS * 8 // 10, 75)


@pytest.mark.parametrize("served", [17], indirect=True)
def test_pull_goes_on_the_next_day(served: Server, clock: SandboxClock, tmp_path: Path) -> None:
    """What was stored before the allowance ended stays: the next day's calls bring the pull to its end, with all deals."""
    with opened(tmp_path) as store:
        with pytest.raises(RetryLater):
            pull_into(store, hub(served, parallel=1))  # no call begins before the last answer has told what is left
        clock.set(forward_s=DAY_S)
        pull_into(store, hub(served))
        assert len(listing.live(store, "hub", DEAL_SOURCE)) == 4


def test_allowance_that_is_used_up_ends_the_run(served: Server, tmp_path: Path) -> None:
    """Where HubSpot itself refuses because nothing is left, one call tells it, and when to try again."""
    with opened(tmp_path) as store:
        for told in (r"10 of its 10 calls", r"used up: 429.*try again from midnight in the account's"):
            with pytest.raises(RetryLater, match=f"E204.*{told}"):
                pull_into(store, hub(served, daily_share=1.0))
    assert served.requests == DAILY_CALLS + 1


def test_allowance_is_measured_anew_after_a_while() -> None:
    """A count that is old stops nobody: another app's day may have ended, or ours."""
    now = 0.0
    allowance = Allowance(clock=lambda: now)
    allowance.note({"X-HubSpot-RateLimit-Daily": "100", "X-HubSpot-RateLimit-Daily-Remaining": "20"})
    spent = allowance.spent(0.8)
    now += FRESH_S
    assert (spent, allowance.spent(0.8), allowance.spent(0.81)) == (True, False, False)


def test_allowance_is_renewed_at_the_accounts_midnight() -> None:
    """The day after the present one there, also over the hour that a zone skips."""
    allowance = Allowance()
    allowance.zone = ZoneInfo("America/New_York")
    assert allowance.renewed(parse_instant("2026-03-08T04:59:00Z")) == "2026-03-08 00:00 (America/New_York)"
    assert allowance.renewed(parse_instant("2026-03-08T05:01:00Z")) == "2026-03-09 00:00 (America/New_York)"


def test_token_that_is_refused_is_no_reason_to_try_again(served: Server) -> None:
    """A withdrawn token can't be refreshed: one call, exit 2, and what to do."""
    crm = hub(served, token=SecretStr("pat-withdrawn"))
    with pytest.raises(BadConfig, match=r"E202.*make a service key") as caught:
        crm.account()
    assert (crm.calls, caught.value.exit_code) == (1, 2)


@pytest.mark.parametrize("served", [1_000], indirect=True)
def test_associations_that_fail_leave_every_link_as_it_was(served: Server, tmp_path: Path) -> None:
    """Deals answer and their associations don't: the page is left for the next run, and no stored link is lost."""
    assert isinstance(served.app, HubSpotApp)
    deal = next(served.app.ids())[1]
    with opened(tmp_path) as store:
        pull_into(store, hub(served))
        served.app.edit("deals", deal, {"amount": "70"}, who="5000001")
        before = dump.digest(store)
        served.faults.read({"faults": [{"kind": "status", "status": 502, "rate": 1.0, "path": "associations"}]})
        with pytest.raises(RetryLater, match=r"E201.*associations"):
            pull_into(store, hub(served))
        failed = dump.digest(store)
        served.faults.read({"faults": []})
        pull_into(store, hub(served))
        assert (failed == before, dump.digest(store) == before) == (True, False)


@pytest.mark.parametrize("served", [1_000], indirect=True)
@pytest.mark.parametrize("name", ["amount", "closedate", "dealstage", "hubspot_owner_id"])
def test_property_that_is_no_longer_shown_is_no_blank(served: Server, name: str, tmp_path: Path) -> None:
    """HubSpot leaves out what the token may not see: the run ends with its name, and what was stored stays."""
    assert isinstance(served.app, HubSpotApp)
    deal = next(served.app.ids())[1]
    with opened(tmp_path) as store:
        pull_into(store, hub(served))
        before = dump.digest(store)
        served.app.edit("deals", deal, {"dealname": "Renamed"}, who="5000001")
        del served.app.portal.kinds["deals"].schema.properties[name]
        with pytest.raises(BadConfig, match=f"E203.*stopped showing {name} on deals"):
            pull_into(store, hub(served))
        assert dump.digest(store) == before


class Forgetful(Replies):
    """Shows no amounts from the second page of deals on."""

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        again = request.path == DEALS and any(earlier.path == DEALS for earlier in self.requests)
        response = super().answer(request)
        if again:
            for record in response.body["results"]:  # type: ignore[index,call-overload]
                del record["properties"]["amount"]
        return response


def test_property_that_vanishes_within_a_list_ends_it_there() -> None:
    """Each answer is looked through by itself, though several are stored at once: else what was shown before would cover for it."""
    replies = Forgetful()
    first, second = (
        [row(str(number), {"dealstage": "new"}) for number in part] for part in (range(1, 51), range(51, 101))
    )
    replies.lay(DEALS, {"results": first, "paging": {"next": {"after": "50"}}}, {"results": second})
    server = Server(replies)
    server.start()
    came = []
    with pytest.raises(BadConfig, match=r"E203.*stopped showing amount on deals"):
        came.extend(len(page.deals) for page in room(server).pull("deals", since=None))
    server.stop()
    assert came == [50]


def test_stage_made_meanwhile_is_looked_for_once(tmp_path: Path) -> None:
    """A deal in a stage that is new is read by that stage; one in a stage of no pipeline is set aside, and the others are read."""
    replies = Replies()
    fresh = {"results": [{"id": "sales", "stages": [*STAGES, stage("fresh", "0.4", "false")]}]}
    old = {"results": [{"id": "sales", "stages": STAGES}]}
    replies.lay(PIPELINES, old, old, fresh)
    replies.rows("deals", *(row(name, {"dealstage": name}) for name in ("new", "fresh", "nowhere")))
    server = Server(replies)
    server.start()
    crm = room(server)
    list(crm.pull("pipelines", since=None))
    page = pull(crm, "deals")
    server.stop()
    asked = sum(request.path == PIPELINES for request in replies.requests)
    assert ([deal["stage"] for deal in page.deals], [one["crm_id"] for one in page.bad]) == (
        ["new", "fresh"],
        ["nowhere"],
    )
    assert asked == 2 * 3  # once to begin with, once for each stage that wasn't known; retired ones are asked for apart


STRANGE = ("a lot", "1e400", "NaN", "\x00", 7, 1.5, True, ["x"], {"a": 1}, None)


@pytest.mark.parametrize("name", sorted({*SHOWN, *DATED} - {"hs_createdate"}))
def test_property_of_another_type_costs_its_own_deal_only(name: str) -> None:
    """Whatever a property turns into, the deal is read or set aside with a reason, and the other deal of its page comes."""
    replies = Replies()
    server = Server(replies)
    server.start()
    crm = room(server)
    for value in STRANGE:
        strange = row("1", {"dealstage": "new", name: value})  # type: ignore[dict-item]
        if name in DATED:
            strange["propertiesWithHistory"] = {name: [{"timestamp": CREATED, "value": value}]}
        replies.rows("deals", strange, row("2", {"dealstage": "new"}))
        page = pull(crm, "deals")
        told = [deal["crm_id"] for deal in page.deals] + [one["crm_id"] for one in page.bad if one["reason"]]
        assert (sorted(told), "2" in [deal["crm_id"] for deal in page.deals]) == (["1", "2"], True)
    server.stop()
