"""Salesforce's records with values that nothing can be made of: set aside with a reason, while the others are stored."""

import json
from typing import Any

from crmsync.records import Page
from tests.crms.conftest import certificates, local, no_waiting, serve
from tests.crms.salesforce_org import lay, org, pull
from tests.faults.records import AMOUNTS, BAD_AMOUNTS, BAD_DAYS, DAYS
from tests.sandbox.salesforce.conftest import Local

__all__ = ["certificates", "local", "no_waiting", "serve"]

STAMP = "2026-01-05T09:00:00.000+0000"
GOOD = {"StageName": "Qualify", "CreatedDate": STAMP, "SystemModstamp": STAMP, "IsDeleted": False}


def read(local: Local, *records: dict[str, Any], change: tuple[str, str] = ("", "")) -> Page:
    """The page of these deals, after a change of the very text that is sent."""
    crm = org(local)
    crm.account()
    body = json.dumps({"done": True, "records": [{**GOOD, **record} for record in records]})
    lay(local, body.replace(*change) if change[0] else body, path="queryAll")
    return pull(crm, "Opportunity")


def test_amounts_that_are_no_numbers_set_their_deals_aside(local: Local) -> None:
    """No locale is guessed, and nothing that isn't finite or doesn't fit is stored as something else."""
    spoiled = [{"Id": f"A{number}", "Amount": amount} for number, amount in enumerate(BAD_AMOUNTS)]
    page = read(local, *spoiled, {"Id": "B", "Amount": float("nan")}, {"Id": "C", "Amount": float("inf")}, {"Id": "D"})
    assert ([deal["crm_id"] for deal in page.deals], len(page.bad)) == (["D"], len(spoiled) + 2)


def test_amounts_are_stored_exactly(local: Local) -> None:
    """As numbers of JSON they never pass through a binary fraction; none is none and not zero."""
    numbers = [{"Id": amount, "Amount": f"#{amount}#"} for amount in AMOUNTS]
    crm = org(local, options={})
    crm.account()
    body = json.dumps({"done": True, "records": [{**GOOD, **record} for record in (*numbers, {"Id": "none"})]})
    lay(local, body.replace('"#', "").replace('#"', ""), path="queryAll")
    page = pull(crm, "Opportunity")
    assert {deal["crm_id"]: deal["amount_minor"] for deal in page.deals} == {**AMOUNTS, "none": None}


def test_days_that_are_none_set_their_deals_aside(local: Local) -> None:
    """31 February, the year 0, another country's way to write a day: told, and never made into another day."""
    spoiled = [{"Id": f"A{number}", "CloseDate": day} for number, day in enumerate(BAD_DAYS)]
    page = read(local, *spoiled, {"Id": "B"})
    assert ([deal["crm_id"] for deal in page.deals], len(page.bad)) == (["B"], len(spoiled))


def test_far_days_are_days(local: Local) -> None:
    """As far as calendars go."""
    page = read(local, *({"Id": day, "CloseDate": day} for day in DAYS))
    assert {deal["crm_id"]: deal["close_on"] for deal in page.deals} == DAYS


def test_key_that_stands_twice_sets_its_deal_aside(local: Local) -> None:
    """Which of two amounts holds is nobody's guess."""
    page = read(local, {"Id": "1", "Amount": 5}, {"Id": "2"}, change=('"Amount": 5', '"Amount": 5, "Amount": 6'))
    assert [(bad["crm_id"], bad["reason"]) for bad in page.bad] == [
        ("1", "its JSON says 'Amount' twice, and not the same")
    ]
    assert [deal["crm_id"] for deal in page.deals] == ["2"]
