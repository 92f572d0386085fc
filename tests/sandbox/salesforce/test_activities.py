"""Tasks, meetings, e-mails and visits."""

from simple_salesforce import Salesforce

from tests.sandbox.salesforce.conftest import DEAL_OPEN, DEAL_WON, Local, ask
from tests.sandbox.salesforce.world import at


def test_plan_kept_in_tasks_is_flagged(local: Local, sf: Salesforce) -> None:
    """A step is a task with its due day, its side and when it was done; its owner is the deal's."""
    fields = "Subject, ActivityDate, Status, CompletedDateTime, Buyer_Owned__c, WhatId, Owner.Name, CreatedDate"
    assert ask(sf, f"SELECT {fields} FROM Task WHERE Is_Milestone__c = true") == [  # noqa: S608 - SOQL
        {
            "Subject": "Legal",
            "ActivityDate": "2026-09-15",
            "Status": "Completed",
            "CompletedDateTime": "2026-09-14T10:00:00.000+0000",
            "Buyer_Owned__c": True,
            "WhatId": local.ids[DEAL_OPEN],
            "Owner": {"Name": "Ann Archer"},
            "CreatedDate": "2026-08-01T10:00:00.000+0000",
        }
    ]


def test_call_that_was_planned_begun_and_done_is_one_task(local: Local) -> None:
    """Its facts move one record through its statuses."""

    def status(now: str) -> list[dict[str, object]]:
        local.clock.set(at=at(now))
        return ask(local.login(), "SELECT Status, IsClosed, TaskSubtype FROM Task WHERE Subject = 'Intro call'")

    assert status("2026-08-03 12:00") == [{"Status": "Not Started", "IsClosed": False, "TaskSubtype": "Call"}]
    assert status("2026-08-04 10:10") == [{"Status": "In Progress", "IsClosed": False, "TaskSubtype": "Call"}]
    assert status("2026-08-04 10:30") == [{"Status": "Completed", "IsClosed": True, "TaskSubtype": "Call"}]


def test_old_closed_tasks_are_archived(local: Local, sf: Salesforce) -> None:
    """A task closed and due a year ago is hidden from query and shown by queryAll."""
    old = "SELECT Subject, IsArchived FROM Task WHERE Subject = 'Cold call'"
    assert ask(sf, old) == []
    assert ask(sf, old, include_deleted=True) == [{"Subject": "Cold call", "IsArchived": True}]
    local.clock.set(at=at("2026-01-31 00:00"))
    assert ask(local.login(), old) == [{"Subject": "Cold call", "IsArchived": False}]


def test_meeting_is_an_event_of_an_hour(local: Local, sf: Salesforce) -> None:
    """Start, end and deal stand in the event."""
    assert ask(sf, "SELECT Subject, StartDateTime, EndDateTime, WhatId FROM Event") == [
        {
            "Subject": "Demo",
            "StartDateTime": "2026-05-05T10:00:00.000+0000",
            "EndDateTime": "2026-05-05T11:00:00.000+0000",
            "WhatId": local.ids[DEAL_WON],
        }
    ]


def test_email_says_who_wrote_it(local: Local, sf: Salesforce) -> None:
    """A buyer's e-mail is incoming and carries its address."""
    assert ask(sf, "SELECT Subject, Incoming, FromAddress, MessageDate, RelatedToId FROM EmailMessage") == [
        {
            "Subject": "Re: offer",
            "Incoming": True,
            "FromAddress": "eve@buyer.example",
            "MessageDate": "2026-05-04T10:00:00.000+0000",
            "RelatedToId": local.ids[DEAL_WON],
        }
    ]


def test_visit_names_deal_and_visitor(local: Local, sf: Salesforce) -> None:
    """A visit to the plan's room is a record of the plan tool's object."""
    assert ask(sf, "SELECT Opportunity__c, Visited_At__c, Visitor__r.Name FROM Room_Visit__c") == [
        {
            "Opportunity__c": local.ids[DEAL_WON],
            "Visited_At__c": "2026-05-03T10:00:00.000+0000",
            "Visitor__r": {"Name": "Eve Egan"},
        }
    ]
