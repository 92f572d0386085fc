"""Making custom fields."""

from typing import Any

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from tests.sandbox.salesforce.conftest import DEAL_OPEN, Local, ask

SCORE = {"label": "Score", "type": "Percent", "precision": 5, "scale": 1, "inlineHelpText": "of winning"}


def make(local: Local, sf: Salesforce, name: str = "Opportunity.Score__c", **metadata: Any) -> tuple[int, Any]:
    """Asks for a custom field; status and body of the answer."""
    body = {"FullName": name, "Metadata": SCORE | metadata}
    answer = local.send(sf, "POST", "tooling/sobjects/CustomField", json=body)
    return answer.status_code, answer.json()


def grant(local: Local, sf: Salesforce, name: str = "Opportunity.Score__c") -> None:
    """Lets the session's user read and edit a field."""
    granted = sf.PermissionSet.create({"Name": "Scores", "Label": "Scores"})["id"]
    rights = {"PermissionsRead": True, "PermissionsEdit": True}
    sf.FieldPermissions.create({"ParentId": granted, "SobjectType": name.split(".")[0], "Field": name, **rights})
    sf.PermissionSetAssignment.create({"AssigneeId": local.app.user, "PermissionSetId": granted})


def test_new_field_is_seen_by_nobody(local: Local, sf: Salesforce) -> None:
    """The field is made, and looks as if it didn't exist until somebody is granted it."""
    status, answer = make(local, sf)
    assert (status, answer["success"]) == (201, True)
    assert "Score__c" not in [field["name"] for field in sf.Opportunity.describe()["fields"]]
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        sf.query("SELECT Score__c FROM Opportunity")


def test_granted_field_can_be_described_written_and_read(local: Local, sf: Salesforce) -> None:
    """Describe shows it as it was ordered, values are held to its scale, and queries sort and filter by it."""
    make(local, sf)
    grant(local, sf)
    shown = next(field for field in sf.Opportunity.describe()["fields"] if field["name"] == "Score__c")
    wanted = {"type": "percent", "label": "Score", "precision": 5, "scale": 1, "updateable": True, "custom": True}
    assert {key: shown[key] for key in wanted} == wanted
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"Score__c": 63.25})
    soql = "SELECT Id, Score__c FROM Opportunity WHERE Score__c > 50 ORDER BY Score__c DESC"
    assert ask(sf, soql) == [{"Id": local.ids[DEAL_OPEN], "Score__c": 63.3}]


def test_field_is_listed_by_the_tooling_api(local: Local, sf: Salesforce) -> None:
    """It can be found by name and object although nobody sees it, which tells a missing field from a hidden one."""
    crm_id = make(local, sf)[1]["id"]
    soql = "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Opportunity'"
    assert sf.toolingexecute(f"query/?q={soql}")["records"][0]["DeveloperName"] == "Score"
    assert sf.toolingexecute(f"sobjects/CustomField/{crm_id}")["FullName"] == "Opportunity.Score__c"


@pytest.mark.parametrize(
    ("metadata", "type_"),
    [
        ({"type": "Currency", "precision": 18, "scale": 2}, "currency"),
        ({"type": "Number", "precision": 9, "scale": 0}, "double"),
        ({"type": "Date"}, "date"),
        ({"type": "DateTime"}, "datetime"),
        ({"type": "Text", "length": 255}, "string"),
        ({"type": "LongTextArea", "length": 1000, "visibleLines": 3}, "textarea"),
        ({"type": "Checkbox", "defaultValue": "false"}, "boolean"),
    ],
)
def test_fields_of_every_type_can_be_made(local: Local, sf: Salesforce, metadata: dict[str, Any], type_: str) -> None:
    """Numbers, money, days, instants, texts and flags are described as such."""
    assert make(local, sf, **metadata)[0] == 201
    grant(local, sf)
    assert {f["name"]: f["type"] for f in sf.Opportunity.describe()["fields"]}["Score__c"] == type_


@pytest.mark.parametrize(
    ("name", "metadata", "code"),
    [
        ("Opportunity.Segment__c", {}, "DUPLICATE_DEVELOPER_NAME"),
        ("Opportunity.segment__C".replace("__C", "__c"), {}, "DUPLICATE_DEVELOPER_NAME"),
        ("Opportunity.Score", {}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Nothing.Score__c", {}, "INVALID_CROSS_REFERENCE_KEY"),
        ("Opportunity.Score__c", {"label": ""}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Opportunity.Score__c", {"label": "x" * 41}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Opportunity.Score__c", {"type": "Magic"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Opportunity.Score__c", {"precision": 19}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Opportunity.Score__c", {"scale": 6}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Opportunity.Score__c", {"type": "Text", "length": 256}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Opportunity.Score__c", {"colour": "red"}, "JSON_PARSER_ERROR"),
    ],
)
def test_field_that_can_not_be_made_is_refused(
    local: Local, sf: Salesforce, name: str, metadata: dict[str, Any], code: str
) -> None:
    """Taken names, unknown objects and types, and sizes beyond the limits are a 400."""
    status, answer = make(local, sf, name, **metadata)
    assert (status, answer[0]["errorCode"]) == (400, code)


def test_field_is_refused_without_the_right_to_customize(local: Local, sf: Salesforce) -> None:
    """A user without "Customize Application" may not make fields."""
    local.app.rights.take("CustomField", ["create"])
    status, answer = make(local, sf)
    assert (status, answer[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")


def test_field_is_logged(local: Local, sf: Salesforce) -> None:
    """Making a field is an effect."""
    make(local, sf)
    assert ("CustomField", "DeveloperName", "Score") in [(e.object, e.field, e.new) for e in local.effects.since()]
