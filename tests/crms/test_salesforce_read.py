"""How a pull walks through an org: full and later reads, broken ones, and what stops them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from crmsync.config import EngagementSource
from crmsync.crms.salesforce.pages import Place
from crmsync.errors import BadConfig
from crmsync.records import DEAL_SOURCE, Cursor, Kind, Page, Result
from tests.crms.salesforce_org import LISTS, MILESTONE, TASK, VISIT, join, lay, of, org, pull, refused
from tests.sandbox.salesforce.conftest import DEAL_BARE, DEAL_OPEN, Local
from tests.sandbox.salesforce.world import NOW, many_deals

HOUR = 3_600


@pytest.mark.parametrize(
    ("config", "options", "names"),
    [
        ({"milestones": (MILESTONE.model_copy(update={"due_on": "Due__c"}),)}, {}, "Due__c"),
        ({"milestones": (MILESTONE.model_copy(update={"object": "Milestones__c"}),)}, {}, "Milestones__c"),
        ({"milestones": (MILESTONE.model_copy(update={"history": "Mile__History"}),)}, {}, "Mile__History"),
        ({"milestones": (TASK.model_copy(update={"done_at": "Status"}),)}, {}, "Status"),
        ({"milestones": (TASK.model_copy(update={"where": "Is_Mile__c = true"}),)}, {}, "Is_Mile__c"),
        ({"milestones": (MILESTONE.model_copy(update={"deal": ""}),)}, {}, "deal = "),
        ({"engagement": (VISIT.model_copy(update={"at": "Seen__c"}),)}, {}, "Seen__c"),
        ({"engagement": (EngagementSource(object="Room_Visit__c", at="Visited_At__c"),)}, {}, "deal = "),
        ({"fields": {Result.RISK: "Risc__c"}}, {}, "fields --create --crm main"),
        ({}, {"segment": "Segmnt__c"}, "Segmnt__c"),
    ],
)
def test_pull_names_what_the_config_misspells(
    local: Local, config: dict[str, Any], options: dict[str, Any], names: str
) -> None:
    """The pull of that object refuses to begin, and names what isn't there."""
    crm = org(local, options=options, **config)
    with pytest.raises(BadConfig, match=names):
        [pull(crm, stream) for stream in crm.streams()]


def test_connect_refuses_sources_that_read_the_same_records(local: Local) -> None:
    """A step can't be two steps."""
    with pytest.raises(BadConfig, match=r"E103.*read twice"):
        org(local, milestones=(MILESTONE, MILESTONE))


@pytest.mark.parametrize(
    ("right", "stream"),
    [
        ("Task", "Task"),
        ("Opportunity", "Opportunity"),
        ("OpportunityHistory", "Opportunity"),
        ("Opportunity.Amount", "Opportunity"),
    ],
)
def test_pull_names_a_missing_right(local: Local, right: str, stream: str) -> None:
    """An object or a field that our user may not read is told as such, not taken for empty."""
    local.app.rights.take(right)
    with pytest.raises(BadConfig, match="E203"):
        pull(org(local), stream)


def test_pull_does_without_emails_where_there_are_none(local: Local) -> None:
    """Not every org keeps e-mails; nothing is stored as read, so that they all come once they may be."""
    local.app.rights.take("EmailMessage")
    assert list(org(local).pull("EmailMessage", since=None)) == []


def test_pull_later_reads_only_the_look_back(local: Local) -> None:
    """With the clock moved on and nothing changed, not one record of a stamped object is read again."""
    crm = org(local)
    cursors = {stream: pull(crm, stream).cursor for stream in crm.streams()}
    local.clock.set(forward_s=HOUR)
    read = {stream: pull(crm, stream, cursors[stream]).read for stream in crm.streams()}
    assert {stream: count for stream, count in read.items() if count} == {"OpportunityStage": 4}


def test_pull_later_finds_a_late_commit(local: Local) -> None:
    """A change that shows with a stamp before the last pull's start, but within the look-back, is found."""
    local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"NextStep": "call"}, who=local.app.user)
    since = Cursor(stamp=NOW + 600 * 1_000_000)
    assert [deal["crm_id"] for deal in pull(org(local), "Opportunity", since).deals] == [local.ids[DEAL_OPEN]]


def test_pull_never_moves_the_cursor_past_the_reads_start(local: Local) -> None:
    """The cursor is the CRM's clock before the first row was asked for."""
    assert pull(org(local), "Opportunity").cursor == Cursor(stamp=NOW)


@pytest.mark.parametrize("since", [None, Cursor(stamp=NOW - 40 * 86_400 * 1_000_000)])
def test_pull_goes_on_where_it_was_killed(serve: Callable[..., Local], since: Cursor | None) -> None:
    """After any page, a new process with the stored cursor brings the rest: together exactly what one read brings."""
    local = serve(many_deals(1_201))
    first = next(org(local).pull("Opportunity", since=since))
    whole = Page("Opportunity", Cursor())
    join(whole, first)
    for page in org(local).pull("Opportunity", since=first.cursor):
        join(whole, page)
    ids = [deal["crm_id"] for deal in whole.deals]
    assert (len(first.deals), ids, whole.cursor) == (500, local.ids, Cursor(stamp=NOW))


def test_pull_goes_on_when_a_locator_dies(serve: Callable[..., Local]) -> None:
    """A dead cursor of Salesforce's is replaced by a new query behind the last record."""
    local = serve(many_deals(1_201))
    lay(local, refused("INVALID_QUERY_LOCATOR"), status=400, path="/query/")
    assert [deal["crm_id"] for deal in pull(org(local, parallel=1), "Opportunity").deals] == local.ids


def test_pull_survives_the_end_of_the_session(serve: Callable[..., Local], no_waiting: None) -> None:
    """A token that expires between two pages loses and doubles nothing."""
    local = serve(many_deals(1_201))
    seen: list[str] = []
    for page in org(local).pull("Opportunity", since=None):
        seen += [deal["crm_id"] for deal in page.deals]
        local.app.auth.expire()
    assert seen == local.ids


def test_pull_follows_long_histories(local: Local) -> None:
    """A deal's history may come in pages of its own."""
    stamps = dict.fromkeys(("CreatedDate", "SystemModstamp"), "2026-01-05T09:00:00.000+0000")
    save = {"Id": "h1", "StageName": "Qualify", "CreatedDate": stamps["CreatedDate"]}
    child = {"done": False, "records": [save], "nextRecordsUrl": "/services/data/v62.0/query/more-1"}
    deal = {"Id": "1", "StageName": "Propose", **stamps, "OpportunityHistories": child}
    later = {"Id": "h2", "StageName": "Propose", "CreatedDate": "2026-01-06T09:00:00.000+0000"}
    crm = org(local)
    crm.account()
    laid = [("queryAll", {"done": True, "records": [deal]}), ("more-1", {"done": True, "records": [later]})]
    faults = [{"kind": "status", "status": 200, "body": json.dumps(body), "path": path, "at": 1} for path, body in laid]
    local.server.faults.read({"faults": faults})
    assert [fact["name"] for fact in of(pull(crm, "Opportunity"), Kind.STAGE)] == ["Qualify", "Propose"]


def test_pull_costs_one_call_a_page(serve: Callable[..., Local]) -> None:
    """1,201 deals with their histories: three pages, besides the clock, a login and one description."""
    crm = org(serve(many_deals(1_201)))
    pull(crm, "Opportunity")
    assert crm.calls == 3 + 3


def test_place_survives_its_cursor() -> None:
    """Where a read stands can be written down and read again."""
    place = Place("changed", NOW, NOW - 5, "006")
    assert Place.of(Cursor(resume=str(place)), 0) == place


def test_ids_are_those_of_live_deals(local: Local) -> None:
    """What lies in the recycle bin is not among them."""
    local.app.delete("Opportunity", local.ids[DEAL_BARE], who=local.app.user)
    assert [one.crm_id for one in org(local).listed(DEAL_SOURCE)] == local.ids[:DEAL_BARE]


def test_a_second_full_pull_says_the_same(local: Local) -> None:
    """Nothing depends on when it was read."""
    one, two = (org(local) for _ in range(2))
    for stream in one.streams():
        assert [getattr(pull(one, stream), name) for name in LISTS] == [
            getattr(pull(two, stream), name) for name in LISTS
        ]
