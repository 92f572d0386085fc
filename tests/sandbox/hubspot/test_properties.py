"""Property definitions: what there is, and making new ones."""

import pytest
from hubspot.crm.properties import PropertyCreate, PropertyGroupCreate

from tests.sandbox.hubspot.conftest import DEAL_OPEN, DEALS, Local

PATH = "/crm/properties/2026-09/deals"
SCORE = {"name": "score", "label": "Score", "type": "number", "fieldType": "number", "groupName": "dealinformation"}


def test_definitions_tell_what_is_read_only(local: Local) -> None:
    """modificationMetadata says which values can't be set."""
    told = {row["name"]: row["modificationMetadata"]["readOnlyValue"] for row in local.get(PATH)["results"]}
    assert (told["hs_is_closed"], told["amount"]) == (True, False)


def test_made_property_holds_values(local: Local) -> None:
    """The client library makes a group and a property in it; a value written to it has a history."""
    api = local.client().crm.properties
    api.groups_api.create("deals", PropertyGroupCreate(name="forecast", label="Forecast", display_order=-1))
    score = PropertyCreate(name="score", label="Score", type="number", field_type="number", group_name="forecast")
    api.core_api.create("deals", score)
    local.send("PATCH", f"{DEALS}/{local.ids[DEAL_OPEN]}", {"properties": {"score": "63.2"}})
    assert local.versions("deals", local.ids[DEAL_OPEN], "score") == [("2026-11-02T12:00:00Z", "63.2")]
    assert local.get(f"{PATH}/score")["hubspotDefined"] is False


def test_existing_property_is_a_conflict(local: Local) -> None:
    """201, then 409; HubSpot's own names are taken too. The same goes for groups."""
    statuses = [local.send("POST", PATH, {**SCORE, "name": name}).status_code for name in ("score", "score", "amount")]
    group = local.send("POST", f"{PATH}/groups", {"name": "dealinformation", "label": "Again"})
    assert (statuses, group.status_code, group.json()["category"]) == ([201, 409, 409], 409, "CONFLICT")


@pytest.mark.parametrize(
    "wrong",
    [{"name": "My Score"}, {"fieldType": "text"}, {"type": "percent"}, {"groupName": "nowhere"}, {"label": ""}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_definitions_that_make_no_sense_are_refused(local: Local, wrong: dict[str, str]) -> None:
    """400: names are lower-case, types go with certain controls, the group must be there."""
    assert local.send("POST", PATH, SCORE | wrong).status_code == 400


def test_missing_property_is_not_found(local: Local) -> None:
    """404 for a definition that isn't there."""
    assert local.send("GET", f"{PATH}/score").status_code == 404
