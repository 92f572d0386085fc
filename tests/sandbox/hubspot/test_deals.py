"""What the local HubSpot says of deals: their values, and how these came about."""

from tests.sandbox.hubspot.conftest import ANN_OWNER, ANN_USER, DEAL_BARE, DEAL_LOST, DEAL_OPEN, DEAL_WON, DEALS, Local


def test_deals_values_are_texts(local: Local) -> None:
    """Numbers, instants, booleans and ids are all texts."""
    names = "amount,closedate,hs_is_closed,hubspot_owner_id,deal_currency_code"
    shown = local.get(f"{DEALS}/{local.ids[DEAL_WON]}", properties=names)["properties"]
    assert {name: shown[name] for name in names.split(",")} == {
        "amount": "1200",
        "closedate": "2026-09-10T15:30:00Z",
        "hs_is_closed": "true",
        "hubspot_owner_id": ANN_OWNER,
        "deal_currency_code": "EUR",
    }


def test_amount_respects_the_currencys_minor_unit(local: Local) -> None:
    """5,000 yen are 5,000, not 50; in euros they are what the account's rate makes of them."""
    shown = local.get(f"{DEALS}/{local.ids[DEAL_OPEN]}", properties="amount,amount_in_home_currency")["properties"]
    assert (shown["amount"], shown["amount_in_home_currency"]) == ("5000", "31.25")


def test_bare_deal_has_blanks(local: Local) -> None:
    """A deal of which nothing is known has null where it never had a value."""
    shown = local.get(f"{DEALS}/{local.ids[DEAL_BARE]}", properties="amount,closedate,hubspot_owner_id")["properties"]
    assert [shown[name] for name in ("amount", "closedate", "hubspot_owner_id")] == [None, None, None]


def test_stage_history_leads_to_the_outcome(local: Local) -> None:
    """The closing is a stage change of its own where facts don't bring one."""
    assert local.versions("deals", local.ids[DEAL_WON], "dealstage") == [
        ("2026-09-10T15:30:00Z", "closedwon"),
        ("2026-04-01T09:00:00Z", "propose"),
        ("2026-03-02T09:00:00Z", "qualify"),
    ]


def test_closing_sets_the_close_date(local: Local) -> None:
    """Before it the close date is a day of the seller's, by the account's clocks; at the closing it is that very instant."""
    assert local.versions("deals", local.ids[DEAL_WON], "closedate") == [
        ("2026-09-10T15:30:00Z", "2026-09-10T15:30:00Z"),
        ("2026-07-01T10:00:00Z", "2026-11-30T17:00:00Z"),
        ("2026-03-02T09:00:00Z", "2026-12-31T17:00:00Z"),
    ]


def test_closing_sets_the_label_side(local: Local) -> None:
    """A lost deal is closed, not won, with probability 0 and left out of the forecast."""
    names = ("hs_is_closed", "hs_is_closed_won", "hs_deal_stage_probability", "hs_manual_forecast_category")
    shown = local.get(f"{DEALS}/{local.ids[DEAL_LOST]}", properties=",".join(names))["properties"]
    assert [shown[name] for name in names] == ["true", "false", "0.0", "OMIT"]


def test_history_names_who_and_what_set_a_value(local: Local) -> None:
    """A person's change carries the user; a computed one says so instead."""
    shown = local.get(f"{DEALS}/{local.ids[DEAL_WON]}", propertiesWithHistory="amount,hs_deal_stage_probability")
    amount, probability = (shown["propertiesWithHistory"][name][0] for name in ("amount", "hs_deal_stage_probability"))
    assert (amount["sourceType"], str(amount["updatedByUserId"])) == ("CRM_UI", ANN_USER)
    assert (probability["sourceType"], "updatedByUserId" in probability) == ("CALCULATED", False)


def test_later_facts_are_not_there_yet(local: Local) -> None:
    """A stage that the deal reaches in the future shows once the clock gets there."""
    before = local.versions("deals", local.ids[DEAL_OPEN], "dealstage")
    local.clock.set(forward_s=30 * 86_400)
    after = local.versions("deals", local.ids[DEAL_OPEN], "dealstage")
    assert (len(before), after[0]) == (1, ("2026-11-20T10:00:00Z", "propose"))


def test_history_ends_at_twenty_versions(local: Local) -> None:
    """Of more versions only the newest are kept, newest first."""
    for number in range(25):
        local.app.edit("deals", local.ids[DEAL_OPEN], {"amount": str(number)}, who=ANN_USER)
    versions = local.versions("deals", local.ids[DEAL_OPEN], "amount")
    assert (len(versions), versions[0][1], versions[-1][1]) == (20, "24", "5")
