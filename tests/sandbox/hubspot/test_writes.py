"""Writes: what is accepted, what fails how much, and what the portal adds by itself."""

from typing import Any

import pytest
from hubspot.crm.deals import (
    BatchInputSimplePublicObjectBatchInput,
    SimplePublicObjectBatchInput,
    SimplePublicObjectInput,
)

from tests.sandbox.hubspot.conftest import ANN_OWNER, ANN_USER, DEAL_OPEN, DEAL_WON, DEALS, Local

NEW_TASK = {"hs_timestamp": "2026-11-05T08:00:00Z", "hs_task_subject": "Call back"}


def _errors(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_single_update_shows_in_value_and_history(local: Local) -> None:
    """The client library's update; the history says that an integration did it."""
    told = SimplePublicObjectInput(properties={"amount": "99.5"})
    local.client().crm.deals.basic_api.update(local.ids[DEAL_OPEN], told)
    shown = local.get(f"{DEALS}/{local.ids[DEAL_OPEN]}", propertiesWithHistory="amount")
    newest = shown["propertiesWithHistory"]["amount"][0]
    assert (shown["properties"]["amount"], newest["value"], newest["sourceType"]) == ("99.5", "99.5", "INTEGRATION")


def test_writes_are_logged_with_old_and_new(local: Local) -> None:
    """The effect log is what tests judge writes by."""
    local.send("PATCH", f"{DEALS}/{local.ids[DEAL_OPEN]}", {"properties": {"amount": 3}})
    (effect,) = local.effects.since()
    assert (effect.crm_id, effect.field, effect.old, effect.new) == (local.ids[DEAL_OPEN], "amount", "5000", "3")


def test_empty_text_clears_and_null_says_nothing(local: Local) -> None:
    """A cleared value is "", not null."""
    local.send("PATCH", f"{DEALS}/{local.ids[DEAL_OPEN]}", {"properties": {"amount": "", "dealname": None}})
    shown = local.get(f"{DEALS}/{local.ids[DEAL_OPEN]}")["properties"]
    assert (shown["amount"], shown["dealname"]) == ("", "Deal 2")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"nope": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_is_closed": "true"}, "READ_ONLY_VALUE"),
        ({"amount": "a lot"}, "INVALID_DOUBLE"),
        ({"closedate": "soon"}, "INVALID_DATE"),
        ({"hs_priority": "HIGH"}, "INVALID_OPTION"),
        ({"dealstage": "closed"}, "INVALID_OPTION"),
        ({"hubspot_owner_id": "7"}, "INVALID_OPTION"),
        ({"dealname": "x" * 70_000}, "INVALID_LENGTH"),
    ],
)
def test_values_that_dont_fit_are_refused(local: Local, values: dict[str, str], code: str) -> None:
    """400, with a code for what is wrong; nothing is written."""
    answer = local.send("PATCH", f"{DEALS}/{local.ids[DEAL_OPEN]}", {"properties": values})
    assert (_errors(answer), local.effects.since()) == ((400, code), [])


def test_dates_are_midnights(serve: Any) -> None:
    """A date property takes a day or a midnight, and says what time it was given instead."""
    local = serve()
    made = local.app.create("milestone", {"title": "Kick-off"}, who=ANN_USER)
    path = f"/crm/v3/objects/2-7100001/{made}"
    late = local.send("PATCH", path, {"properties": {"due_on": "2026-11-05T10:16:19.200Z"}})
    assert late.json()["errors"][0]["message"] == "2026-11-05T10:16:19.200Z is at 10:16:19.200 UTC, not midnight!"
    local.send("PATCH", path, {"properties": {"due_on": "1793836800000"}})
    assert local.get(path, properties="due_on")["properties"]["due_on"] == "2026-11-05"


def test_batch_update_is_partial_for_missing_ids(local: Local) -> None:
    """207 in the client library's own words: one row is done, the ids of the others stand together in one error."""
    ids = [local.ids[DEAL_OPEN], "5", "6"]
    inputs = [SimplePublicObjectBatchInput(id=crm_id, properties={"amount": "1"}) for crm_id in ids]
    batch = BatchInputSimplePublicObjectBatchInput(inputs=inputs)
    answer = local.client().crm.deals.batch_api.update(batch)
    assert ([row.id for row in answer.results], answer.errors[0].context) == (ids[:1], {"ids": ["5", "6"]})


def test_batch_update_is_all_or_nothing_for_bad_values(local: Local) -> None:
    """One wrong value makes the whole batch 400, and the answer doesn't say which row."""
    rows = [(local.ids[DEAL_OPEN], "1"), (local.ids[DEAL_WON], "much")]
    body = {"inputs": [{"id": crm_id, "properties": {"amount": amount}} for crm_id, amount in rows]}
    answer = local.send("POST", f"{DEALS}/batch/update", body)
    assert (answer.status_code, local.ids[DEAL_WON] in answer.text, local.effects.since()) == (400, False, [])


@pytest.mark.parametrize("count", [101, 2])
def test_batches_have_a_most_and_no_doubles(local: Local, count: int) -> None:
    """More than 100 inputs, or an id twice, are refused."""
    inputs = [{"id": local.ids[DEAL_OPEN], "properties": {"amount": "1"}}] * count
    assert local.send("POST", f"{DEALS}/batch/update", {"inputs": inputs}).status_code == 400


def test_batch_without_inputs_succeeds_and_does_nothing(local: Local) -> None:
    """As HubSpot does, to the harm of clients that misspell the key."""
    answer = local.send("POST", f"{DEALS}/batch/update", {"input": [{"id": local.ids[DEAL_OPEN]}]})
    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_winning_sets_close_date_and_category(local: Local) -> None:
    """Only the stage is sent; the label side follows in the same save."""
    local.send("PATCH", f"{DEALS}/{local.ids[DEAL_OPEN]}", {"properties": {"dealstage": "closedwon"}})
    names = ("closedate", "hs_manual_forecast_category", "hs_is_closed_won", "hs_closed_amount")
    shown = local.get(f"{DEALS}/{local.ids[DEAL_OPEN]}", properties=",".join(names))["properties"]
    assert [shown[name] for name in names] == ["2026-11-02T12:00:00Z", "CLOSED", "true", "5000"]


def test_created_deal_begins_in_the_first_stage(local: Local) -> None:
    """201, in the pipeline's opening stage, with the home currency."""
    answer = local.send("POST", DEALS, {"properties": {"dealname": "New", "hubspot_owner_id": ANN_OWNER}})
    shown = answer.json()["properties"]
    assert (answer.status_code, shown["dealstage"], shown["deal_currency_code"]) == (201, "qualify", "EUR")


def test_created_task_hangs_on_its_deal(local: Local) -> None:
    """An association given with the new record, by HubSpot's type id."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 216}]
    body = {"properties": NEW_TASK, "associations": [{"to": {"id": local.ids[DEAL_WON]}, "types": types}]}
    made = local.post("/crm/v3/objects/tasks", body)["id"]
    linked = local.get(f"/crm/v4/objects/deals/{local.ids[DEAL_WON]}/associations/tasks")["results"]
    assert [link["toObjectId"] for link in linked] == [int(made)]


def test_engagements_need_their_time(local: Local) -> None:
    """hs_timestamp is required."""
    answer = local.send("POST", "/crm/v3/objects/calls", {"properties": {"hs_call_title": "Hello"}})
    assert answer.status_code == 400


def test_completing_a_task_sets_when(local: Local) -> None:
    """The completion date follows the status, and goes when the task is opened again."""
    made = local.app.create("tasks", NEW_TASK, who=ANN_USER)
    path, name = f"/crm/v3/objects/tasks/{made}", "hs_task_completion_date"
    seen = []
    for status in ("COMPLETED", "NOT_STARTED"):
        local.send("PATCH", path, {"properties": {"hs_task_status": status}})
        seen.append(local.get(path, properties=name)["properties"][name])
    assert seen == ["2026-11-02T12:00:00Z", ""]


def test_archived_deal_can_be_restored(local: Local) -> None:
    """DELETE is 204, also a second time; restored, the deal is as it was."""
    path = f"{DEALS}/{local.ids[DEAL_OPEN]}"
    before = local.get(path)
    statuses = [local.send("DELETE", path).status_code for _ in range(2)]
    gone = local.send("GET", path).status_code
    local.app.restore("deals", local.ids[DEAL_OPEN], who=ANN_USER)
    assert (statuses, gone, local.get(path)) == ([204, 204], 404, before)


def test_merged_deals_live_on_under_a_new_id(local: Local) -> None:
    """Both old ids lead to the survivor, which keeps the primary's history, and the lists no longer show them."""
    body = {"primaryObjectId": local.ids[DEAL_WON], "objectIdToMerge": local.ids[DEAL_OPEN]}
    survivor = local.post(f"{DEALS}/merge", body)["id"]
    seen = {local.get(f"{DEALS}/{crm_id}")["id"] for crm_id in body.values()}
    merged = local.get(f"{DEALS}/{survivor}", properties="hs_merged_object_ids,segment")["properties"]
    assert (seen, merged["hs_merged_object_ids"]) == ({survivor}, ";".join(body.values()))
    assert merged["segment"] == "Mid"  # the primary had none
    assert not {row["id"] for row in local.get(DEALS)["results"]} & set(body.values())
    assert local.versions("deals", survivor, "dealstage")[-1] == ("2026-03-02T09:00:00Z", "qualify")


def test_merged_deal_takes_the_associations_along(local: Local) -> None:
    """The tasks of the swallowed deal hang on the survivor."""
    survivor = local.app.merge("deals", local.ids[DEAL_WON], local.ids[DEAL_OPEN], who=ANN_USER)
    linked = local.get(f"/crm/v4/objects/deals/{survivor}/associations/tasks")["results"]
    assert len(linked) == 3
