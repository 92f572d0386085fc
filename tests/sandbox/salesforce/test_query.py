"""Queries, asked by the real client library."""

from typing import Any

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from tests.sandbox.salesforce.conftest import DEAL_BARE, DEAL_LOST, DEAL_OPEN, DEAL_WON, Local, ask

PLACES = ("won", "open", "lost", "bare")


def found(local: Local, sf: Salesforce, where: str) -> set[str]:
    """Which deals of the small world a condition holds for."""
    ids = dict(zip(local.ids, PLACES, strict=True))
    return {ids[record["Id"]] for record in ask(sf, f"SELECT Id FROM Opportunity WHERE {where}")}  # noqa: S608 - SOQL


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Amount = 1200", {"won"}),
        ("Amount != 1200", {"open", "lost", "bare"}),
        ("Amount <> 1200", {"open", "lost", "bare"}),
        ("Amount < 1200.0", {"lost"}),
        ("Amount <= 1200", {"won", "lost"}),
        ("Amount > 1200", {"open"}),
        ("Amount >= 1200", {"won", "open"}),
        ("Amount = null", {"bare"}),
        ("Amount != NULL", {"won", "open", "lost"}),
        ("Amount IN (1000, 5000)", {"open", "lost"}),
        ("Amount NOT IN (1000, 5000)", {"won", "bare"}),
        ("Segment__c IN ('mid', null)", {"won", "open", "lost", "bare"}),
        ("StageName = 'qualify'", {"open", "bare"}),
        ("StageName LIKE 'closed%'", {"won", "lost"}),
        ("StageName LIKE '_ualify'", {"open", "bare"}),
        (r"Name LIKE 'Deal\_1'", set()),
        ("NOT StageName LIKE 'Closed%'", {"open", "bare"}),
        ("IsClosed = true", {"won", "lost"}),
        ("IsClosed != TRUE AND Amount != null", {"open"}),
        ("(IsWon = true OR Amount = null) AND CloseDate > 2026-10-01", {"bare"}),
        ("IsWon = true OR Amount = null", {"won", "bare"}),
        ("NOT (IsWon = true OR Amount = null)", {"open", "lost"}),
        ("CloseDate = 2026-09-10", {"won"}),
        ("CloseDate < 2026-01-01", {"lost"}),
        ("CloseDate = LAST_N_DAYS:60", {"open", "won"}),
        ("CloseDate > TODAY", {"bare"}),
        ("CloseDate <= TODAY", {"won", "open", "lost"}),
        ("CloseDate != THIS_YEAR", {"lost"}),
        ("CreatedDate = THIS_QUARTER", {"bare"}),
        ("CreatedDate >= LAST_N_MONTHS:3", {"open", "bare"}),
        ("CreatedDate = 2026-08-01T10:00:00Z", {"open"}),
        ("CreatedDate = 2026-08-01T12:00:00%2B02:00".replace("%2B", "+"), {"open"}),
        ("SystemModstamp >= 2026-09-10T15:30:00.000Z", {"won", "bare"}),
        ("SystemModstamp > 2026-09-10T15:30:00Z", {"bare"}),
        ("LastModifiedDate < 2026-01-01T00:00:00Z", {"lost"}),
        ("Account.Name = 'Account 1'", {"won", "open", "lost"}),
        ("Account.Name = null", {"bare"}),
        ("Owner.Email LIKE '%@seller.example'", {"won", "open", "lost"}),
        ("Id IN (SELECT OpportunityId FROM OpportunityContactRole)", {"won"}),
        ("Id NOT IN (SELECT WhatId FROM Task WHERE Is_Milestone__c = true)", {"won", "lost", "bare"}),
        ("AccountId IN (SELECT Id FROM Account)", {"won", "open", "lost"}),
        ("Opportunity.IsWon = true", {"won"}),
    ],
)
def test_where_holds_for(local: Local, sf: Salesforce, where: str, expected: set[str]) -> None:
    """Every operator, literal and nesting chooses the deals that it means."""
    assert found(local, sf, where) == expected


def test_where_takes_ids_of_15_and_18_characters(local: Local, sf: Salesforce) -> None:
    """A short id names the same record as a long one."""
    short, long = local.ids[DEAL_WON][:15], local.ids[DEAL_LOST]
    assert found(local, sf, f"Id IN ('{short}', '{long}')") == {"won", "lost"}
    assert found(local, sf, f"Id != '{short}'") == {"open", "lost", "bare"}


def test_where_goes_on_from_a_stamp_and_an_id(local: Local, sf: Salesforce) -> None:
    """The keyset form that a cursor needs: later, or as late with a greater id."""
    keyset = (
        f"SystemModstamp > 2026-09-10T15:30:00Z OR (SystemModstamp = 2026-09-10T15:30:00Z AND Id > '{local.ids[0]}')"
    )
    assert found(local, sf, keyset) == {"bare"}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("CloseDate", ["lost", "won", "open", "bare"]),
        ("CloseDate DESC", ["bare", "open", "won", "lost"]),
        ("Amount", ["bare", "lost", "won", "open"]),
        ("Amount DESC", ["bare", "open", "won", "lost"]),
        ("Amount DESC NULLS LAST", ["open", "won", "lost", "bare"]),
        ("StageName, CloseDate DESC", ["lost", "won", "bare", "open"]),
        ("SystemModstamp, Id", ["lost", "open", "won", "bare"]),
        ("Owner.Name DESC, Id", ["bare", "won", "open", "lost"]),
    ],
)
def test_order_by_sorts(local: Local, sf: Salesforce, order: str, expected: list[str]) -> None:
    """Keys sort one after the other, blanks first unless asked otherwise."""
    ids = dict(zip(local.ids, PLACES, strict=True))
    assert [ids[record["Id"]] for record in ask(sf, f"SELECT Id FROM Opportunity ORDER BY {order}")] == expected  # noqa: S608


def test_limit_and_offset_cut(local: Local, sf: Salesforce) -> None:
    """LIMIT and OFFSET count after sorting, and totalSize counts what is left."""
    answer = sf.query("SELECT Id FROM Opportunity ORDER BY Id LIMIT 2 OFFSET 1")
    assert [record["Id"] for record in answer["records"]] == local.ids[1:3]
    assert answer["totalSize"] == 2


def test_count_answers_without_records(sf: Salesforce) -> None:
    """COUNT() gives only a number."""
    answer = sf.query("SELECT COUNT() FROM Opportunity WHERE IsClosed = true")
    assert (answer["totalSize"], answer["records"]) == (2, [])


def test_count_of_a_field_gives_an_aggregate(sf: Salesforce) -> None:
    """COUNT(field) counts values that aren't blank, under its alias."""
    answer = sf.query("SELECT COUNT(Amount) n FROM Opportunity")
    assert answer["records"][0] == {"attributes": {"type": "AggregateResult"}, "n": 3}


def test_group_by_gives_a_record_for_each_group(sf: Salesforce) -> None:
    """Groups carry their key and their aggregates, unnamed ones as expr0, expr1."""
    records = ask(
        sf,
        "SELECT IsClosed, COUNT(Id), SUM(Amount) s, MAX(CloseDate) FROM Opportunity GROUP BY IsClosed ORDER BY COUNT(Id), IsClosed",
    )
    assert records == [
        {"IsClosed": False, "expr0": 2, "s": 5000.0, "expr1": "2026-12-30"},
        {"IsClosed": True, "expr0": 2, "s": 2200.0, "expr1": "2026-09-10"},
    ]


def test_parents_come_as_objects(sf: Salesforce) -> None:
    """A path through a reference is shown as a nested object, and as null where the reference is blank."""
    records = ask(sf, "SELECT Account.Name, Owner.Name, Owner.Email FROM Opportunity ORDER BY Id")
    assert records[DEAL_WON] == {
        "Account": {"Name": "Account 1"},
        "Owner": {"Name": "Ann Archer", "Email": "ann@seller.example"},
    }
    assert records[DEAL_BARE]["Account"] is None


def test_parents_of_several_kinds_come_as_names(sf: Salesforce) -> None:
    """A reference that may name different objects shows Name and Type."""
    assert ask(sf, "SELECT What.Name, What.Type FROM Task WHERE Subject = 'Legal'") == [
        {"What": {"Name": "Deal 2", "Type": "Opportunity"}}
    ]


def test_children_come_as_results_of_their_own(sf: Salesforce) -> None:
    """A child query is a result within each record, null where there are no children."""
    records = ask(
        sf,
        "SELECT Name, (SELECT Contact.Email FROM OpportunityContactRoles), (SELECT Name FROM Milestones__r), "
        "(SELECT Subject FROM Tasks WHERE IsClosed = true ORDER BY Subject DESC LIMIT 1) FROM Opportunity ORDER BY Id",
    )
    role: dict[str, Any] = {"totalSize": 1, "done": True, "records": [{"Contact": {"Email": "eve@buyer.example"}}]}
    assert records[DEAL_WON]["OpportunityContactRoles"] == role
    assert records[DEAL_WON]["Tasks"] is None
    assert records[DEAL_OPEN]["Tasks"]["records"] == [{"Subject": "Legal"}]
    assert [m["Name"] for m in records[DEAL_WON]["Milestones__r"]["records"]] == ["Security review"]


def test_names_are_read_in_any_case_and_shown_in_their_own(sf: Salesforce) -> None:
    """Fields and objects may be written in any case; the answer uses the org's."""
    assert ask(sf, "select ISWON from opportunity where id != null limit 1") == [{"IsWon": True}]


def test_fields_shows_all_within_a_limit(sf: Salesforce) -> None:
    """FIELDS(ALL) needs a LIMIT of at most 200, FIELDS(CUSTOM) shows only the org's own."""
    assert set(ask(sf, "SELECT FIELDS(CUSTOM) FROM Opportunity LIMIT 1")[0]) == {"Segment__c"}
    with pytest.raises(SalesforceMalformedRequest, match="LIMIT"):
        sf.query("SELECT FIELDS(ALL) FROM Opportunity")


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("SELECT Foo FROM Opportunity", "INVALID_FIELD", "ERROR at Row:1:Column:8\\nNo such column 'Foo' on entity 'Opportunity'"),
        ("SELECT Id FROM Opportunity WHERE Foo = 1", "INVALID_FIELD", "No such column 'Foo'"),
        ("SELECT Id FROM Opportunity ORDER BY Foo", "INVALID_FIELD", "No such column 'Foo'"),
        ("SELECT Acount.Name FROM Opportunity", "INVALID_FIELD", "Didn't understand relationship 'Acount' in field path"),
        ("SELECT Id FROM Deal", "INVALID_TYPE", "sObject type 'Deal' is not supported"),
        ("SELECT Id, (SELECT Id FROM Taskz) FROM Opportunity", "INVALID_TYPE", "Didn't understand relationship 'Taskz'"),
        ("SELECT Id FROM Opportunity WHERE Amount = '5'", "INVALID_FIELD", "must be of type double and should not be enclosed"),
        ("SELECT Id FROM Opportunity WHERE Name = 5", "INVALID_FIELD", "must be of type string and should be enclosed"),
        ("SELECT Id FROM Opportunity WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Opportunity WHERE CloseDate > 2026-01-01T00:00:00Z", "INVALID_FIELD", "must be of type date"),
        ("SELECT Id FROM Opportunity WHERE IsWon = 'true'", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Opportunity WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Id FROM Opportunity WHERE Amount LIKE '1%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on double"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = SOON", "MALFORMED_QUERY", "unexpected token: 'SOON'"),
        ("SELECT Id FROM Opportunity WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        ("SELECT Id FROM Opportunity OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
        ("SELECT Id FROM Milestone__History WHERE NewValue = 'x'", "INVALID_FIELD", "can not be filtered in a query call"),
        ("SELECT Name, COUNT(Id) FROM Opportunity", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
    ],
)  # fmt: skip
def test_query_refuses(sf: Salesforce, soql: str, code: str, words: str) -> None:
    """What doesn't exist, doesn't fit or isn't SOQL is a 400 with the code and words of an org."""
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.query(soql)
    assert refused.value.content[0]["errorCode"] == code
    assert words.replace("\\n", "\n") in refused.value.content[0]["message"]
