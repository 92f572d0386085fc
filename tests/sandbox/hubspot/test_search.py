"""What searches find, and where they end."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.hubspot.conftest import (
    ANN_USER,
    DEAL_BARE,
    DEAL_LOST,
    DEAL_OPEN,
    DEAL_WON,
    DEALS,
    Local,
    condition,
)
from tests.sandbox.hubspot.world import many_hubspot_deals
from tests.sandbox.salesforce.world import at

STAMP = "hs_lastmodifieddate"


@pytest.mark.parametrize(
    ("told", "places"),
    [
        (condition("dealstage", "EQ", "qualify"), [DEAL_OPEN, DEAL_BARE]),
        (condition("dealstage", "NEQ", "qualify"), [DEAL_LOST, DEAL_WON]),
        (condition("dealstage", "IN", "closedwon", "closedlost"), [DEAL_LOST, DEAL_WON]),
        (condition("dealstage", "NOT_IN", "closedwon", "closedlost"), [DEAL_OPEN, DEAL_BARE]),
        (condition("amount", "GT", "1000"), [DEAL_OPEN, DEAL_WON]),
        (condition("amount", "LTE", "1000"), [DEAL_LOST]),
        (condition("amount", "HAS_PROPERTY"), [DEAL_LOST, DEAL_OPEN, DEAL_WON]),
        (condition("amount", "NOT_HAS_PROPERTY"), [DEAL_BARE]),
        (condition("createdate", "BETWEEN", "2026-01-01", "2026-08-31"), [DEAL_OPEN, DEAL_WON]),
        (condition("dealname", "CONTAINS_TOKEN", "deal"), [DEAL_LOST, DEAL_OPEN, DEAL_WON, DEAL_BARE]),
        (condition("dealname", "NOT_CONTAINS_TOKEN", "*5"), [DEAL_LOST, DEAL_OPEN, DEAL_WON]),
    ],
)
def test_operators_compare_by_type(local: Local, told: dict[str, Any], places: list[int]) -> None:
    """Numbers as numbers, instants as instants, texts without case; a blank fails every comparison."""
    assert set(local.find("deals", told)) == {local.ids[place] for place in places}


def test_groups_are_alternatives(local: Local) -> None:
    """Filters of a group all hold, and one group is enough."""
    groups = [
        {"filters": [condition("dealstage", "EQ", "closedwon")]},
        {"filters": [condition("dealstage", "EQ", "qualify"), condition("amount", "NOT_HAS_PROPERTY")]},
    ]
    found = local.post(f"{DEALS}/search", {"filterGroups": groups})
    assert {row["id"] for row in found["results"]} == {local.ids[DEAL_WON], local.ids[DEAL_BARE]}


def test_search_sorts_by_a_number(local: Local) -> None:
    """Descending by amount, those without one last."""
    found = local.find("deals", sorts=[{"propertyName": "amount", "direction": "DESCENDING"}])
    assert found == [local.ids[place] for place in (DEAL_OPEN, DEAL_WON, DEAL_LOST, DEAL_BARE)]


def test_changed_deals_are_found_by_stamp(local: Local) -> None:
    """A write moves the stamp; archiving doesn't, and hides the deal from search."""
    local.clock.set(forward_s=60)
    since = condition(STAMP, "GTE", str(at("2026-11-02 12:00:30") // 1000))
    assert local.find("deals", since) == []
    local.app.edit("deals", local.ids[DEAL_OPEN], {"amount": "7"}, who=ANN_USER)
    local.app.delete("deals", local.ids[DEAL_WON], who=ANN_USER)
    assert local.find("deals", since) == [local.ids[DEAL_OPEN]]
    assert local.ids[DEAL_WON] not in local.find("deals")


def test_associations_move_no_stamp(local: Local) -> None:
    """A deal that got a task looks as if nothing had happened."""
    task = local.app.create("tasks", {"hs_timestamp": "2026-11-02"}, who=ANN_USER)
    before = local.get(f"{DEALS}/{local.ids[DEAL_OPEN]}")["updatedAt"]
    local.clock.set(forward_s=60)
    local.app.associate("deals", local.ids[DEAL_OPEN], "tasks", task, who=ANN_USER)
    assert local.get(f"{DEALS}/{local.ids[DEAL_OPEN]}")["updatedAt"] == before


def test_lagging_index_shows_old_values(local: Local) -> None:
    """A changed deal is found by what it was, and a new one not at all, until the index has caught up."""
    local.app.portal.index_lag_s = 60
    local.app.edit("deals", local.ids[DEAL_OPEN], {"amount": "7"}, who=ANN_USER)
    made = local.app.create("deals", {"dealname": "New"}, who=ANN_USER)
    assert local.find("deals", condition("amount", "EQ", "5000")) == [local.ids[DEAL_OPEN]]
    assert made not in local.find("deals")
    local.clock.set(forward_s=61)
    assert local.find("deals", condition("amount", "EQ", "7")) == [local.ids[DEAL_OPEN]]
    assert made in local.find("deals")


def test_lagging_index_finds_a_change_once_it_has_caught_up(local: Local) -> None:
    """By stamp too: a search that came too early hides nothing from the next one."""
    local.app.portal.index_lag_s = 60
    local.clock.set(forward_s=10)
    since = condition(STAMP, "GTE", str(local.clock.now() // 1000))
    local.app.edit("deals", local.ids[DEAL_OPEN], {"amount": "7"}, who=ANN_USER)
    early = local.find("deals", since)
    local.clock.set(forward_s=61)
    assert (early, local.find("deals", since)) == ([], [local.ids[DEAL_OPEN]])


def test_search_never_passes_the_10000th_row(serve: Callable[..., Local]) -> None:
    """The total tells the truth, but a page beyond 10,000 is 400: only growing ids lead on."""
    local = serve(many_hubspot_deals(10_300))
    body = {"filterGroups": [], "limit": 200, "after": "9800"}
    last = local.post(f"{DEALS}/search", body)
    assert (last["total"], last["paging"]["next"]["after"]) == (10_300, "10000")
    assert local.send("POST", f"{DEALS}/search", {**body, "after": "10000"}).status_code == 400
    onward = local.find("deals", condition("hs_object_id", "GT", last["results"][-1]["id"]))
    assert onward == local.ids[10_000:10_200]


def test_epoch_zero_is_a_server_error(local: Local) -> None:
    """HubSpot can't bear the beginning of time as a value."""
    body = {"filterGroups": [{"filters": [condition(STAMP, "GTE", "0")]}]}
    assert local.send("POST", f"{DEALS}/search", body).status_code == 500


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [condition("amount", "GT", "1")] * 7}]},
        {"filterGroups": [{"filters": [condition("amount", "GT", "1")] * 5}] * 4},
        {"filterGroups": [{"filters": [condition("nope", "EQ", "1")]}]},
        {"filterGroups": [{"filters": [condition("amount", "LIKE", "1")]}]},
        {"filterGroups": [{"filters": [condition("amount", "GT", "much")]}]},
        {"sorts": [{"propertyName": "amount"}, {"propertyName": "dealname"}]},
        {"query": "x" * 3_000},
    ],
    ids=["page", "groups", "group", "filters", "property", "operator", "value", "sorts", "length"],
)
def test_searches_beyond_the_rules_are_refused(local: Local, body: dict[str, Any]) -> None:
    """400 with VALIDATION_ERROR."""
    answer = local.send("POST", f"{DEALS}/search", body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_client_librarys_search_finds(local: Local) -> None:
    """Dicts as body and sorts, as everybody calls it."""
    body = {"filterGroups": [{"filters": [condition("dealstage", "EQ", "closedwon")]}], "limit": 5}
    found = local.client().crm.deals.search_api.do_search(public_object_search_request=body)
    assert (found.total, found.results[0].id) == (1, local.ids[DEAL_WON])
