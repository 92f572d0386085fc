"""Composite: up to 25 requests in one call."""

from typing import Any

import pytest
from simple_salesforce import Salesforce

from tests.sandbox.salesforce.conftest import DEAL_OPEN, DEAL_WON, Local

BEGINNING = "Thu, 01 Jan 1970 00:00:00 GMT"


def part(crm_id: str, reference: str = "a", **different: Any) -> dict[str, Any]:
    """One request of a call: a deal's next step."""
    url = f"/services/data/v62.0/sobjects/Opportunity/{crm_id}"
    return {"method": "PATCH", "url": url, "referenceId": reference, "body": {"NextStep": "x"}, **different}


def post(sf: Salesforce, *parts: dict[str, Any], **more: Any) -> Any:
    """The real client's call."""
    return sf.restful("composite", method="POST", json={"compositeRequest": list(parts), **more})


def test_composite_answers_each_request_in_order(local: Local, sf: Salesforce) -> None:
    """Each has a status, headers and a body of its own; a failure stops none of the others."""
    answer = post(
        sf,
        part(local.ids[DEAL_OPEN]),
        part("006gK000000000zQAA", "b"),
        part(local.ids[DEAL_WON], "c", method="GET"),
    )["compositeResponse"]
    assert [(one["referenceId"], one["httpStatusCode"]) for one in answer] == [("a", 204), ("b", 404), ("c", 200)]
    assert (answer[0]["body"], answer[1]["body"][0]["errorCode"]) == (None, "NOT_FOUND")


def test_composite_counts_as_one_call(local: Local, sf: Salesforce) -> None:
    """Whatever the number of requests in it."""
    before = sf.limits()["DailyApiRequests"]["Remaining"]
    post(sf, *(part(local.ids[DEAL_OPEN], f"r{number}") for number in range(25)))
    assert before - sf.limits()["DailyApiRequests"]["Remaining"] == 2


def test_composite_heeds_each_requests_condition(local: Local, sf: Salesforce) -> None:
    """A record that is younger than the date isn't written, and says 412."""
    stale = part(local.ids[DEAL_OPEN], httpHeaders={"If-Unmodified-Since": BEGINNING})
    answer = post(sf, stale, part(local.ids[DEAL_WON], "b"))["compositeResponse"]
    assert [one["httpStatusCode"] for one in answer] == [412, 204]
    assert {effect.crm_id for effect in local.effects.since()} == {local.ids[DEAL_WON]}


@pytest.mark.parametrize(
    ("different", "code"),
    [
        ({"referenceId": "a-b"}, "INVALID_INPUT"),
        ({"method": "PUT"}, "INVALID_INPUT"),
        ({"url": "/sobjects/Opportunity/1"}, "INVALID_INPUT"),
        ({"url": "/services/data/v62.0/composite"}, "INVALID_INPUT"),
        ({"headers": {}}, "JSON_PARSER_ERROR"),
        ({"httpHeaders": {"Authorization": "x"}}, "INVALID_HEADER"),
        ({"referenceId": 7}, "MISSING_ARGUMENT"),
    ],
)
def test_composite_refuses_a_request_that_is_not_well_formed(
    local: Local, sf: Salesforce, different: dict[str, Any], code: str
) -> None:
    """The whole call fails, and nothing of it is carried out."""
    body = {"compositeRequest": [part(local.ids[DEAL_WON], "z"), part(local.ids[DEAL_OPEN], **different)]}
    answer = local.send(sf, "POST", "composite", json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"], local.effects.since()) == (400, code, [])


def test_composite_takes_no_more_than_twenty_five(local: Local, sf: Salesforce) -> None:
    """And no two of one name."""
    parts = [part(local.ids[DEAL_OPEN], f"r{number}") for number in range(26)]
    many = local.send(sf, "POST", "composite", json={"compositeRequest": parts})
    twice = local.send(sf, "POST", "composite", json={"compositeRequest": [parts[0], parts[0]]})
    assert [answer.json()[0]["errorCode"] for answer in (many, twice)] == ["LIMIT_EXCEEDED", "DUPLICATE_VALUE"]
