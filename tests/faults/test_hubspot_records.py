"""HubSpot's records with values that nothing can be made of: set aside with a reason, while the others are stored."""

import json
from typing import Any

import pytest

from crmsync.clock import parse_instant
from crmsync.config import MilestoneSource
from crmsync.records import Page, Side
from crmsync.sandbox.http import Response, Server
from tests.crms.hubspot_replies import CREATED, OBJECTS, Replies, crm, pull
from tests.crms.test_hubspot_read import replies, server
from tests.faults.records import AMOUNTS, BAD_AMOUNTS, BAD_DAYS, BAD_INSTANTS, BAD_NUMBERS_OF_TIME, DAYS

__all__ = ["replies", "server"]

BLANK = ("dealname", "pipeline", "hs_createdate", "hs_merged_object_ids", "hubspot_owner_id", "amount", "closedate")
GOOD: dict[str, Any] = {**dict.fromkeys(BLANK), "dealstage": "new", "createdate": CREATED}


def record(crm_id: str, **properties: Any) -> dict[str, Any]:
    """A deal as the API lists it, without histories."""
    return {"id": crm_id, "createdAt": CREATED, "updatedAt": CREATED, "properties": {**GOOD, **properties}}


def read(server: Server, replies: Replies, *records: dict[str, Any], raw: str = "") -> Page:
    """The page of these deals, or of these very bytes."""
    body = raw or json.dumps({"results": records})
    replies.lay(f"{OBJECTS}/deals", Response(200, body.encode()), {"results": []})
    return pull(crm(server), "deals")


@pytest.mark.parametrize("amount", BAD_AMOUNTS)
def test_amount_that_is_no_number_sets_its_deal_aside(server: Server, replies: Replies, amount: str) -> None:
    """No locale is guessed, and nothing that isn't finite or doesn't fit is stored as something else."""
    page = read(server, replies, record("1", amount=amount), record("2"))
    assert [(bad["crm_id"], bad["reason"][:19]) for bad in page.bad] == [("1", "it can't be read: n")]
    assert [deal["crm_id"] for deal in page.deals] == ["2"]


@pytest.mark.parametrize(("amount", "minor"), AMOUNTS.items())
def test_amount_is_stored_exactly(server: Server, replies: Replies, amount: str, minor: int) -> None:
    """Zero, negative, long: each is its own number of cents."""
    assert [deal["amount_minor"] for deal in read(server, replies, record("1", amount=amount)).deals] == [minor]


@pytest.mark.parametrize("amount", [None, ""])
def test_no_amount_is_none_and_never_zero(server: Server, replies: Replies, amount: str | None) -> None:
    """A deal without an amount differs from one that is worth nothing."""
    assert [deal["amount_minor"] for deal in read(server, replies, record("1", amount=amount)).deals] == [None]


@pytest.mark.parametrize("day", [*BAD_DAYS, *BAD_INSTANTS, *BAD_NUMBERS_OF_TIME])
def test_day_that_is_none_sets_its_deal_aside(server: Server, replies: Replies, day: str) -> None:
    """31 February, the year 0, seconds for milliseconds, an instant without a zone: told, and never made into another day."""
    page = read(server, replies, record("1", closedate=day), record("2"))
    assert ([bad["crm_id"] for bad in page.bad], [deal["crm_id"] for deal in page.deals]) == (["1"], ["2"])


@pytest.mark.parametrize(("day", "number"), DAYS.items())
def test_far_days_are_days(server: Server, replies: Replies, day: str, number: int) -> None:
    """As far as calendars go."""
    assert [deal["close_on"] for deal in read(server, replies, record("1", closedate=day)).deals] == [number]


def test_milliseconds_are_instants(server: Server, replies: Replies) -> None:
    """HubSpot writes an instant as a text or as a count of milliseconds."""
    page = read(server, replies, record("1", createdate="1767225600000"))
    assert [deal["created_at"] for deal in page.deals] == [parse_instant("2026-01-01")]


def test_number_that_json_does_not_know_sets_its_deal_aside(server: Server, replies: Replies) -> None:
    """NaN and Infinity without quotes are no JSON, yet sent; the other deals of the page are stored."""
    spoiled = json.dumps(
        {"results": [record("1", amount=float("nan")), record("2", amount=float("-inf")), record("3")]}
    )
    page = read(server, replies, raw=spoiled)
    assert ([bad["crm_id"] for bad in page.bad], [deal["crm_id"] for deal in page.deals]) == (["1", "2"], ["3"])


def test_key_that_stands_twice_sets_its_deal_aside(server: Server, replies: Replies) -> None:
    """Which of two amounts holds is nobody's guess; one that is only repeated is no doubt."""
    twice = json.dumps({"results": [record("1", amount="5"), record("2", amount="7"), record("3")]})
    page = read(server, replies, raw=twice.replace('"5"', '"5", "amount": "6"').replace('"7"', '"7", "amount": "7"'))
    assert [(bad["crm_id"], bad["reason"]) for bad in page.bad] == [
        ("1", "its JSON says 'amount' twice, and not the same")
    ]
    assert [(deal["crm_id"], deal["amount_minor"]) for deal in page.deals] == [("2", 700), ("3", None)]


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("buyer", Side.BUYER), ("Yes", Side.BUYER), ("TRUE", Side.BUYER), ("1", Side.BUYER), (" Customer ", Side.BUYER),
        ("seller", Side.SELLER), ("no", Side.SELLER), ("false", Side.SELLER), ("0", Side.SELLER),
        ("", Side.UNKNOWN), ("Käufer", Side.UNKNOWN), ("both", Side.UNKNOWN),
    ],
)  # fmt: skip
def test_side_is_read_from_known_words_only(server: Server, replies: Replies, text: str, side: Side) -> None:
    """A word that isn't known says nothing of whose step it is."""
    replies.rows("2-9", record("9", title="Review", due_on="2026-03-01", side=text))
    replies.link("2-9", "deals", ("9", "1"))
    source = MilestoneSource(object="milestone", name="title", due_on="due_on", side="side")
    found = pull(crm(server, milestones=(source,)), "milestone").milestones
    assert [step["side"] for step in found] == [side]
