"""Milestones as a custom object, and their history."""

from simple_salesforce import Salesforce

from tests.sandbox.salesforce.conftest import DEAL_WON, Local, ask
from tests.sandbox.salesforce.world import at


def test_milestone_shows_its_newest_promise_and_when_it_was_done(local: Local, sf: Salesforce) -> None:
    """Due date, done instant and side stand in the record; it is as old as its first promise."""
    assert ask(
        sf, "SELECT Name, Opportunity__c, Due_Date__c, Completed_At__c, Side__c, CreatedDate FROM Milestone__c"
    ) == [
        {
            "Name": "Security review",
            "Opportunity__c": local.ids[DEAL_WON],
            "Due_Date__c": "2026-05-01",
            "Completed_At__c": "2026-04-20T16:00:00.000+0000",
            "Side__c": "buyer",
            "CreatedDate": "2026-03-03T09:00:00.000+0000",
        }
    ]


def test_milestone_history_tells_each_move(sf: Salesforce) -> None:
    """A `created` row, then old and new value of each later change."""
    assert ask(
        sf, "SELECT Field, DataType, OldValue, NewValue, CreatedDate FROM Milestone__History ORDER BY CreatedDate"
    ) == [
        {
            "Field": "created",
            "DataType": "Text",
            "OldValue": None,
            "NewValue": None,
            "CreatedDate": "2026-03-03T09:00:00.000+0000",
        },
        {
            "Field": "Due_Date__c",
            "DataType": "Date",
            "OldValue": "2026-04-01",
            "NewValue": "2026-05-01",
            "CreatedDate": "2026-03-20T09:00:00.000+0000",
        },
        {
            "Field": "Completed_At__c",
            "DataType": "DateTime",
            "OldValue": None,
            "NewValue": "2026-04-20T16:00:00.000+0000",
            "CreatedDate": "2026-04-20T16:00:00.000+0000",
        },
    ]


def test_milestone_history_names_the_system_for_what_no_user_did(sf: Salesforce) -> None:
    """A step that the buyer ticked in the plan tool was written by the org's automated user."""
    rows = ask(sf, "SELECT CreatedBy.Name FROM Milestone__History WHERE Field = 'Completed_At__c'")
    assert rows == [{"CreatedBy": {"Name": "Automated Process"}}]


def test_removed_milestone_is_in_the_recycle_bin_for_15_days(local: Local) -> None:
    """queryAll shows it as deleted, then nobody does."""

    def seen(now: str) -> list[dict[str, object]]:
        local.clock.set(at=at(now))
        soql = "SELECT IsDeleted, SystemModstamp FROM Milestone__c WHERE Name = 'Kick-off'"
        return ask(local.login(), soql, include_deleted=True)

    assert seen("2026-05-31 00:00") == [{"IsDeleted": False, "SystemModstamp": "2026-05-02T10:00:00.000+0000"}]
    assert seen("2026-06-02 00:00") == [{"IsDeleted": True, "SystemModstamp": "2026-06-01T10:00:00.000+0000"}]
    assert seen("2026-06-17 00:00") == []
