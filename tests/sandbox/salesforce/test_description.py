"""Describe and the lists above it."""

from simple_salesforce import Salesforce

from tests.sandbox.salesforce.conftest import Local, ask


def fields(sf: Salesforce, name: str) -> dict[str, dict[str, object]]:
    """The fields of an object by name."""
    return {field["name"]: field for field in getattr(sf, name).describe()["fields"]}


def test_describe_tells_types_and_sizes(sf: Salesforce) -> None:
    """Type, length, precision and scale are those of the standard object."""
    shown = fields(sf, "Opportunity")
    keys = ("type", "length", "precision", "scale", "nillable", "updateable")
    assert [shown["Name"][key] for key in keys] == ["string", 120, 0, 0, False, True]
    assert [shown["Amount"][key] for key in keys] == ["currency", 0, 18, 2, True, True]
    assert [shown["Probability"][key] for key in keys] == ["percent", 0, 3, 0, True, True]
    assert [shown["IsWon"][key] for key in keys] == ["boolean", 0, 0, 0, False, False]


def test_describe_lists_the_values_of_picklists(sf: Salesforce) -> None:
    """Stages and currencies are the org's own."""
    shown = fields(sf, "Opportunity")
    stages, currencies = (
        [each["value"] for each in shown[name]["picklistValues"]]  # type: ignore[attr-defined]
        for name in ("StageName", "CurrencyIsoCode")
    )
    assert (stages, currencies) == (["Qualify", "Propose", "Closed Won", "Closed Lost"], ["EUR", "JPY"])


def test_describe_tells_where_references_lead(sf: Salesforce) -> None:
    """A reference names its objects and its relationship; the parent names its children."""
    shown = fields(sf, "Milestone__c")["Opportunity__c"]
    assert (shown["referenceTo"], shown["relationshipName"]) == (["Opportunity"], "Opportunity__r")
    children = {
        each["relationshipName"]: each["childSObject"] for each in sf.Opportunity.describe()["childRelationships"]
    }
    assert children["Milestones__r"] == "Milestone__c"
    assert fields(sf, "Task")["WhatId"]["polymorphicForeignKey"] is True


def test_every_described_field_can_be_queried(sf: Salesforce) -> None:
    """Each object's describe and its queries agree on its fields."""
    for each in sf.describe()["sobjects"]:
        names = [field["name"] for field in getattr(sf, each["name"]).describe()["fields"]]
        for record in ask(sf, f"SELECT {', '.join(names)} FROM {each['name']}", include_deleted=True):  # noqa: S608
            assert list(record) == names


def test_list_of_objects_says_what_may_be_done(sf: Salesforce) -> None:
    """Stages can be read only, deals everything."""
    shown = {each["name"]: each for each in sf.describe()["sobjects"]}
    keys = ("queryable", "createable", "updateable", "deletable", "keyPrefix")
    assert [shown["OpportunityStage"][key] for key in keys] == [True, False, False, False, "01J"]
    assert [shown["Opportunity"][key] for key in keys] == [True, True, True, True, "006"]


def test_histories_have_no_modification_stamp(sf: Salesforce) -> None:
    """A field history knows only when its rows were made."""
    assert "SystemModstamp" not in fields(sf, "Milestone__History")
    assert "LastModifiedDate" not in fields(sf, "OpportunityHistory")


def test_resources_and_objects_can_be_listed(local: Local, sf: Salesforce) -> None:
    """The root of a version names what is below it, and an object its own description."""
    assert local.get(sf, "").json()["query"] == "/services/data/v62.0/query"
    assert sf.Opportunity.metadata()["objectDescribe"]["name"] == "Opportunity"
