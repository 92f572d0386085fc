"""What the org does by itself when a record is saved."""

from typing import Any

from simple_salesforce import Salesforce

from tests.sandbox.salesforce.conftest import DEAL_BARE, DEAL_OPEN, DEAL_WON, Local, ask
from tests.sandbox.salesforce.world import NOW


def deal(local: Local, sf: Salesforce, place: int, fields: str) -> dict[str, Any]:
    """Some fields of one deal."""
    return ask(sf, f"SELECT {fields} FROM Opportunity WHERE Id = '{local.ids[place]}'")[0]  # noqa: S608 - SOQL


def history(local: Local, sf: Salesforce, place: int, fields: str) -> list[dict[str, Any]]:
    """The rows of a deal's history, oldest first."""
    where = f"OpportunityId = '{local.ids[place]}' ORDER BY CreatedDate, Id"
    return ask(sf, f"SELECT {fields} FROM OpportunityHistory WHERE {where}")  # noqa: S608 - SOQL


def test_stage_brings_its_probability_and_category(local: Local, sf: Salesforce) -> None:
    """Writing the stage alone resets probability, categories and expected revenue."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"Probability": 33})
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"StageName": "Propose"})
    assert deal(local, sf, DEAL_OPEN, "Probability, ForecastCategory, ForecastCategoryName, ExpectedRevenue") == {
        "Probability": 50.0,
        "ForecastCategory": "BestCase",
        "ForecastCategoryName": "Best Case",
        "ExpectedRevenue": 2500.0,
    }


def test_stage_written_with_a_probability_keeps_that(local: Local, sf: Salesforce) -> None:
    """A probability in the same save beats the stage's."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"Probability": 61, "StageName": "Propose"})
    assert deal(local, sf, DEAL_OPEN, "Probability")["Probability"] == 61.0


def test_same_stage_again_keeps_an_own_probability(local: Local, sf: Salesforce) -> None:
    """Only a changed stage resets the probability."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"Probability": 33})
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"StageName": "Qualify"})
    assert deal(local, sf, DEAL_OPEN, "Probability")["Probability"] == 33.0


def test_winning_pulls_in_a_close_date_in_the_future(local: Local, sf: Salesforce) -> None:
    """A won deal closes today at the latest, in one save with its stage and probability."""
    sf.Opportunity.update(local.ids[DEAL_BARE], {"StageName": "Closed Won"})
    shown = deal(local, sf, DEAL_BARE, "CloseDate, Probability, IsClosed, IsWon, ForecastCategory")
    assert shown == {
        "CloseDate": "2026-11-02",
        "Probability": 100.0,
        "IsClosed": True,
        "IsWon": True,
        "ForecastCategory": "Closed",
    }
    assert len(history(local, sf, DEAL_BARE, "Id")) == 2


def test_losing_leaves_the_close_date(local: Local, sf: Salesforce) -> None:
    """Only winning pulls the close date in."""
    sf.Opportunity.update(local.ids[DEAL_BARE], {"StageName": "Closed Lost"})
    assert deal(local, sf, DEAL_BARE, "CloseDate, IsClosed, IsWon") == {
        "CloseDate": "2026-12-30",
        "IsClosed": True,
        "IsWon": False,
    }


def test_history_keeps_the_values_after_each_change(local: Local, sf: Salesforce) -> None:
    """A save of amount, probability, stage or close date adds one row with all values after it, by its user."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"Amount": 7000.5, "Probability": 20})
    fields = "Amount, Probability, StageName, CloseDate, PrevAmount, PrevCloseDate, ExpectedRevenue, CreatedById"
    assert history(local, sf, DEAL_OPEN, fields)[-1] == {
        "Amount": 7000.5,
        "Probability": 20.0,
        "StageName": "Qualify",
        "CloseDate": "2026-10-30",
        "PrevAmount": 5000.0,
        "PrevCloseDate": "2026-10-30",
        "ExpectedRevenue": 1400.1,
        "CreatedById": local.app.user,
    }


def test_history_ignores_other_fields(local: Local, sf: Salesforce) -> None:
    """A save that leaves the four fields as they are adds no row."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"NextStep": "call", "Amount": 5000})
    assert len(history(local, sf, DEAL_OPEN, "Id")) == 1


def test_history_agrees_with_a_deal_that_the_world_changes_later(local: Local, sf: Salesforce) -> None:
    """A row of the world after somebody's edit carries the edited values too."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"Amount": 9000})
    local.clock.set(forward_s=19 * 86_400)  # past the day on which the world moves the deal's stage
    last = history(local, local.login(), DEAL_OPEN, "StageName, Amount, PrevAmount")[-1]
    assert last == {"StageName": "Propose", "Amount": 9000.0, "PrevAmount": 9000.0}


def test_amount_of_a_deal_with_products_is_ignored(local: Local, sf: Salesforce) -> None:
    """The call says success and nothing changes."""
    local.app.add_products(local.ids[DEAL_OPEN])
    assert sf.Opportunity.update(local.ids[DEAL_OPEN], {"Amount": 1, "NextStep": "x"}) == 204
    assert deal(local, sf, DEAL_OPEN, "Amount, NextStep") == {"Amount": 5000.0, "NextStep": "x"}


def test_every_save_moves_the_stamp(local: Local, sf: Salesforce) -> None:
    """Even a save of the same value moves the stamps and names the user."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"Name": "Deal 2"})
    shown = deal(local, sf, DEAL_OPEN, "SystemModstamp, LastModifiedDate, LastModifiedById")
    stamp = "2026-11-02T12:00:00.000+0000"
    assert shown == {"SystemModstamp": stamp, "LastModifiedDate": stamp, "LastModifiedById": local.app.user}


def test_saves_are_logged_with_old_new_and_user(local: Local, sf: Salesforce) -> None:
    """The effect log holds each written field, and no row that the org wrote by itself."""
    sf.Opportunity.update(local.ids[DEAL_OPEN], {"Amount": 6000})
    effects = [(e.at, e.object, e.crm_id, e.field, e.old, e.new, e.who) for e in local.effects.since()]
    assert effects == [(NOW, "Opportunity", local.ids[DEAL_OPEN], "Amount", 5000.0, 6000.0, local.app.user)]


def test_completed_task_gets_its_instant(local: Local, sf: Salesforce) -> None:
    """Status Completed sets CompletedDateTime, another status takes it away."""
    task = ask(sf, "SELECT Id FROM Task WHERE Subject = 'Draft offer'")[0]["Id"]
    sf.Task.update(task, {"Status": "Completed"})
    assert ask(sf, f"SELECT IsClosed, CompletedDateTime FROM Task WHERE Id = '{task}'") == [  # noqa: S608 - SOQL
        {"IsClosed": True, "CompletedDateTime": "2026-11-02T12:00:00.000+0000"}
    ]
    sf.Task.update(task, {"Status": "In Progress"})
    assert ask(sf, f"SELECT CompletedDateTime FROM Task WHERE Id = '{task}'") == [{"CompletedDateTime": None}]  # noqa: S608


def test_milestone_edits_are_kept_in_its_history(local: Local, sf: Salesforce) -> None:
    """Tracked fields leave a row with old and new value, a new milestone a `created` row."""
    made = sf.Milestone__c.create({"Name": "Sign", "Opportunity__c": local.ids[DEAL_OPEN], "Due_Date__c": "2026-12-01"})
    sf.Milestone__c.update(made["id"], {"Due_Date__c": "2026-12-15", "Name": "Sign it"})
    rows = ask(sf, f"SELECT Field, OldValue, NewValue FROM Milestone__History WHERE ParentId = '{made['id']}'")  # noqa: S608
    assert rows == [
        {"Field": "created", "OldValue": None, "NewValue": None},
        {"Field": "Due_Date__c", "OldValue": "2026-12-01", "NewValue": "2026-12-15"},
    ]


def test_deleting_a_deal_takes_its_children_along(local: Local, sf: Salesforce) -> None:
    """History, contact roles and milestones go into the recycle bin with the deal, and come out with it."""
    counts = ("OpportunityHistory", "OpportunityContactRole", "Milestone__c", "Milestone__History")

    def left() -> list[int]:
        return [sf.query(f"SELECT COUNT() FROM {name}")["totalSize"] for name in counts]  # noqa: S608 - SOQL

    before = left()
    sf.Opportunity.delete(local.ids[DEAL_WON])
    assert left() == [4, 0, 0, 0]
    local.app.restore("Opportunity", local.ids[DEAL_WON], who=local.app.user)
    assert left() == before


def test_a_persons_edit_follows_the_same_rules(local: Local, sf: Salesforce) -> None:
    """An edit on the screen moves stage, probability and history like one over the API, under the person's name."""
    ann = ask(sf, "SELECT Id FROM User WHERE Name = 'Ann Archer'")[0]["Id"]
    local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"StageName": "Propose"}, who=ann)
    assert deal(local, sf, DEAL_OPEN, "Probability, LastModifiedById") == {"Probability": 50.0, "LastModifiedById": ann}
    assert history(local, sf, DEAL_OPEN, "CreatedById")[-1] == {"CreatedById": ann}
