"""What every request to the local HubSpot goes through, and what it says besides."""

import pytest

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.hubspot import HubSpotApp
from crmsync.sandbox.records import EffectLog
from tests.sandbox.hubspot.conftest import ANN_USER, DEAL_OPEN, DEALS, Local
from tests.sandbox.hubspot.world import hubspot_world
from tests.sandbox.salesforce.world import NOW


def test_answers_carry_the_time_of_the_sandbox_clock(local: Local) -> None:
    """The Date header is the CRM's own now."""
    assert local.send("GET", DEALS).headers["Date"] == "Mon, 02 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic bG9jYWw="}, {"Authorization": "Bearer other"}])
def test_requests_without_the_token_are_refused(local: Local, header: dict[str, str]) -> None:
    """A missing or made-up token is 401, before the address is looked at."""
    answer = local.http.get(f"{local.server.url}/nowhere", headers=header, timeout=20)
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_errors_carry_a_correlation_id(local: Local) -> None:
    """It is what HubSpot's support asks for, and differs by request."""
    told = [local.get("/crm/v3/objects/unicorns")["correlationId"] for _ in range(2)]
    assert len(set(told)) == 2


def test_address_and_headers_have_a_longest_size(local: Local) -> None:
    """Beyond 16,000 bytes the edge answers 414, with a page instead of JSON."""
    answer = local.send("GET", DEALS, params={"properties": "x" * 16_000})
    assert (answer.status_code, answer.headers["Content-Type"]) == (414, "text/html;charset=UTF-8")


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("crm.objects.deals.read", "GET", DEALS),
        ("crm.objects.deals.write", "PATCH", f"{DEALS}/1"),
        ("crm.schemas.deals.read", "GET", "/crm/v3/properties/deals"),
        ("crm.schemas.deals.write", "POST", "/crm/v3/properties/deals"),
        ("crm.objects.owners.read", "GET", "/crm/v3/owners"),
        ("crm.schemas.custom.read", "GET", "/crm-object-schemas/2026-09/schemas"),
        ("crm.objects.contacts.read", "GET", "/crm/v3/objects/tasks"),
        ("crm.objects.custom.read", "POST", "/crm/v4/associations/deals/milestone/batch/read"),
    ],
)
def test_missing_scope_is_named(local: Local, scope: str, method: str, path: str) -> None:
    """403 MISSING_SCOPES with the scope that the call takes; given back, the call is no longer refused for it."""
    local.app.scopes.take(scope)
    told = local.send(method, path, {})
    assert (told.status_code, told.json()["errors"][0]["context"]) == (403, {"requiredScopes": [scope]})
    local.app.scopes.give(scope)
    assert local.send(method, path, {}).status_code != 403


def test_unknown_address_and_method_are_told_apart(local: Local) -> None:
    """404 for an address that isn't there, 405 for a method that it doesn't take."""
    assert [local.send(*each).status_code for each in (("GET", "/crm/v3/nowhere"), ("PUT", DEALS))] == [404, 405]


def test_broken_json_is_refused(local: Local) -> None:
    """400, with HubSpot's words."""
    answer = local.send("POST", f"{DEALS}/search", headers={"Content-Type": "application/json"}, data="{")
    assert (answer.status_code, answer.json()["message"].startswith("Invalid input JSON")) == (400, True)


def test_same_world_gives_the_same_ids(local: Local) -> None:
    """Ids depend on the world alone."""
    again = HubSpotApp(hubspot_world(), SandboxClock(NOW, frozen=True), EffectLog())
    assert list(again.ids()) == list(local.app.ids())


def test_only_the_worlds_hubspot_deals_are_shown(local: Local) -> None:
    """The third deal of the world is Salesforce's."""
    assert [row for row, _ in local.app.ids()] == [0, 1, 3, 4]


def test_what_people_do_is_seen_and_logged_under_their_name(local: Local) -> None:
    """A change on the screen has the user in its history and in the effect log."""
    local.app.edit("deals", local.ids[DEAL_OPEN], {"dealname": "Renamed"}, who=ANN_USER)
    shown = local.get(f"{DEALS}/{local.ids[DEAL_OPEN]}", propertiesWithHistory="dealname")
    newest = shown["propertiesWithHistory"]["dealname"][0]
    assert (newest["updatedByUserId"], local.effects.since()[0].who) == (int(ANN_USER), ANN_USER)
