"""The target fields of Salesforce: what stands in their way, making and granting them, and what `check` finds."""

from typing import Any

import pytest

from crmsync.crms.salesforce.permissions import SET_NAME
from crmsync.errors import BadConfig
from crmsync.records import RESULT_TYPES, FieldState, Finding, Result
from tests.crms.salesforce_org import FIELDS, lay, org, refused
from tests.sandbox.salesforce.conftest import Local, ask

EVERY = {result: f"Crmsync_{result.value.title()}__c" for result in RESULT_TYPES}


def states(local: Local, fields: dict[Result, str]) -> dict[str, FieldState]:
    """The targets as the room finds them, by field."""
    return {state.target: state for state in org(local, fields=fields).fields()}


def test_fields_tell_what_stands_in_the_way(local: Local) -> None:
    """Missing, not editable, computed, of the wrong type: each target says so."""
    fields = {
        Result.PROBABILITY: "Score__c",
        Result.EXPECTED_AMOUNT: "ExpectedRevenue",
        Result.CLOSE_DATE: "NextStep",
        Result.REASONS: "Description",
    }
    told = {name: (one.exists, one.writable, one.problem) for name, one in states(local, fields).items()}
    assert told == {
        "Score__c": (False, False, "it isn't there, or is hidden from the integration user"),
        "ExpectedRevenue": (True, False, "the integration user may not edit it"),
        "NextStep": (True, True, "its type is string, close_date needs date"),
        "Description": (True, True, ""),
    }


PERCENT = {"type": "percent", "precision": 5, "scale": 1}
TEXT = {"type": "string", "length": 255}
LIST = {"type": "picklist", "picklistValues": [{"value": word, "active": True} for word in ("low", "medium", "high")]}


@pytest.mark.parametrize(
    ("result", "found", "problem"),
    [
        (Result.PROBABILITY, PERCENT, ""),
        (Result.PROBABILITY, {**PERCENT, "scale": 0}, "it keeps 0 decimals, probability has 1"),
        (Result.PROBABILITY, {**PERCENT, "precision": 3}, "it has room for less than 3 digits"),
        (
            Result.EXPECTED_AMOUNT,
            {"type": "currency", "precision": 18, "scale": 0},
            "it keeps 0 decimals, expected_amount has 2",
        ),
        (Result.REASONS, TEXT, ""),
        (Result.REASONS, {**TEXT, "length": 80}, "it holds 80 characters, reasons has up to 255"),
        (Result.RISK, {**TEXT, "length": 20}, ""),
        (Result.RISK, {**TEXT, "nillable": False}, "it is required, so that a value couldn't be cleared"),
        (Result.RISK, {**TEXT, "unique": True}, "no two deals may have the same value in it"),
        (Result.RISK, LIST, ""),
        (Result.CATEGORY, LIST, "its list lacks Omitted, Pipeline, Best Case, Commit"),
        (Result.NEXT_STEP, LIST, "its list lacks whatever may come"),
        (Result.RISK, {"type": "multipicklist"}, "its type is multipicklist, risk needs string"),
        (Result.CLOSE_DATE, {"type": "datetime"}, "its type is datetime, close_date needs date"),
    ],
)
def test_fields_tell_what_a_target_cant_hold(local: Local, result: Result, found: dict[str, Any], problem: str) -> None:
    """Length, decimals, lists, required and unique fields are looked at before the first write meets them."""
    described = {"fields": [{"name": "Target__c", "label": "Target", "updateable": True, "nillable": True, **found}]}
    lay(local, described, path="Opportunity/describe", rate=1.0)
    assert states(local, {result: "Target__c"})["Target__c"].problem == problem


def test_connect_refuses_a_field_of_salesforces_own(local: Local) -> None:
    """The amount and the stage are people's; a field is forced by its very name only."""
    for target in ("Amount", "CloseDate", "StageName", "IsClosed", "ForecastCategoryName", "NextStep"):
        with pytest.raises(
            BadConfig, match=f"E212 .*risk would go to {target}, a field of the CRM's own -> name a field"
        ):
            org(local, fields={Result.RISK: target}, standard_fields=("Description",))
    assert org(local, fields={Result.RISK: "NextStep"}, standard_fields=("NextStep",)).name == "main"


def test_create_fields_makes_every_result_of_the_right_type(local: Local) -> None:
    """All results have a field afterwards that the integration user can read and write."""
    org(local, fields=EVERY).create_fields()
    found = states(local, EVERY).values()
    assert {(state.exists, state.writable, state.problem, state.seen_by) for state in found} == {
        (True, True, "", (SET_NAME,))
    }


def test_create_fields_says_what_it_did_and_what_is_left(local: Local) -> None:
    """One line for each thing made, then the steps that only a person can do."""
    lines = org(local, fields={Result.PROBABILITY: "Score__c"}).create_fields()
    assert lines[:4] == [
        "field Opportunity.Score__c: made",
        "permission set crmsync: made",
        "permission set crmsync: may read and edit Opportunity.Score__c",
        "permission set crmsync: given to the integration user",
    ]
    assert [line[:19] for line in lines[4:]] == ["to do by a person: "] * 2


def test_create_fields_twice_is_as_good_as_once(local: Local) -> None:
    """Nothing is made or said a second time."""
    crm = org(local, fields=FIELDS)
    crm.create_fields()
    before = len(local.effects.since())
    assert (crm.create_fields(), len(local.effects.since())) == ([], before)


@pytest.mark.parametrize("path", ["CustomField", "PermissionSet", "FieldPermissions", "PermissionSetAssignment"])
def test_create_fields_goes_on_after_a_lost_answer(local: Local, path: str) -> None:
    """What was made although the answer got lost is found there, and the rest follows."""
    local.server.faults.read({"faults": [{"kind": "lost", "at": 1, "method": "POST", "path": f"sobjects/{path}"}]})
    org(local, fields=FIELDS).create_fields()
    assert {state.problem for state in states(local, FIELDS).values()} == {""}


def test_create_fields_grants_what_others_made(local: Local) -> None:
    """A field that is there but hidden, as one made by hand may be, only needs the right."""
    sf = local.login()
    body = {
        "FullName": "Opportunity.Score__c",
        "Metadata": {"label": "S", "type": "Percent", "precision": 5, "scale": 1},
    }
    local.send(sf, "POST", "tooling/sobjects/CustomField", json=body)
    lines = org(local, fields={Result.PROBABILITY: "Score__c"}).create_fields()
    assert ("hidden" in lines[0], states(local, {Result.PROBABILITY: "Score__c"})["Score__c"].problem) == (True, "")


def test_create_fields_adds_the_right_to_edit(local: Local) -> None:
    """A set of ours that only lets read is completed, not doubled."""
    crm = org(local, fields={Result.PROBABILITY: "Score__c"})
    crm.create_fields()
    sf = local.login()
    (right,) = ask(sf, "SELECT Id FROM FieldPermissions")
    sf.FieldPermissions.update(right["Id"], {"PermissionsEdit": False})
    crm.create_fields()
    assert ask(sf, "SELECT PermissionsEdit FROM FieldPermissions") == [{"PermissionsEdit": True}]


def test_create_fields_names_a_missing_right(local: Local) -> None:
    """Without "Customize Application" it is told in one line that an administrator has to do it."""
    local.app.rights.take("CustomField", ["create"])
    with pytest.raises(BadConfig, match=r"E203.*INSUFFICIENT_ACCESS"):
        org(local, fields=FIELDS).create_fields()


@pytest.mark.parametrize("name", ["Score", "1Score__c"])
def test_create_fields_refuses_a_name_that_can_be_none(local: Local, name: str) -> None:
    """A name that Salesforce takes for no custom field is told with the config's own line."""
    with pytest.raises(BadConfig, match="E203"):
        org(local, fields={Result.PROBABILITY: name}).create_fields()


def levels(local: Local, **given: Any) -> dict[str, str]:
    """The worst level of each finding code."""
    rank = ["ok", "warn", "fail"]
    worst: dict[str, str] = {}
    for finding in org(local, **given).check():
        worst[finding.code] = max(worst.get(finding.code, "ok"), finding.level, key=rank.index)
    return worst


def failures(local: Local, **given: Any) -> list[Finding]:
    """What is not fine."""
    return [finding for finding in org(local, **given).check() if finding.level != "ok"]


def test_check_finds_nothing_wrong_with_a_good_org(local: Local) -> None:
    """Every code is reported, and all are fine."""
    org(local, fields=FIELDS).create_fields()
    assert levels(local, fields=FIELDS) == {f"C20{number}": "ok" for number in range(1, 8)}


def test_check_changes_nothing(local: Local) -> None:
    """Looking leaves no trace."""
    levels(local, fields=FIELDS)
    assert local.effects.since() == []


def test_check_stops_at_a_refused_login(local: Local) -> None:
    """Without a login nothing else can be known."""
    lay(local, {"error": "invalid_client", "error_description": "no"}, status=400, path="token", rate=1.0)
    assert levels(local) == {"C201": "fail"}


def test_check_names_each_thing_that_is_missing(local: Local) -> None:
    """Events that may not be read, e-mails that needn't be, a target that isn't there: each with its remedy."""
    local.app.rights.take("Event")
    local.app.rights.take("EmailMessage")
    found = failures(local, fields={Result.RISK: "Risk__c"})
    assert [(one.code, one.level, bool(one.remedy)) for one in found] == [
        ("C203", "fail", True),
        ("C203", "warn", True),
        ("C204", "fail", True),
    ]


def test_check_warns_before_the_days_calls_are_used_up(local: Local) -> None:
    """When our share is nearly used, that is told with who to ask."""
    lay(local, {"DailyApiRequests": {"Max": 100_000, "Remaining": 15_000}}, status=200, path="limits")
    (warning,) = failures(local)
    assert (warning.code, warning.level) == ("C205", "warn")


def test_check_knows_a_version_that_is_not_served(local: Local) -> None:
    """A version beyond the org's is told with the newest there is."""
    (last,) = [one for one in failures(local, options={"api_version": "99.0"}) if one.code == "C207"]
    assert (last.level, last.remedy) == ("fail", 'api_version = "68.0"')


def test_check_outlives_refusals_of_each_call(local: Local) -> None:
    """Whatever Salesforce refuses is a finding, never an end of the check."""
    lay(local, refused("API_DISABLED_FOR_ORG"), status=403, path="/v62.0/", rate=1.0)
    assert {code for code, level in levels(local, fields=FIELDS).items() if level == "fail"} == {
        "C202",
        "C203",
        "C204",
        "C205",
    }
