"""The three limits, and by which clock they pass."""

import time
from collections.abc import Callable

import pytest
from hubspot.crm.deals.exceptions import ApiException

from tests.sandbox.hubspot.conftest import DEALS, Local

SEARCH = f"{DEALS}/search"


def _statuses(local: Local, count: int, path: str = DEALS) -> list[int]:
    method = "POST" if path == SEARCH else "GET"
    return [local.send(method, path, {} if method == "POST" else None).status_code for _ in range(count)]


def test_ten_second_limit_refuses_and_passes(serve: Callable[..., Local]) -> None:
    """The call beyond it is 429 until ten seconds of the CRM's clock have gone by."""
    local = serve(calls_per_10s=3)
    local.clock.set(frozen=False)
    assert _statuses(local, 4) == [200, 200, 200, 429]
    local.clock.set(forward_s=10)
    assert _statuses(local, 1) == [200]


def test_ten_second_refusal_names_its_policy(serve: Callable[..., Local]) -> None:
    """As the client library raises it, without Retry-After."""
    local = serve(calls_per_10s=0)
    with pytest.raises(ApiException) as caught:
        local.client().crm.deals.basic_api.get_page()
    assert (caught.value.status, "TEN_SECONDLY_ROLLING" in caught.value.body) == (429, True)
    assert "Retry-After" not in caught.value.headers


def test_searches_have_a_limit_of_their_own(serve: Callable[..., Local]) -> None:
    """SECONDLY, while other calls go on; search answers say nothing of limits."""
    local = serve(searches_per_s=1)
    local.clock.set(frozen=False)
    assert _statuses(local, 2, SEARCH) == [200, 429]
    refused = local.send("POST", SEARCH, {})
    assert (refused.json()["policyName"], "X-HubSpot-RateLimit-Max" in refused.headers) == ("SECONDLY", False)
    assert _statuses(local, 1) == [200]


def test_daily_limit_lasts_until_the_accounts_midnight(serve: Callable[..., Local]) -> None:
    """At noon UTC it is 7 in New York: 17 hours to go, whatever UTC's day does."""
    local = serve(daily_calls=1)
    assert _statuses(local, 2) == [200, 429]
    assert local.get(DEALS)["policyName"] == "DAILY"
    local.clock.set(forward_s=16.9 * 3600)
    assert _statuses(local, 1) == [429]
    local.clock.set(forward_s=0.2 * 3600)
    assert _statuses(local, 1) == [200]


def test_frozen_clock_doesnt_lock_the_client_out(serve: Callable[..., Local]) -> None:
    """The second of searches passes in real time while the CRM's clock stands still."""
    local = serve(searches_per_s=1)
    assert _statuses(local, 2, SEARCH) == [200, 429]
    time.sleep(1.05)
    assert _statuses(local, 1, SEARCH) == [200]


def test_headers_count_down(serve: Callable[..., Local]) -> None:
    """What is left of the ten seconds and of the day."""
    local = serve(daily_calls=100, calls_per_10s=10)
    headers = [local.send("GET", DEALS).headers for _ in range(2)][-1]
    names = ("Daily", "Daily-Remaining", "Interval-Milliseconds", "Max", "Remaining")
    assert [headers[f"X-HubSpot-RateLimit-{name}"] for name in names] == ["100", "98", "10000", "10", "8"]
