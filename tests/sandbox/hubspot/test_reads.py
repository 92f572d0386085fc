"""Lists, single records and batches by id."""

from collections.abc import Callable

import pytest
from hubspot.crm.deals import BatchReadInputSimplePublicObjectId, SimplePublicObjectId
from hubspot.crm.deals.exceptions import ApiException

from tests.sandbox.hubspot.conftest import ANN_USER, DEAL_OPEN, DEAL_WON, DEALS, Local
from tests.sandbox.hubspot.world import many_hubspot_deals


def test_list_walks_all_live_deals(local: Local) -> None:
    """The client library's own paging sees every deal once, by growing id."""
    rows, after = [], None
    api = local.client().crm.deals.basic_api
    while True:
        page = api.get_page(limit=2, after=after, properties=["dealname"])
        rows += [row.id for row in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert rows == local.ids


@pytest.mark.parametrize(
    "path",
    ["/crm/v3/objects/deals", "/crm/objects/2026-03/0-3", "/crm/objects/2026-09/deals", "/crm/objects/2026-09/deal"],
)
def test_both_path_families_lead_to_one_store(local: Local, path: str) -> None:
    """Numbered and dated paths, types by name and by id, give the same records."""
    assert local.get(path, limit=50) == local.get(DEALS, limit=50)


def test_unknown_api_version_is_not_found(local: Local) -> None:
    """A date that HubSpot hasn't reached is 404."""
    assert local.send("GET", "/crm/objects/2027-03/deals").status_code == 404


@pytest.mark.parametrize(("query", "most"), [("limit=101", 100), ("limit=51&propertiesWithHistory=amount", 50)])
def test_list_pages_have_a_most(local: Local, query: str, most: int) -> None:
    """100 a page, 50 with histories; more is refused, not cut."""
    answer = local.send("GET", f"{DEALS}?{query}")
    assert (answer.status_code, str(most) in answer.json()["message"]) == (400, True)


def test_properties_may_be_repeated_or_listed(local: Local) -> None:
    """Both ways of naming several properties mean the same; a misspelt one is left out without a word."""
    repeated = local.send("GET", f"{DEALS}?properties=amount&properties=dealname&properties=nope").json()
    assert repeated["results"] == local.get(DEALS, properties="amount,dealname")["results"]


def test_list_associations_are_cut_at_a_hundred(serve: Callable[..., Local]) -> None:
    """The block inside a list ends at 100 of a record, with a paging part as the only sign."""
    local = serve()
    for number in range(101):
        made = local.app.create("tasks", {"hs_timestamp": "2026-11-02", "hs_task_subject": str(number)}, who=ANN_USER)
        local.app.associate("deals", local.ids[DEAL_WON], "tasks", made, who=ANN_USER)
    block = local.get(DEALS, associations="tasks", limit=1)["results"][0]["associations"]["tasks"]
    assert (len(block["results"]), "paging" in block) == (100, True)


def test_archived_deals_are_listed_apart(local: Local) -> None:
    """They leave the list of live ones; archiving doesn't move the stamp, only archivedAt tells."""
    stamp = local.get(f"{DEALS}/{local.ids[DEAL_OPEN]}")["updatedAt"]
    local.app.delete("deals", local.ids[DEAL_OPEN], who=ANN_USER)
    (gone,) = local.get(DEALS, archived="true")["results"]
    assert (gone["id"], gone["updatedAt"], gone["archivedAt"]) == (local.ids[DEAL_OPEN], stamp, "2026-11-02T12:00:00Z")
    assert local.ids[DEAL_OPEN] not in [row["id"] for row in local.get(DEALS)["results"]]


def test_missing_record_is_a_client_librarys_exception(local: Local) -> None:
    """404 with HubSpot's category."""
    with pytest.raises(ApiException) as caught:
        local.client().crm.deals.basic_api.get_by_id("1")
    assert (caught.value.status, "OBJECT_NOT_FOUND" in caught.value.body) == (404, True)


def test_batch_read_answers_207_for_missing_ids(local: Local) -> None:
    """What is there comes back, what isn't stands in the errors."""
    wanted = BatchReadInputSimplePublicObjectId(
        properties=["amount"],
        properties_with_history=[],
        inputs=[SimplePublicObjectId(id=local.ids[DEAL_WON]), SimplePublicObjectId(id="5")],
    )
    found = local.client().crm.deals.batch_api.read(wanted)
    assert [row.id for row in found.results] == [local.ids[DEAL_WON]]
    assert (found.num_errors, found.errors[0].context) == (1, {"ids": ["5"]})


def test_batch_read_with_history_takes_fifty(local: Local) -> None:
    """51 inputs are refused when histories are asked for."""
    inputs = [{"id": str(number)} for number in range(51)]
    body = {"inputs": inputs, "properties": [], "propertiesWithHistory": ["amount"]}
    answer = local.send("POST", f"{DEALS}/batch/read", body)
    assert "property histories is 50" in answer.json()["message"]


def test_batch_results_are_out_of_order(serve: Callable[..., Local]) -> None:
    """Answers must be matched by id, never by place."""
    local = serve(many_hubspot_deals(20))
    rows = local.post(f"{DEALS}/batch/read", {"inputs": [{"id": crm_id} for crm_id in local.ids]})["results"]
    ids = [row["id"] for row in rows]
    assert (sorted(ids) == local.ids, ids == local.ids) == (True, False)


def test_unknown_object_type_is_refused(local: Local) -> None:
    """400, with the words that HubSpot uses."""
    answer = local.send("GET", "/crm/v3/objects/unicorns")
    assert (answer.status_code, answer.json()["message"]) == (400, "Unable to infer object type from: unicorns")
