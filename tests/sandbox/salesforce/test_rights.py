"""What API users may see and change."""

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from tests.sandbox.salesforce.conftest import DEAL_OPEN, Local, ask


def described(sf: Salesforce, name: str = "Opportunity") -> dict[str, dict[str, object]]:
    """The fields of an object by name."""
    return {field["name"]: field for field in getattr(sf, name).describe()["fields"]}


def test_hidden_field_looks_as_if_it_did_not_exist(local: Local, sf: Salesforce) -> None:
    """It is absent from describe and from records, and refused by queries and writes as unknown."""
    local.app.rights.take("Opportunity.Amount")
    assert "Amount" not in described(sf)
    assert "Amount" not in sf.Opportunity.get(local.ids[DEAL_OPEN])
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Amount' on entity 'Opportunity'"):
        sf.query("SELECT Amount FROM Opportunity")
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Amount' on sobject of type Opportunity"):
        sf.Opportunity.update(local.ids[DEAL_OPEN], {"Amount": 1})


def test_hidden_field_comes_back_when_the_right_is_given(local: Local, sf: Salesforce) -> None:
    """Taking and giving undo each other."""
    local.app.rights.take("Opportunity.Amount")
    local.app.rights.give("Opportunity.Amount")
    assert "Amount" in described(sf)


def test_read_only_field_is_shown_and_can_not_be_written(local: Local, sf: Salesforce) -> None:
    """Describe says so, and a write is refused by name."""
    local.app.rights.take("Opportunity.NextStep", ["edit"])
    assert described(sf)["NextStep"]["updateable"] is False
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD_FOR_INSERT_UPDATE"):
        sf.Opportunity.update(local.ids[DEAL_OPEN], {"NextStep": "x"})


def test_hidden_object_looks_as_if_it_did_not_exist(local: Local, sf: Salesforce) -> None:
    """It is absent from the list, from describe, from queries and from paths to it."""
    local.app.rights.take("Account")
    assert "Account" not in [each["name"] for each in sf.describe()["sobjects"]]
    with pytest.raises(SalesforceResourceNotFound):
        sf.Account.describe()
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_TYPE"):
        sf.query("SELECT Id FROM Account")
    with pytest.raises(SalesforceMalformedRequest, match="Didn't understand relationship 'Account'"):
        sf.query("SELECT Account.Name FROM Opportunity")


def test_object_that_may_not_be_edited_refuses_writes(local: Local, sf: Salesforce) -> None:
    """A single write is a 403; in a collection each row says so."""
    local.app.rights.take("Opportunity", ["edit"])
    answer = local.send(sf, "PATCH", f"sobjects/Opportunity/{local.ids[DEAL_OPEN]}", json={"NextStep": "x"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    body = {"records": [{"attributes": {"type": "Opportunity"}, "id": local.ids[DEAL_OPEN], "NextStep": "x"}]}
    rows = local.send(sf, "PATCH", "composite/sobjects", json=body).json()
    assert rows[0]["errors"][0]["statusCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_person_at_the_screen_is_not_held_to_the_api_profile(local: Local, sf: Salesforce) -> None:
    """What is taken from API users isn't taken from the sellers."""
    local.app.rights.take("Opportunity.NextStep")
    local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"NextStep": "call"}, who=local.app.user)
    assert [effect.new for effect in local.effects.since()] == ["call"]


def test_permission_set_gives_what_the_profile_lacks(local: Local, sf: Salesforce) -> None:
    """A grant counts once the set is assigned to the user, and only as far as it goes."""
    local.app.rights.take("Opportunity.NextStep")
    granted = sf.PermissionSet.create({"Name": "Scores", "Label": "Scores"})["id"]
    sf.FieldPermissions.create(
        {
            "ParentId": granted,
            "SobjectType": "Opportunity",
            "Field": "Opportunity.NextStep",
            "PermissionsRead": True,
            "PermissionsEdit": False,
        }
    )
    assert "NextStep" not in described(sf)
    sf.PermissionSetAssignment.create({"AssigneeId": local.app.user, "PermissionSetId": granted})
    assert described(sf)["NextStep"]["updateable"] is False


def test_object_permissions_give_objects(local: Local, sf: Salesforce) -> None:
    """An object that the profile hides is seen through a permission set."""
    local.app.rights.take("Task", ["read"])
    granted = sf.PermissionSet.create({"Name": "Tasks", "Label": "Tasks"})["id"]
    sf.ObjectPermissions.create({"ParentId": granted, "SobjectType": "Task", "PermissionsRead": True})
    sf.PermissionSetAssignment.create({"AssigneeId": local.app.user, "PermissionSetId": granted})
    assert ask(sf, "SELECT Subject FROM Task WHERE Subject = 'Legal'") == [{"Subject": "Legal"}]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Field": "Opportunity.Nothing__c", "PermissionsRead": True}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Field": "Account.Industry", "PermissionsRead": True}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Field": "Opportunity.StageName", "PermissionsRead": True}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"Field": "Opportunity.NextStep", "PermissionsEdit": True}, "FIELD_INTEGRITY_EXCEPTION"),
    ],
)
def test_grant_that_makes_no_sense_is_refused(sf: Salesforce, values: dict[str, object], code: str) -> None:
    """Fields that don't exist, aren't the object's, are required, or would be edited unseen can't be granted."""
    granted = sf.PermissionSet.create({"Name": "Scores", "Label": "Scores"})["id"]
    with pytest.raises(SalesforceMalformedRequest, match=code):
        sf.FieldPermissions.create({"ParentId": granted, "SobjectType": "Opportunity", **values})


def test_set_up_rows_are_made_once(local: Local, sf: Salesforce) -> None:
    """A second permission set of the same name, and a second assignment, are duplicates."""
    granted = sf.PermissionSet.create({"Name": "Scores", "Label": "Scores"})["id"]
    with pytest.raises(SalesforceMalformedRequest, match="DUPLICATE_DEVELOPER_NAME"):
        sf.PermissionSet.create({"Name": "Scores", "Label": "Other"})
    sf.PermissionSetAssignment.create({"AssigneeId": local.app.user, "PermissionSetId": granted})
    with pytest.raises(SalesforceMalformedRequest, match="DUPLICATE_VALUE"):
        sf.PermissionSetAssignment.create({"AssigneeId": local.app.user, "PermissionSetId": granted})
