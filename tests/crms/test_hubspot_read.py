"""What HubSpot's rows become: dated facts, milestones, people; and how a pull walks through them."""

from collections.abc import Iterator
from typing import Any

import pytest
import stamina

from crmsync.clock import parse_instant, to_date
from crmsync.config import EngagementSource, MilestoneSource
from crmsync.crms.hubspot.batches import READ_INPUTS_WITH_HISTORY
from crmsync.errors import BadConfig, RetryLater
from crmsync.records import Cursor, FactRecord, Kind, Page, Phase, Result, Side
from crmsync.sandbox.http import Response, Server
from tests.crms.hubspot_replies import (
    ACCOUNT,
    ASSOCIATIONS,
    CREATED,
    DETAILS,
    OBJECTS,
    PROPERTIES,
    Replies,
    crm,
    pull,
    row,
)

MILESTONE = MilestoneSource(object="milestone", name="title", due_on="due_on", done_at="completed_at", side="side")
TASK = MilestoneSource(object="tasks", where="is_milestone = true", name="hs_task_subject", side="buyer_owned")
T1, T2, T3, T4 = (f"2026-0{month}-10T10:00:00.000Z" for month in (2, 3, 4, 5))
SCHEMAS = "/crm-object-schemas/2026-09/schemas"


@pytest.fixture
def replies() -> Replies:
    """What the server answers: every property that the tests name is there."""
    laid = Replies()
    laid.lay(
        SCHEMAS, {"results": [{"name": "milestone", "objectTypeId": "2-9", "fullyQualifiedName": "p77_milestone"}]}
    )
    dated = [{"name": name, "type": kind} for name, kind in (("due_on", "date"), ("completed_at", "datetime"))]
    words = ("title", "side", "is_milestone", "buyer_owned", "hs_task_subject", "hs_timestamp", "hs_task_status")
    names = [*dated, *({"name": name, "type": "string"} for name in words), {"name": "score", "type": "number"}]
    for kind in ("2-9", "tasks", "deals"):
        laid.lay(f"{PROPERTIES}/{kind}", {"results": names})
    return laid


@pytest.fixture
def server(replies: Replies) -> Iterator[Server]:
    """A HubSpot that answers what is laid out, and retries without waiting."""
    served = Server(replies)
    served.start()
    with stamina.set_testing(True, attempts=2):
        yield served
    served.stop()


def deal(crm_id: str = "1", **history: Any) -> dict[str, Any]:
    """A deal in the stage "new" unless its history says otherwise."""
    return row(crm_id, {"createdate": CREATED}, history={"dealstage": [(CREATED, "new")], **history})


def of(page: Page, kind: Kind) -> list[FactRecord]:
    """The facts of a kind, oldest first."""
    return sorted(
        (fact for fact in page.facts if fact["kind"] == kind), key=lambda fact: (fact["known_at"], fact["at"])
    )


def test_deals_outcome_follows_the_stages_metadata(server: Server, replies: Replies) -> None:
    """Won, open again, lost: by the pipeline's own metadata and the instants of the stage history."""
    stages = [(T3, "lost"), (T2, "new"), (T1, "won"), (CREATED, "new")]
    replies.rows("deals", deal(dealstage=stages))
    told = [(fact["phase"], fact["value"], fact["at"]) for fact in of(pull(crm(server), "deals"), Kind.OUTCOME)]
    assert told == [
        (Phase.DONE, 1, parse_instant(T1)),
        (Phase.REOPENED, 0, parse_instant(T2)),
        (Phase.DONE, 0, parse_instant(T3)),
    ]


def test_deals_closed_at_is_the_closing_not_closedate(server: Server, replies: Replies) -> None:
    """A deal closed when its stage did, whatever closedate says."""
    replies.rows("deals", deal(dealstage=[(T2, "won"), (CREATED, "new")], closedate=[(T2, "2026-12-31T00:00:00Z")]))
    (record,) = pull(crm(server), "deals").deals
    assert (record["closed_at"], record["won"]) == (parse_instant(T2), True)


def test_deals_amounts_carry_the_currency_of_their_time(server: Server, replies: Replies) -> None:
    """A later change of the currency doesn't relabel an older amount."""
    replies.lay(f"{PROPERTIES}/deals", {"results": [{"name": "deal_currency_code", "type": "enumeration"}]})
    currencies = [(T2, "JPY"), (CREATED, "USD")]
    replies.rows("deals", deal(amount=[(T1, "20.5"), (CREATED, "10")], deal_currency_code=currencies))
    told = [(fact["value"], fact["name"]) for fact in of(pull(crm(server), "deals"), Kind.AMOUNT)]
    assert told == [(1000, "USD"), (2050, "USD"), (20, "JPY")]


def test_deals_take_the_companys_currency_where_there_is_only_one(server: Server, replies: Replies) -> None:
    """Without deal_currency_code the account's own currency holds."""
    replies.rows("deals", deal(amount=[(CREATED, "12.34")]))
    (record,) = pull(crm(server), "deals").deals
    assert (record["amount_minor"], record["currency"]) == (1234, "EUR")


def test_deals_close_date_is_the_day_that_the_accounts_people_see(server: Server, replies: Replies) -> None:
    """closedate is an instant: 03:00 UTC is still the evening before in New York."""
    replies.rows("deals", deal(closedate=[(CREATED, "2026-07-01T03:00:00Z")]))
    (fact,) = of(pull(crm(server), "deals"), Kind.CLOSE_ON)
    assert to_date(fact["value"]).isoformat() == "2026-06-30"


def test_deals_set_back_by_an_import_are_known_when_they_came(server: Server, replies: Replies) -> None:
    """createdate may be written; what counts as known is HubSpot's own stamp."""
    imported = deal() | {"properties": {"createdate": "2020-01-01T00:00:00Z", "dealstage": "new", "hs_createdate": T1}}
    replies.rows("deals", imported)
    (fact,) = of(pull(crm(server), "deals"), Kind.CREATED)
    assert (fact["at"], fact["known_at"]) == (parse_instant("2020-01-01"), parse_instant(T1))


def test_deals_that_cannot_be_read_are_set_aside(server: Server, replies: Replies) -> None:
    """One unreadable deal stops neither the others nor the run, and nothing of it is stored."""
    replies.rows("deals", deal("1", amount=[(CREATED, "N/A")]), deal("2"), deal("3", dealstage=[(CREATED, "nowhere")]))
    page = pull(crm(server), "deals")
    assert ([bad["crm_id"] for bad in page.bad], {fact["deal"] for fact in page.facts}) == (["1", "3"], {"2"})


def test_deals_survive_a_bad_value_in_their_past(server: Server, replies: Replies) -> None:
    """An old amount that was no number is left out; the deal is read."""
    replies.rows("deals", deal(amount=[(T1, "5"), (CREATED, "N/A")]))
    page = pull(crm(server), "deals")
    assert ([fact["value"] for fact in of(page, Kind.AMOUNT)], page.bad) == ([500], [])


def test_deals_merged_away_name_their_survivor(server: Server, replies: Replies) -> None:
    """The ids that a merge retired are gone, and point to the deal that lives on."""
    merged = deal("9") | {"properties": {"dealstage": "new", "hs_merged_object_ids": "3;4"}}
    replies.rows("deals", merged)
    told = [(gone["crm_id"], gone["survivor"]) for gone in pull(crm(server), "deals").gone]
    assert told == [("3", "9"), ("4", "9")]


def test_deals_archived_are_gone(server: Server, replies: Replies) -> None:
    """What was archived is listed apart, as archiving leaves no stamp that a search could find."""
    replies.lay(f"{OBJECTS}/deals", {"results": [{"id": "8", "archivedAt": T1}]})
    (gone,) = pull(crm(server), "deals", Cursor(stamp=parse_instant(T1))).gone
    assert (gone["crm_id"], gone["gone_at"]) == ("8", parse_instant(T1))


@pytest.mark.parametrize(("live", "lists"), [(7, 0), (6, 1)])
def test_archive_is_listed_only_when_a_live_record_is_missing(
    server: Server, replies: Replies, live: int, lists: int
) -> None:
    """The search counts those that were live at the last read; while none of them is missing the list isn't read."""
    replies.lay(f"{OBJECTS}/deals/search", {"results": [], "total": live})
    pull(crm(server), "deals", Cursor(stamp=parse_instant(T1), resume=f"done:{parse_instant(T1)}:7"))
    assert sum(request.path == f"{OBJECTS}/deals" for request in replies.requests) == lists


@pytest.mark.parametrize("links", [99, 100])
def test_block_that_may_not_be_whole_is_asked_for_by_id(server: Server, replies: Replies, links: int) -> None:
    """A list brings up to a hundred associations of a record and doesn't say whether it had more."""
    replies.rows("emails", row("1", {"hs_timestamp": T1, "hs_email_direction": "EMAIL"}))
    replies.link("emails", "deals", *(("1", str(number)) for number in range(links)))
    facts = pull(crm(server), "emails").facts
    asked = [request for request in replies.requests if request.path.startswith(ASSOCIATIONS)]
    assert (len(facts), len(asked)) == (links, int(links == 100))


def test_deals_show_what_stands_in_our_fields(server: Server, replies: Replies) -> None:
    """Our fields come as canonical text with who set them and when; a blank one comes too, as None."""
    fields = {Result.PROBABILITY: "score"}
    replies.rows("deals", deal("1", score=[(T1, "63.20")]), deal("2"))
    replies.lay("/crm/owners/2026-09", {"results": [{"id": "40", "userId": 5}]})
    held = pull(crm(server, fields=fields), "deals").held
    assert [(one["value"], one["set_by"], one["set_at"]) for one in held] == [
        ("63.2", "40", parse_instant(T1)),
        (None, "", parse_instant(CREATED)),
    ]


def test_deals_bring_their_contacts(server: Server, replies: Replies) -> None:
    """A contact joined when both it and the deal existed; ids of contacts can't be mistaken for those of owners."""
    replies.rows("deals", deal())
    replies.link("deals", "contacts", ("1", "6"))
    contact = row("6", {"firstname": "Ada", "email": "ada@example.com"}) | {"createdAt": T1}
    replies.lay(f"{OBJECTS}/contacts/batch/read", {"results": [contact]})
    page = pull(crm(server), "deals")
    (fact,) = of(page, Kind.CONTACT)
    assert (fact["at"], fact["person"], page.people[0]["crm_id"]) == (parse_instant(T1), "contact/6", "contact/6")


def test_associations_are_followed_to_their_end(server: Server, replies: Replies) -> None:
    """A deal with more contacts than one answer holds gets all of them."""
    replies.rows("deals", deal())
    first = {"from": {"id": "1"}, "to": [{"toObjectId": 6}], "paging": {"next": {"after": "x"}}}
    second = {"from": {"id": "1"}, "to": [{"toObjectId": 7}]}
    replies.lay("/crm/associations/2026-09/deals/contacts/batch/read", {"results": [first]}, {"results": [second]})
    replies.lay(f"{OBJECTS}/contacts/batch/read", {"results": [row("6", {}), row("7", {})]})
    assert len(of(pull(crm(server), "deals"), Kind.CONTACT)) == 2


def test_milestones_promises_and_completions_are_dated_twice(server: Server, replies: Replies) -> None:
    """Each promised day, the completion with its own instant, and its undoing, all known at HubSpot's stamps."""
    replies.rows(
        "2-9",
        row(
            "5",
            {"title": "Legal review", "side": "buyer"},
            history={"due_on": [(T1, "2026-04-01"), (CREATED, "2026-03-01")], "completed_at": [(T4, ""), (T3, T2)]},
        ),
    )
    replies.link("2-9", "deals", ("5", "1"))
    page = pull(crm(server, milestones=(MILESTONE,)), "milestone")
    told = [(fact["phase"], fact["at"], fact["known_at"]) for fact in of(page, Kind.MILESTONE)]
    stamps = [parse_instant(stamp) for stamp in (CREATED, T1, T2, T3, T4)]
    assert told == [
        (Phase.PLANNED, stamps[0], stamps[0]),
        (Phase.PLANNED, stamps[1], stamps[1]),
        (Phase.DONE, stamps[2], stamps[3]),
        (Phase.REOPENED, stamps[4], stamps[4]),
    ]


def test_milestones_show_their_present_state(server: Server, replies: Replies) -> None:
    """The record says what holds now: whose step, the day promised last, done or not."""
    history = {"due_on": [(T1, "2026-04-01"), (CREATED, "2026-03-01")], "completed_at": [(T3, T2)]}
    replies.rows("2-9", row("5", {"title": "Legal", "side": "buyer"}, history=history))
    replies.link("2-9", "deals", ("5", "1"))
    (step,) = pull(crm(server, milestones=(MILESTONE,)), "milestone").milestones
    assert (step["side"], to_date(step["due_on"] or 0).isoformat(), step["done_at"]) == (
        Side.BUYER,
        "2026-04-01",
        parse_instant(T2),
    )


def test_milestones_without_a_date_are_planned_for_no_day(server: Server, replies: Replies) -> None:
    """A step exists from its creation even when nobody promised a day yet."""
    replies.rows("2-9", row("5", {"title": "Legal"}, history={"due_on": [(T2, "2026-04-01")]}))
    replies.link("2-9", "deals", ("5", "1"))
    facts = of(pull(crm(server, milestones=(MILESTONE,)), "milestone"), Kind.MILESTONE)
    assert [(fact["at"], fact["value"] > 0) for fact in facts] == [
        (parse_instant(CREATED), False),
        (parse_instant(T2), True),
    ]


def test_milestones_of_no_deal_are_set_aside(server: Server, replies: Replies) -> None:
    """A step that belongs to no deal is told, not dropped in silence."""
    replies.rows("2-9", row("5", {"title": "Legal"}))
    (bad,) = pull(crm(server, milestones=(MILESTONE,)), "milestone").bad
    assert "belongs to no deal" in bad["reason"]


def test_tasks_marked_as_steps_are_milestones_and_the_others_work(server: Server, replies: Replies) -> None:
    """The rule of the config parts a plan's steps from a seller's to-dos."""
    status = [(T2, "COMPLETED"), (T1, "IN_PROGRESS"), (CREATED, "NOT_STARTED")]
    step = row(
        "5",
        {"is_milestone": "true", "hs_task_subject": "Sign", "buyer_owned": "true"},
        history={"hs_task_status": status},
    )
    todo = row("6", {"hs_task_type": "TODO"}, history={"hs_task_status": status})
    replies.rows("tasks", step, todo)
    replies.link("tasks", "deals", ("5", "1"), ("6", "1"))
    page = pull(crm(server, milestones=(TASK,)), "tasks")
    told = {kind: [fact["phase"] for fact in of(page, kind)] for kind in (Kind.MILESTONE, Kind.WORK)}
    assert told == {
        Kind.MILESTONE: [Phase.PLANNED, Phase.DONE],
        Kind.WORK: [Phase.PLANNED, Phase.BEGUN, Phase.DONE],
    }


def test_tasks_due_moves_are_days_of_the_accounts_zone(server: Server, replies: Replies) -> None:
    """hs_timestamp is an instant: the promised day is the one in the account's zone, and a change within the day is no move."""
    due = [(T2, "2026-06-03T01:00:00Z"), (T1, "2026-06-02T20:00:00Z"), (CREATED, "2026-06-01T20:00:00Z")]
    replies.rows("tasks", row("5", {"is_milestone": "true", "hs_task_subject": "Sign"}, history={"hs_timestamp": due}))
    replies.link("tasks", "deals", ("5", "1"))
    facts = of(pull(crm(server, milestones=(TASK,)), "tasks"), Kind.MILESTONE)
    assert [to_date(fact["value"]).isoformat() for fact in facts] == ["2026-06-01", "2026-06-02"]


def test_milestones_may_be_date_properties_of_the_deal(server: Server, replies: Replies) -> None:
    """A deal whose property was never set has no such step."""
    source = MilestoneSource(object="deals", name="Kick-off", due_on="due_on", done_at="completed_at", side="buyer")
    replies.rows("deals", deal("1", due_on=[(T1, "2026-04-01")]), deal("2"))
    page = pull(crm(server, milestones=(source,)), "deals")
    told = [(step["deal"], step["name"], step["crm_id"], step["side"]) for step in page.milestones]
    assert told == [("1", "Kick-off", "1/due_on", Side.BUYER)]


def test_meetings_called_off_did_not_happen(server: Server, replies: Replies) -> None:
    """A meeting happens at its start unless it was off by then; one in the future has not happened yet."""
    replies.rows(
        "meetings",
        row("1", {"hs_meeting_start_time": T2}, history={"hs_meeting_outcome": [(CREATED, "SCHEDULED")]}),
        row("2", {"hs_meeting_start_time": T2}, history={"hs_meeting_outcome": [(T1, "CANCELED")]}),
        row("3", {"hs_meeting_start_time": "2999-01-01T00:00:00Z"}),
    )
    replies.link("meetings", "deals", ("1", "7"), ("2", "7"), ("3", "7"))
    facts = pull(crm(server), "meetings").facts
    assert [fact["source_id"] for fact in facts if fact["phase"] == Phase.HAPPENED] == ["1"]


def test_calls_logged_late_are_known_late(server: Server, replies: Replies) -> None:
    """An act dated back counts as known from the day it was put in."""
    replies.rows("calls", row("1", {"hs_timestamp": "2025-12-01T00:00:00Z", "hs_call_direction": "INBOUND"}))
    replies.link("calls", "deals", ("1", "7"))
    (fact,) = pull(crm(server), "calls").facts
    assert (fact["known_at"], fact["side"]) == (parse_instant(CREATED), Side.BUYER)


def test_emails_know_who_wrote(server: Server, replies: Replies) -> None:
    """An incoming mail is the buyer's; one of no deal is none of ours."""
    ways = ("INCOMING_EMAIL", "EMAIL", "EMAIL")
    rows = [row(str(n), {"hs_timestamp": T1, "hs_email_direction": way}) for n, way in enumerate(ways, start=1)]
    replies.rows("emails", *rows)
    replies.link("emails", "deals", ("1", "7"), ("2", "7"))
    facts = pull(crm(server), "emails").facts
    assert [fact["side"] for fact in facts] == [Side.BUYER, Side.SELLER]


def test_engagement_may_live_in_an_object_of_its_own(server: Server, replies: Replies) -> None:
    """Visits to a plan's room, or whatever the config names, are the buyer's acts."""
    source = EngagementSource(object="milestone", at="completed_at")
    replies.rows("2-9", row("1", {"completed_at": T1}))
    replies.link("2-9", "deals", ("1", "7"))
    (fact,) = pull(crm(server, engagement=(source,)), "milestone").facts
    assert (fact["kind"], fact["side"], fact["at"]) == (Kind.VIEW, Side.BUYER, parse_instant(T1))


@pytest.mark.parametrize(
    ("config", "options", "names"),
    [
        ({"milestones": (MILESTONE.model_copy(update={"due_on": "due_no"}),)}, {}, "due_no"),
        ({"milestones": (MILESTONE.model_copy(update={"object": "milestones"}),)}, {}, "milestones"),
        ({"fields": {Result.RISK: "risc"}}, {}, "risc"),
        ({}, {"segment": "segmnt"}, "segmnt"),
    ],
)
def test_pull_names_what_the_config_misspells(
    server: Server, config: dict[str, Any], options: dict[str, Any], names: str
) -> None:
    """HubSpot would leave an unknown property out without a word; the pull refuses to begin, and names it."""
    hubspot = crm(server, options=options, **config)
    with pytest.raises(BadConfig, match=rf"E203.*'{names}'"):
        [pull(hubspot, stream) for stream in hubspot.streams()]


def test_milestones_refuse_a_condition_that_cannot_be_read(server: Server) -> None:
    """where takes one form, and the error shows it."""
    with pytest.raises(BadConfig, match="property = value"):
        crm(server, milestones=(TASK.model_copy(update={"where": "is_milestone"}),))


def test_pull_goes_on_where_a_full_read_broke_off(server: Server, replies: Replies) -> None:
    """The cursor of a page holds the list's own place and the clock at the read's start."""
    first = {"results": [deal("1")], "paging": {"next": {"after": "tok:en"}}}
    replies.lay(f"{OBJECTS}/deals", first, {"results": [deal("2")]}, {"results": []})
    hubspot = crm(server, parallel=1)
    page = next(hubspot.pull("deals", since=None))
    rest = pull(hubspot, "deals", page.cursor)
    asked = [request.query.get("after") for request in replies.requests if request.path == f"{OBJECTS}/deals"]
    assert ([record["crm_id"] for record in rest.deals], asked[1], rest.cursor.stamp) == (
        ["2"],
        ["tok:en"],
        page.cursor.stamp,
    )


def full_page() -> dict[str, Any]:
    """As many deals as a list with histories gives at once, and a page behind it."""
    deals = [deal(str(number)) for number in range(READ_INPUTS_WITH_HISTORY)]
    return {"results": deals, "paging": {"next": {"after": "tok:en"}}}


def test_pull_asks_at_once_for_what_belongs_to_several_pages(server: Server, replies: Replies) -> None:
    """A full page of a list and the one behind it are stored as one, and cost one call for the companies of their deals."""
    replies.lay(f"{OBJECTS}/deals", full_page(), {"results": [deal("last")]}, {"results": []})
    page = next(crm(server).pull("deals", since=None))
    (asked,) = [request.json() for request in replies.requests if request.path.endswith("/deals/companies/batch/read")]
    assert len(page.deals) == len(asked["inputs"]) == READ_INPUTS_WITH_HISTORY + 1


def test_pull_brings_what_was_listed_before_a_list_broke_off(server: Server, replies: Replies) -> None:
    """The pages that were to be stored together; the next pull goes on behind them."""
    replies.lay(f"{OBJECTS}/deals", full_page())  # and again, which leads back to itself
    pages = crm(server).pull("deals", since=None)
    assert len(next(pages).deals) == READ_INPUTS_WITH_HISTORY
    with pytest.raises(RetryLater, match="E211"):
        next(pages)


def test_pull_searches_from_the_look_back_on_and_by_growing_id(server: Server, replies: Replies) -> None:
    """Where more changed since ten minutes before the last read's start than one answer holds, they are asked for by id."""
    found = {"results": [{"id": str(n), "createdAt": CREATED} for n in range(1, 201)]}
    replies.lay(f"{OBJECTS}/deals/search", found, found, {"results": []})
    replies.lay(f"{OBJECTS}/deals/batch/read", {"results": [deal("1")]}, {"results": []})
    pull(crm(server), "deals", Cursor(stamp=parse_instant(T1)))
    searches = [request.json() for request in replies.requests if request.path.endswith("/search")]
    filters = [group["filters"] for search in searches for group in search["filterGroups"]]
    start = {
        "propertyName": "hs_lastmodifieddate",
        "operator": "GTE",
        "value": str(parse_instant(T1) // 1000 - 600_000),
    }
    assert filters[1:3] == [[start], [start, {"propertyName": "hs_object_id", "operator": "GT", "value": "200"}]]


def test_pull_that_broke_off_in_a_search_goes_on_by_id(server: Server, replies: Replies) -> None:
    """The window stays the old one until the read is complete, and its cursor becomes the broken read's start."""
    replies.lay(f"{OBJECTS}/deals/search", {"results": [{"id": "1", "createdAt": CREATED}]})
    replies.lay(f"{OBJECTS}/deals/batch/read", {"results": [deal("1")]})
    hubspot, since = crm(server), Cursor(stamp=parse_instant(T1))
    broken = next(hubspot.pull("deals", since=since)).cursor
    done = pull(hubspot, "deals", broken).cursor
    asked = [
        request.json()["filterGroups"][0]["filters"][-1]["value"]
        for request in replies.requests
        if "search" in request.path
    ]
    assert (broken.stamp, asked[1], done) == (since.stamp, "1", Cursor(stamp=int(broken.resume.split(":")[1])))


def test_pull_never_moves_the_cursor_past_the_crms_clock(server: Server, replies: Replies) -> None:
    """A row stamped in the future doesn't drag the cursor along."""
    replies.rows("deals", deal() | {"updatedAt": "2999-01-01T00:00:00Z"})
    hubspot = crm(server)
    before = hubspot.now()
    assert pull(hubspot, "deals").cursor.stamp in (before, before + 1_000_000)


def test_pull_of_contacts_finds_people_added_to_older_deals(server: Server, replies: Replies) -> None:
    """A new contact of an old deal joins it, though the deal itself did not change."""
    replies.lay(f"{OBJECTS}/contacts/search", {"results": [{"id": "6"}, {"id": "7"}]})
    replies.lay(f"{OBJECTS}/contacts/batch/read", {"results": [row("6", {}) | {"createdAt": T1}, row("7", {})]})
    replies.link("contacts", "deals", ("6", "1"))
    replies.lay(f"{OBJECTS}/deals/batch/read", {"results": [deal("1")]})
    page = pull(crm(server), "contacts", Cursor(stamp=parse_instant(T2)))
    (fact,) = page.facts
    assert (fact["deal"], fact["at"], len(page.people)) == ("1", parse_instant(T1), 1)


def test_pull_reads_owners_active_or_not(server: Server, replies: Replies) -> None:
    """Old deals point to people who have left."""
    left, here = {"id": "1", "firstName": "Ann"}, {"id": "2", "email": "bob@example.com"}
    replies.lay("/crm/owners/2026-09", {"results": [here]}, {"results": [left]})
    people = pull(crm(server), "owners").people
    assert [(person["crm_id"], person["active"]) for person in people] == [("1", False), ("2", True)]


def test_pull_reads_the_retired_again_when_somebody_active_is_missing(server: Server, replies: Replies) -> None:
    """Who has left is known from the first read on, and is asked for anew only by the read that misses an active one."""
    ann, bob = {"id": "1"}, {"id": "2"}
    answers = ([ann, bob], [], [ann, bob], [bob], [ann], [bob])
    replies.lay("/crm/owners/2026-09", *({"results": rows} for rows in answers))
    hubspot = crm(server)
    told = [{one["crm_id"]: one["active"] for one in pull(hubspot, "owners").people} for _ in range(4)]
    asked = [request.query["archived"] for request in replies.requests if "owners" in request.path]
    assert told == [{"1": True, "2": True}] * 2 + [{"1": False, "2": True}] * 2
    assert asked == [["false"], ["true"], ["false"], ["false"], ["true"], ["false"]]


def test_one_search_tells_what_changed_and_what_was_archived(server: Server, replies: Replies) -> None:
    """Of the live records, last changed first, those within the look-back are read; the others only count."""
    rows = [
        {"id": "9", "createdAt": T2, "properties": {"hs_lastmodifieddate": T2}},
        {"id": "10", "createdAt": CREATED, "properties": {"hs_lastmodifieddate": T2}},
        {"id": "3", "createdAt": CREATED, "properties": {"hs_lastmodifieddate": CREATED}},
    ]
    replies.lay(f"{OBJECTS}/deals/search", {"results": rows, "total": 8})
    since = Cursor(stamp=parse_instant(T1), resume=f"done:{parse_instant(T1)}:7")
    page = pull(crm(server), "deals", since)
    (asked,) = [request.json() for request in replies.requests if request.path.endswith("deals/batch/read")]
    assert [one["id"] for one in asked["inputs"]] == ["9", "10"]
    assert page.cursor.resume.rpartition(":")[2] == "8"
    assert not [request for request in replies.requests if request.path == f"{OBJECTS}/deals"]


def test_pull_reads_a_stages_meaning_from_its_metadata(server: Server) -> None:
    """Metadata are texts; won is closed with probability 1, whatever the stage's id or label."""
    stages = pull(crm(server), "pipelines").stages
    assert [(one["crm_id"], one["closed"], one["won"]) for one in stages] == [
        ("new", False, False),
        ("won", True, True),
        ("lost", True, False),
    ]


def test_account_is_the_portal(server: Server, replies: Replies) -> None:
    """Two portals can be told apart."""
    replies.lay(ACCOUNT, Response(200, DETAILS))
    assert crm(server).account() == "77"
