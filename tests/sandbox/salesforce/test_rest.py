"""Single records over REST, by the real client library and by plain requests."""

from typing import Any

import pytest
from simple_salesforce import Salesforce

from tests.sandbox.salesforce.conftest import DEAL_LOST, DEAL_OPEN, DEAL_WON, Local, ask


def test_get_shows_every_field(local: Local, sf: Salesforce) -> None:
    """A record comes with its type and address and all fields that the user sees."""
    record = sf.Opportunity.get(local.ids[DEAL_WON][:15])
    assert record["Id"] == local.ids[DEAL_WON]
    assert record["attributes"]["url"] == f"/services/data/v62.0/sobjects/Opportunity/{local.ids[DEAL_WON]}"
    assert {"Name", "StageName", "SystemModstamp", "Segment__c"} <= set(record)


def test_get_shows_the_fields_that_are_asked_for(local: Local, sf: Salesforce) -> None:
    """?fields= narrows the answer."""
    record = local.get(sf, f"sobjects/Opportunity/{local.ids[DEAL_WON]}", params={"fields": "Name,IsWon"}).json()
    assert set(record) == {"attributes", "Id", "Name", "IsWon"}


def test_create_gives_an_id_that_can_be_read(local: Local, sf: Salesforce) -> None:
    """A new deal gets the org's defaults."""
    made = sf.Opportunity.create({"Name": "New", "StageName": "Qualify", "CloseDate": "2027-01-31"})
    assert made["success"]
    record = sf.Opportunity.get(made["id"])
    shown = {name: record[name] for name in ("OwnerId", "CurrencyIsoCode", "Probability", "IsDeleted", "CreatedById")}
    assert shown == {
        "OwnerId": local.app.user,
        "CurrencyIsoCode": "EUR",
        "Probability": 10.0,
        "IsDeleted": False,
        "CreatedById": local.app.user,
    }


def test_delete_moves_a_record_into_the_recycle_bin(local: Local, sf: Salesforce) -> None:
    """A deleted deal is gone from query, in queryAll, and refused by get and by writes."""
    sf.Opportunity.delete(local.ids[DEAL_LOST])
    where = f"SELECT IsDeleted FROM Opportunity WHERE Id = '{local.ids[DEAL_LOST]}'"  # noqa: S608 - SOQL
    assert (ask(sf, where), ask(sf, where, include_deleted=True)) == ([], [{"IsDeleted": True}])
    address = f"sobjects/Opportunity/{local.ids[DEAL_LOST]}"
    answers = [
        local.get(sf, address),
        local.send(sf, "PATCH", address, json={"Name": "x"}),
        local.send(sf, "DELETE", address),
    ]
    assert [(answer.status_code, answer.json()[0]["errorCode"]) for answer in answers] == [
        (404, "ENTITY_IS_DELETED")
    ] * 3


@pytest.mark.parametrize(
    ("stamp", "status"), [("Sat, 01 Aug 2026 10:00:00 GMT", 204), ("Sat, 01 Aug 2026 09:59:59 GMT", 412)]
)
def test_update_heeds_if_unmodified_since(local: Local, sf: Salesforce, stamp: str, status: int) -> None:
    """A record that is younger than the given date is left alone."""
    answer = local.send(
        sf,
        "PATCH",
        f"sobjects/Opportunity/{local.ids[DEAL_OPEN]}",
        json={"NextStep": "x"},
        headers={"If-Unmodified-Since": stamp},
    )
    assert answer.status_code == status
    assert len(local.effects.since()) == (status == 204)


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({"Foo__c": 1}, "INVALID_FIELD", None),
        ({"Amount": "5"}, "JSON_PARSER_ERROR", None),
        ({"Amount": True}, "JSON_PARSER_ERROR", None),
        ({"NextStep": 5}, "JSON_PARSER_ERROR", None),
        ({"CloseDate": "2026-02-30"}, "JSON_PARSER_ERROR", None),
        ({"CloseDate": "2026-02-03T00:00:00Z"}, "JSON_PARSER_ERROR", None),
        ({"NextStep": "x" * 256}, "STRING_TOO_LONG", ["NextStep"]),
        ({"Probability": 1000}, "NUMBER_OUTSIDE_VALID_RANGE", ["Probability"]),
        ({"StageName": "Nowhere"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["StageName"]),
        ({"ForecastCategoryName": "Maybe"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["ForecastCategoryName"]),
        ({"Name": None}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"IsWon": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsWon"]),
        ({"SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["SystemModstamp"]),
        ({"Id": "006gK0000000001QAA"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Id"]),
        ({"OwnerId": "nobody"}, "MALFORMED_ID", ["OwnerId"]),
        ({"OwnerId": "001gK0000000001QAA"}, "FIELD_INTEGRITY_EXCEPTION", ["OwnerId"]),
        ({"OwnerId": "005gK000000000zQAA"}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
    ],
)
def test_update_refuses(
    local: Local, sf: Salesforce, body: dict[str, Any], code: str, fields: list[str] | None
) -> None:
    """Unknown and read-only fields, wrong types and values that don't fit are a 400, and change nothing."""
    answer = local.send(sf, "PATCH", f"sobjects/Opportunity/{local.ids[DEAL_OPEN]}", json=body)
    error = answer.json()[0]
    assert (answer.status_code, error["errorCode"], error.get("fields")) == (400, code, fields)
    assert local.effects.since() == []


def test_numbers_are_rounded_to_the_scale_of_their_field(local: Local, sf: Salesforce) -> None:
    """A probability has no decimals, an amount has two; halves go up."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"Probability": 20.5, "Amount": 10.005})
    record = sf.Opportunity.get(local.ids[DEAL_OPEN])
    assert (record["Probability"], record["Amount"]) == (21.0, 10.01)


def test_null_clears_and_an_empty_text_is_null(local: Local, sf: Salesforce) -> None:
    """Both leave the field blank."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"Amount": None, "Segment__c": ""})
    record = sf.Opportunity.get(local.ids[DEAL_OPEN])
    assert (record["Amount"], record["Segment__c"]) == (None, None)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "sobjects/Opportunity/006gK000000000zQAA", 404, "NOT_FOUND"),
        ("GET", "sobjects/Opportunity/xyz", 404, "NOT_FOUND"),
        ("GET", "sobjects/Deal/006gK0000000001QAA", 404, "NOT_FOUND"),
        ("GET", "sobjects/Deal/describe", 404, "NOT_FOUND"),
        ("GET", "nowhere", 404, "NOT_FOUND"),
        ("POST", "query", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "limits?verbose=1", 400, "INVALID_PARAMETER"),
        ("POST", "sobjects/OpportunityStage", 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
        ("POST", "sobjects/Opportunity", 400, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_requests_that_lead_nowhere_are_refused(
    local: Local, sf: Salesforce, method: str, path: str, status: int, code: str
) -> None:
    """An unknown address, method or parameter gets the list body of the API."""
    answer = local.send(sf, method, path, json={} if method == "POST" else None)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        ('{"Amount": NaN}', "application/json", 400, "JSON_PARSER_ERROR"),
        ("{", "application/json", 400, "JSON_PARSER_ERROR"),
        ("[]", "application/json", 400, "JSON_PARSER_ERROR"),
        ("{}", "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_bodies_that_are_no_json_object_are_refused(
    local: Local, sf: Salesforce, data: str, kind: str, status: int, code: str
) -> None:
    """NaN, broken JSON, a list and another media type are told apart."""
    path = f"sobjects/Opportunity/{local.ids[DEAL_OPEN]}"
    answer = local.send(sf, "PATCH", path, data=data, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)
