"""Opportunities, their history and their contact roles, as a world makes them."""

from collections.abc import Callable
from typing import Any

from simple_salesforce import Salesforce

from crmsync.sandbox.columns import UNKNOWN
from tests.sandbox.salesforce.conftest import DEAL_BARE, DEAL_LOST, DEAL_OPEN, DEAL_WON, Local, ask
from tests.sandbox.salesforce.world import at, small_world


def history(local: Local, sf: Salesforce, place: int, fields: str) -> list[tuple[Any, ...]]:
    """The rows of a deal's history, oldest first."""
    where = f"OpportunityId = '{local.ids[place]}' ORDER BY CreatedDate, Id"
    return [tuple(row.values()) for row in ask(sf, f"SELECT {fields} FROM OpportunityHistory WHERE {where}")]  # noqa: S608


def test_deals_of_the_other_crm_are_not_there(local: Local, sf: Salesforce) -> None:
    """Only Salesforce's deals are shown, and `ids` tells which is which."""
    assert [deal for deal, _ in local.app.ids()] == [0, 1, 3, 4]
    assert [record["Id"] for record in ask(sf, "SELECT Id FROM Opportunity")] == local.ids


def test_won_deal_shows_how_it_stands(local: Local, sf: Salesforce) -> None:
    """Its fields are the newest ones, and its closing pulled the close date in."""
    fields = (
        "StageName, Amount, CloseDate, Probability, ForecastCategory, IsWon, SystemModstamp, FiscalQuarter, FiscalYear"
    )
    record = ask(sf, f"SELECT {fields} FROM Opportunity WHERE Id = '{local.ids[DEAL_WON]}'")[0]  # noqa: S608 - SOQL
    assert record == {
        "StageName": "Closed Won",
        "Amount": 1200.0,
        "CloseDate": "2026-09-10",
        "Probability": 100.0,
        "ForecastCategory": "Closed",
        "IsWon": True,
        "SystemModstamp": "2026-09-10T15:30:00.000+0000",
        "FiscalQuarter": 3,
        "FiscalYear": 2026,
    }


def test_history_has_a_row_for_each_save(local: Local, sf: Salesforce) -> None:
    """Creation, a stage and an amount in one save, a close date, and the closing with its pulled-in date."""
    assert history(local, sf, DEAL_WON, "CreatedDate, StageName, Amount, CloseDate, Probability") == [
        ("2026-03-02T09:00:00.000+0000", "Qualify", 1000.0, "2026-12-31", 10.0),
        ("2026-04-01T09:00:00.000+0000", "Propose", 1200.0, "2026-12-31", 50.0),
        ("2026-07-01T10:00:00.000+0000", "Propose", 1200.0, "2026-11-30", 50.0),
        ("2026-09-10T15:30:00.000+0000", "Closed Won", 1200.0, "2026-09-10", 100.0),
    ]


def test_stage_facts_after_the_closing_are_not_shown(local: Local, sf: Salesforce) -> None:
    """A closed deal stays in the stage that it closed in, and its closing is one save."""
    assert history(local, sf, DEAL_LOST, "StageName, CreatedDate") == [
        ("Qualify", "2025-01-05T10:00:00.000+0000"),
        ("Closed Lost", "2025-06-01T10:00:00.000+0000"),
    ]


def test_deal_of_which_little_is_known_has_what_salesforce_requires(local: Local, sf: Salesforce) -> None:
    """Owner, stage and close date are never blank; the rest is."""
    fields = "Amount, AccountId, OwnerId, StageName, CloseDate, ExpectedRevenue"
    record = ask(sf, f"SELECT {fields} FROM Opportunity WHERE Id = '{local.ids[DEAL_BARE]}'")[0]  # noqa: S608 - SOQL
    assert record == {
        "Amount": None,
        "AccountId": None,
        "OwnerId": local.app.user,
        "StageName": "Qualify",
        "CloseDate": "2026-12-30",
        "ExpectedRevenue": None,
    }


def test_amounts_are_in_whole_units_of_their_currency(local: Local, sf: Salesforce) -> None:
    """A currency without minor units is not divided by 100."""
    records = ask(sf, "SELECT Amount, CurrencyIsoCode FROM Opportunity ORDER BY Id")
    assert records[DEAL_OPEN] == {"Amount": 5000.0, "CurrencyIsoCode": "JPY"}
    assert ask(sf, "SELECT IsoCode, ConversionRate, IsCorporate FROM CurrencyType ORDER BY IsoCode") == [
        {"IsoCode": "EUR", "ConversionRate": 1.0, "IsCorporate": True},
        {"IsoCode": "JPY", "ConversionRate": 160.0, "IsCorporate": False},
    ]


def test_what_lies_after_the_clock_does_not_exist(local: Local, sf: Salesforce) -> None:
    """A stage of the future is neither in the deal nor in its history until the clock has reached it."""
    assert len(history(local, sf, DEAL_OPEN, "Id")) == 1
    local.clock.set(at=at("2026-11-20 10:00:00"))
    assert history(local, local.login(), DEAL_OPEN, "StageName")[-1] == ("Propose",)


def test_deals_appear_as_the_clock_reaches_them(serve: Callable[..., Local]) -> None:
    """Going back in time hides the deals that weren't there yet."""
    local = serve()
    local.clock.set(at=at("2026-07-01 00:00"))
    assert [record["Name"] for record in ask(local.login(), "SELECT Name FROM Opportunity")] == ["Deal 1", "Deal 4"]


def test_contact_roles_begin_when_the_person_was_added(local: Local, sf: Salesforce) -> None:
    """A role names deal, person and part, and is as old as the fact."""
    assert ask(sf, "SELECT OpportunityId, Contact.Name, Role, IsPrimary, CreatedDate FROM OpportunityContactRole") == [
        {
            "OpportunityId": local.ids[DEAL_WON],
            "Contact": {"Name": "Eve Egan"},
            "Role": "Decision Maker",
            "IsPrimary": True,
            "CreatedDate": "2026-03-10T09:00:00.000+0000",
        }
    ]


def test_stages_list_what_facts_name_and_two_closed_ones(serve: Callable[..., Local]) -> None:
    """A world that names no closed stage gets Salesforce's own two, and its deals close into them."""
    world = small_world()
    world.stages = world.stages[:1]
    local = serve(world)
    sf = local.login()
    names = [row["MasterLabel"] for row in ask(sf, "SELECT MasterLabel FROM OpportunityStage ORDER BY SortOrder")]
    assert names == ["Qualify", "Propose", "Closed Lost", "Closed Won", "Closed Lost"]
    assert [row["StageName"] for row in ask(sf, "SELECT StageName FROM Opportunity WHERE IsClosed = true")] == [
        "Closed Won",
        "Closed Lost",
    ]


def test_world_without_salesforce_deals_is_an_empty_org(serve: Callable[..., Local]) -> None:
    """A world of the other CRM alone is served, with no deals in it."""
    world = small_world()
    world.deals.crm[:] = 1
    world.deals.owner[:] = UNKNOWN
    sf = serve(world).login()
    assert sf.query("SELECT COUNT() FROM Opportunity")["totalSize"] == 0
    assert sf.query("SELECT COUNT() FROM Task")["totalSize"] == 0


def test_users_who_left_are_still_there(sf: Salesforce) -> None:
    """Deals of the past name them."""
    assert ask(sf, "SELECT Name FROM User WHERE IsActive = false") == [{"Name": "Bob Baker"}]
