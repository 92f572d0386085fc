"""sObject Collections."""

from typing import Any

import pytest
from simple_salesforce import Salesforce

from tests.sandbox.salesforce.conftest import DEAL_LOST, DEAL_OPEN, DEAL_WON, Local, ask

PATH = "composite/sobjects"


def row(crm_id: object, entity: str = "Opportunity", **values: Any) -> dict[str, Any]:
    """One record of a call."""
    return {"attributes": {"type": entity}, "id": crm_id, **values}


def codes(answers: Any) -> list[str]:
    """`ok`, or the code of each row's first error."""
    return ["ok" if answer["success"] else answer["errors"][0]["statusCode"] for answer in answers]


def test_update_answers_each_row_in_order(local: Local, sf: Salesforce) -> None:
    """Good rows are saved, bad ones say why, and the call is a success."""
    answers = sf.restful(
        PATH,
        method="PATCH",
        json={
            "allOrNone": False,
            "records": [
                row(local.ids[DEAL_OPEN], NextStep="a"),
                row(local.ids[DEAL_WON], NextStep="x" * 256),
                row("006gK000000000zQAA", NextStep="b"),
                row("nonsense", NextStep="c"),
                row(local.ids[DEAL_LOST], IsWon=True),
                row(local.ids[DEAL_OPEN][:15], NextStep="d"),
            ],
        },
    )
    assert codes(answers) == [
        "ok",
        "STRING_TOO_LONG",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "DUPLICATE_VALUE",
    ]
    assert answers[0] == {"id": local.ids[DEAL_OPEN], "success": True, "errors": []}
    assert answers[1]["errors"][0]["fields"] == ["NextStep"]
    assert [effect.new for effect in local.effects.since()] == ["a"]


def test_update_says_that_a_record_is_deleted(local: Local, sf: Salesforce) -> None:
    """A row for a record in the recycle bin fails by itself."""
    local.app.delete("Opportunity", local.ids[DEAL_LOST], who=local.app.user)
    answers = sf.restful(PATH, method="PATCH", json={"records": [row(local.ids[DEAL_LOST], NextStep="a")]})
    assert codes(answers) == ["ENTITY_IS_DELETED"]


def test_update_with_all_or_none_saves_nothing_when_one_fails(local: Local, sf: Salesforce) -> None:
    """The rows that were fine say that they were rolled back."""
    records = [row(local.ids[DEAL_OPEN], NextStep="a"), row(local.ids[DEAL_WON], Probability=1000)]
    answers = sf.restful(PATH, method="PATCH", json={"allOrNone": True, "records": records})
    assert codes(answers) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "NUMBER_OUTSIDE_VALID_RANGE"]
    assert local.effects.since() == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"records": []}, "JSON_PARSER_ERROR"),
        ({"records": [row("006gK0000000001QAA", Foo=1)]}, "INVALID_FIELD"),
        ({"records": [row("006gK0000000001QAA", Amount="1")]}, "JSON_PARSER_ERROR"),
        ({"records": [{"id": "006gK0000000001QAA"}]}, "INVALID_INPUT"),
        ({"records": [row("006gK0000000001QAA", "Deal")]}, "INVALID_TYPE"),
        ({"records": [row("006gK0000000001QAA")] * 201}, "EXCEEDED_ID_LIMIT"),
        ({"records": [row("006gK0000000001QAA"), row("001gK0000000001QAA", "Account")] * 6}, "LIMIT_EXCEEDED"),
        ({"records": [row("006gK0000000001QAA")], "allOrNone": "yes"}, "JSON_PARSER_ERROR"),
        ({"rows": []}, "JSON_PARSER_ERROR"),
    ],
)
def test_update_refuses_a_call_that_is_not_well_formed(
    local: Local, sf: Salesforce, body: dict[str, Any], code: str
) -> None:
    """Too many rows, unknown objects and fields and wrong types make the whole call a 400."""
    answer = local.send(sf, "PATCH", PATH, json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert local.effects.since() == []


def test_update_takes_200_rows(local: Local, sf: Salesforce) -> None:
    """The most that a call may hold is taken."""
    made = [sf.Account.create({"Name": f"A {number}"})["id"] for number in range(3)]
    records = [row(made[number % 3], "Account", Industry="x") for number in range(200)]
    answers = sf.restful(PATH, method="PATCH", json={"records": records})
    assert codes(answers).count("ok") == 3
    assert len(answers) == 200


def test_create_makes_records(local: Local, sf: Salesforce) -> None:
    """POST makes the rows that are fine and says what is wrong with the others."""
    records = [
        {"attributes": {"type": "Room_Visit__c"}, "Opportunity__c": local.ids[DEAL_OPEN]},
        {"attributes": {"type": "Room_Visit__c"}},
    ]
    answers = sf.restful(PATH, method="POST", json={"records": records})
    assert codes(answers) == ["ok", "REQUIRED_FIELD_MISSING"]
    assert ask(sf, f"SELECT Opportunity__c FROM Room_Visit__c WHERE Id = '{answers[0]['id']}'") == [  # noqa: S608 - SOQL
        {"Opportunity__c": local.ids[DEAL_OPEN]}
    ]


def test_create_with_all_or_none_makes_nothing_when_one_fails(local: Local, sf: Salesforce) -> None:
    """No row is made when one can't be."""
    good = {"attributes": {"type": "Account"}, "Name": "A"}
    answers = sf.restful(PATH, method="POST", json={"allOrNone": True, "records": [good, {**good, "Name": ""}]})
    assert codes(answers) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert local.effects.since() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_read_gives_null_for_what_is_not_there(local: Local, sf: Salesforce, method: str) -> None:
    """Records come in the order of the ids, null in the place of one that isn't there."""
    ids = [local.ids[DEAL_OPEN], "006gK000000000zQAA", local.ids[DEAL_WON]]
    body = {"json": {"ids": ids, "fields": ["Name"]}}
    query = {"params": {"ids": ",".join(ids), "fields": "Name"}}
    answer = local.send(sf, method, f"{PATH}/Opportunity", **(body if method == "POST" else query)).json()
    assert [record and record["Name"] for record in answer] == ["Deal 2", None, "Deal 1"]
