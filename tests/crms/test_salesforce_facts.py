"""What the small world's records become: dated facts, milestones, people, all known by hand."""

from typing import Any

from crmsync.clock import iso, to_date
from crmsync.config import MilestoneSource
from crmsync.records import Kind, Page, Phase, Result, Side
from tests.crms.salesforce_org import FIELDS, lay, of, org, pull
from tests.sandbox.salesforce.conftest import DEAL_BARE, DEAL_LOST, DEAL_OPEN, DEAL_WON, Local
from tests.sandbox.salesforce.world import NOW, at, on

HOUR = 3_600


def user(row: int) -> str:
    """The id of a user: 0 the integration's, 1 the system's, 2 Ann, 3 Bob."""
    return f"005gK{row + 1:010}QAA"


def of_deal(page: Page, deal: str) -> list[tuple[Kind, Phase, str, str, int]]:
    """A deal's facts, shortened, in the order of their instants."""
    mine = [fact for fact in page.facts if fact["deal"] == deal]
    return [
        (fact["kind"], fact["phase"], iso(fact["at"])[:16], fact["name"], fact["value"])
        for fact in sorted(mine, key=lambda fact: (fact["at"], fact["kind"]))
    ]


def test_deals_history_becomes_dated_facts(local: Local) -> None:
    """The won deal's whole life: each stage, amount and close date at Salesforce's own stamps, and the closing."""
    happened = Phase.HAPPENED
    assert of_deal(pull(org(local), "Opportunity"), local.ids[DEAL_WON]) == [
        (Kind.CREATED, happened, "2026-03-02T09:00", "", 0),
        (Kind.STAGE, happened, "2026-03-02T09:00", "Qualify", 0),
        (Kind.AMOUNT, happened, "2026-03-02T09:00", "EUR", 100_000),
        (Kind.CLOSE_ON, happened, "2026-03-02T09:00", "", on("2026-12-31")),
        (Kind.OWNER, happened, "2026-03-02T09:00", "", 0),
        (Kind.STAGE, happened, "2026-04-01T09:00", "Propose", 0),
        (Kind.AMOUNT, happened, "2026-04-01T09:00", "EUR", 120_000),
        (Kind.CLOSE_ON, happened, "2026-07-01T10:00", "", on("2026-11-30")),
        (Kind.STAGE, happened, "2026-09-10T15:30", "Closed Won", 0),
        (Kind.OUTCOME, Phase.DONE, "2026-09-10T15:30", "", 1),
        (Kind.CLOSE_ON, happened, "2026-09-10T15:30", "", on("2026-09-10")),
    ]


def test_deals_closed_at_is_the_closing_not_closedate(local: Local) -> None:
    """A deal closed when its stage did, to the second; CloseDate is only a day, and people move it."""
    closed = {deal["crm_id"]: (deal["won"], deal["closed_at"]) for deal in pull(org(local), "Opportunity").deals}
    expected = [(True, at("2026-09-10 15:30")), (None, None), (False, at("2025-06-01 10:00")), (None, None)]
    assert closed == dict(zip(local.ids, expected, strict=True))


def test_deals_amounts_are_minor_units_of_their_currency(local: Local) -> None:
    """Yen have no minor unit, and a deal without an amount has none."""
    deals = {deal["crm_id"]: deal for deal in pull(org(local, options={"segment": "Segment__c"}), "Opportunity").deals}
    told = [(deals[local.ids[n]]["amount_minor"], deals[local.ids[n]]["currency"]) for n in (DEAL_OPEN, DEAL_BARE)]
    assert (told, deals[local.ids[DEAL_OPEN]]["segment"]) == ([(5_000, "JPY"), (None, "EUR")], "Mid")


def test_deals_take_the_orgs_currency_where_there_is_only_one(local: Local) -> None:
    """A field that describe doesn't show is never asked for."""
    for entity in ("Opportunity", "OpportunityHistory"):
        local.app.rights.take(f"{entity}.CurrencyIsoCode", ["read"])
    assert {deal["currency"] for deal in pull(org(local), "Opportunity").deals} == {"EUR"}


def test_deals_reopened_tell_both_turns(local: Local) -> None:
    """Won, open again, lost: three outcomes, by the stages' own definitions."""
    deal = local.ids[DEAL_WON]
    for stage in ("Propose", "Closed Lost"):
        local.clock.set(forward_s=HOUR)
        local.app.edit("Opportunity", deal, {"StageName": stage}, who=local.app.user)
    outcomes = [fact for fact in of(pull(org(local), "Opportunity"), Kind.OUTCOME) if fact["deal"] == deal]
    assert [(fact["phase"], fact["value"]) for fact in outcomes] == [
        (Phase.DONE, 1),
        (Phase.REOPENED, 0),
        (Phase.DONE, 0),
    ]


def test_deals_cleared_amounts_are_told(local: Local) -> None:
    """An amount that was taken away is a fact of its own."""
    local.app.edit("Opportunity", local.ids[DEAL_LOST], {"Amount": None}, who=local.app.user)
    amounts = [
        f["value"] for f in of(pull(org(local), "Opportunity"), Kind.AMOUNT) if f["deal"] == local.ids[DEAL_LOST]
    ]
    assert amounts == [100_000, 0]


def test_deals_deleted_are_gone_and_come_back(local: Local) -> None:
    """A deal in the recycle bin is reported gone with its instant; taken out of it, it is a deal again."""
    crm, deal = org(local), local.ids[DEAL_OPEN]
    since = pull(crm, "Opportunity").cursor
    local.clock.set(forward_s=HOUR)
    local.app.delete("Opportunity", deal, who=local.app.user)
    (gone,) = pull(crm, "Opportunity", since).gone
    local.app.restore("Opportunity", deal, who=local.app.user)
    back = [record["crm_id"] for record in pull(crm, "Opportunity", since).deals]
    assert (gone["crm_id"], gone["source"], gone["gone_at"], back) == (deal, "deal", NOW + HOUR * 1_000_000, [deal])


def test_deals_show_what_stands_in_our_fields(local: Local) -> None:
    """Our fields come as canonical text, blank ones as None, with who changed the record last."""
    crm = org(local, fields=FIELDS)
    crm.create_fields()
    local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"Score__c": 63.2, "Worth__c": 12500}, who=user(2))
    held = [one for one in pull(crm, "Opportunity").held if one["deal"] == local.ids[DEAL_OPEN]]
    assert [(one["result"], one["value"]) for one in held] == [
        (Result.PROBABILITY, "63.2"),
        (Result.EXPECTED_AMOUNT, "12500.00"),
        (Result.CLOSE_DATE, None),
        (Result.REASONS, None),
        (Result.SCORED_AT, None),
    ]
    assert {(one["set_by"], one["set_at"]) for one in held} == {(user(2), NOW)}


def test_deals_that_cannot_be_read_are_set_aside(local: Local) -> None:
    """One unreadable deal stops neither the others nor the run, and nothing of it is stored."""
    good = {"Id": "1", "StageName": "Qualify", "CreatedDate": "2026-01-05T09:00:00.000+0000"}
    stamp = {"SystemModstamp": "2026-01-05T09:00:00.000+0000", "IsDeleted": False}
    rows = [good | stamp, good | stamp | {"Id": "2", "Amount": "N/A"}, {"Id": "3", "StageName": "x"} | stamp]
    crm = org(local)
    crm.account()
    lay(local, {"done": True, "records": rows}, path="queryAll")
    page = pull(crm, "Opportunity")
    assert ([bad["crm_id"] for bad in page.bad], {fact["deal"] for fact in page.facts}) == (["2", "3"], {"1"})


def test_milestones_promises_and_completions_are_dated(local: Local) -> None:
    """Each promised day of the tracked field at its stamp, and the completion; a removed step is only gone."""
    page = pull(org(local), "Milestone__c")
    told = [(fact["phase"], fact["at"], fact["value"], fact["side"]) for fact in of(page, Kind.MILESTONE)]
    assert told == [
        (Phase.PLANNED, at("2026-03-03 09:00"), on("2026-04-01"), Side.BUYER),
        (Phase.PLANNED, at("2026-03-20 09:00"), on("2026-05-01"), Side.BUYER),
        (Phase.DONE, at("2026-04-20 16:00"), 0, Side.BUYER),
    ]


def test_milestones_show_their_present_state(local: Local) -> None:
    """The record says what holds now."""
    (step,) = pull(org(local), "Milestone__c").milestones
    told = (step["name"], step["deal"], step["side"], step["due_on"], step["done_at"])
    due, done = on("2026-05-01"), at("2026-04-20 16:00")
    assert told == ("Security review", local.ids[DEAL_WON], Side.BUYER, due, done)


def test_milestones_undone_are_reopened(local: Local) -> None:
    """Clearing the done date is a fact at the instant of the clearing."""
    (step,) = pull(org(local), "Milestone__c").milestones
    local.app.edit("Milestone__c", step["crm_id"], {"Completed_At__c": None}, who=user(2))
    page = pull(org(local), "Milestone__c")
    last = of(page, Kind.MILESTONE)[-1]
    assert (last["phase"], last["at"], last["person"], page.milestones[0]["done_at"]) == (
        Phase.REOPENED,
        NOW,
        user(2),
        None,
    )


def test_milestones_deleted_are_gone(local: Local) -> None:
    """A step that was taken off the plan is told with its instant."""
    crm = org(local)
    page = pull(crm, "Milestone__c")
    local.app.delete("Milestone__c", page.milestones[0]["crm_id"], who=local.app.user)
    (gone,) = pull(crm, "Milestone__c", page.cursor).gone
    assert (gone["source"], gone["gone_at"]) == ("Milestone__c", NOW)


def test_milestones_may_be_flagged_tasks(local: Local) -> None:
    """The rule of the config parts a plan's steps from a seller's to-dos; the day that a step shows counts from the pull on."""
    crm = org(local)
    steps, work = pull(crm, "Task where Is_Milestone__c = true"), pull(crm, "Task")
    told = [(fact["phase"], fact["at"], fact["value"]) for fact in of(steps, Kind.MILESTONE)]
    assert told == [
        (Phase.PLANNED, at("2026-08-01 10:00"), 0),
        (Phase.DONE, at("2026-09-14 10:00"), 0),
        (Phase.PLANNED, NOW, on("2026-09-15")),
    ]
    assert not {fact["source_id"] for fact in steps.facts} & {fact["source_id"] for fact in work.facts}


def test_milestones_in_tasks_tell_a_move_that_a_later_pull_saw(local: Local) -> None:
    """Tasks keep no history: the new day counts from the change that the pull found, not from the task's creation."""
    crm, stream = org(local), "Task where Is_Milestone__c = true"
    page = pull(crm, stream)
    local.clock.set(forward_s=HOUR)
    local.app.edit("Task", page.milestones[0]["crm_id"], {"ActivityDate": "2026-12-24"}, who=user(2))
    facts = of(pull(crm, stream, page.cursor), Kind.MILESTONE)
    moved = [(fact["at"], fact["value"]) for fact in facts if fact["phase"] == Phase.PLANNED]
    assert moved == [(NOW + HOUR * 1_000_000, on("2026-12-24"))]


def test_milestones_without_a_date_are_planned_for_no_day(local: Local) -> None:
    """A step exists from its creation even when nobody promised a day yet."""
    values = {"Name": "Legal", "Opportunity__c": local.ids[DEAL_OPEN], "Side__c": "seller"}
    crm_id = local.app.create("Milestone__c", values, who=user(2))
    facts = [fact for fact in pull(org(local), "Milestone__c").facts if fact["source_id"] == crm_id]
    assert [(fact["phase"], fact["value"], fact["side"]) for fact in facts] == [(Phase.PLANNED, 0, Side.SELLER)]


def test_milestones_may_be_date_fields_of_the_deal(local: Local) -> None:
    """A date on the deal is a step of its own; without a history nobody knows how long it has stood there: since the pull."""
    source = MilestoneSource(object="Opportunity", name="Signature", due_on="CloseDate", side="buyer")
    page = pull(org(local, milestones=(source,)), "Opportunity")
    deal = next(record for record in page.deals if record["crm_id"] == local.ids[DEAL_WON])
    (step,) = (one for one in page.milestones if one["deal"] == deal["crm_id"])
    (fact,) = (one for one in of(page, Kind.MILESTONE) if one["deal"] == deal["crm_id"])
    assert (step["crm_id"], step["side"]) == (f"{deal['crm_id']}/CloseDate", Side.BUYER)
    assert (fact["at"], fact["value"]) == (NOW, on("2026-09-10"))


def test_our_own_write_moves_no_promise(local: Local) -> None:
    """A score that we wrote moves the deal's stamp; that says nothing about the dates on it."""
    source = MilestoneSource(object="Opportunity", name="Signature", due_on="CloseDate")
    crm = org(local, milestones=(source,))
    since = pull(crm, "Opportunity").cursor
    local.clock.set(forward_s=HOUR)
    local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"NextStep": "ours"}, who=local.app.user)
    assert of(pull(crm, "Opportunity", since), Kind.MILESTONE) == []


def test_milestones_of_a_deal_are_gone_with_their_date(local: Local) -> None:
    """Clearing the date takes the step off the deal, and other deals that never had one get none."""
    source = MilestoneSource(object="Opportunity", name="Go-live", due_on="Go_Live__c")
    crm = org(local, milestones=(source,), fields={Result.CLOSE_DATE: "Go_Live__c"})
    crm.create_fields()
    local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"Go_Live__c": "2026-12-01"}, who=user(2))
    first = pull(crm, "Opportunity")
    local.clock.set(forward_s=HOUR)
    local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"Go_Live__c": None}, who=user(2))
    later = pull(crm, "Opportunity", first.cursor)
    step = f"{local.ids[DEAL_OPEN]}/Go_Live__c"
    assert ([one["crm_id"] for one in first.milestones], [one["crm_id"] for one in later.gone]) == ([step], [step])


def test_roles_bring_their_contacts(local: Local) -> None:
    """A contact joined when its role was made, and comes along by name though nothing of it changed."""
    page = pull(org(local), "OpportunityContactRole")
    (fact,) = of(page, Kind.CONTACT)
    told = (fact["deal"], fact["at"], fact["name"], fact["person"])
    assert told == (local.ids[DEAL_WON], at("2026-03-10 09:00"), "Decision Maker", page.people[0]["crm_id"])
    assert (page.people[0]["name"], page.people[0]["role"]) == ("Eve Egan", "contact")


def test_contacts_that_changed_are_read_anew(local: Local) -> None:
    """A full read leaves them to the roles; later ones read who has a part in a deal, and nobody else."""
    crm = org(local)
    page = pull(crm, "Contact")
    eve = pull(crm, "OpportunityContactRole").people[0]["crm_id"]
    local.clock.set(forward_s=HOUR)
    local.app.edit("Contact", eve, {"LastName": "Edge"}, who=user(2))
    names = [person["name"] for person in pull(crm, "Contact", page.cursor).people]
    assert (page.people, names) == ([], ["Eve Edge"])


def test_users_are_read_active_or_not(local: Local) -> None:
    """Old deals point to people who have left."""
    people = {person["name"]: person["active"] for person in pull(org(local), "User").people}
    assert (people["Ann Archer"], people["Bob Baker"]) == (True, False)


def test_stages_say_what_they_mean(local: Local) -> None:
    """Closed and won are flags of the stage, whatever its name; the probability is a share of one."""
    stages = pull(org(local), "OpportunityStage").stages
    assert [(one["crm_id"], one["closed"], one["won"], one["probability"]) for one in stages] == [
        ("Qualify", False, False, 0.1),
        ("Propose", False, False, 0.5),
        ("Closed Won", True, True, 1.0),
        ("Closed Lost", True, False, 0.0),
    ]


def test_tasks_are_calls_or_work_archived_ones_too(local: Local) -> None:
    """Planned when made, done when closed; a call of a deal lost long ago is not forgotten."""
    facts = sorted(pull(org(local), "Task").facts, key=lambda fact: (fact["at"], fact["phase"]))
    assert [(fact["kind"], fact["phase"], iso(fact["at"])[:16]) for fact in facts] == [
        (Kind.CALL, Phase.PLANNED, "2025-02-01T10:00"),
        (Kind.CALL, Phase.DONE, "2025-02-01T10:00"),
        (Kind.CALL, Phase.PLANNED, "2026-08-03T10:00"),
        (Kind.CALL, Phase.DONE, "2026-08-04T10:30"),
        (Kind.WORK, Phase.PLANNED, "2026-08-05T10:00"),
    ]


def meeting(local: Local, start: str, **more: Any) -> str:
    """A meeting that Ann puts in now."""
    times = {"StartDateTime": f"{start}:00Z", "EndDateTime": f"{start[:11]}23:00:00Z"}
    return local.app.create("Event", {"WhatId": local.ids[DEAL_OPEN], **times, **more}, who=user(2))


def test_meetings_happen_once_their_time_has_come(local: Local) -> None:
    """Planned when put in; a later pull tells that it was held, though nobody touched the record."""
    crm_id = meeting(local, "2026-11-03T10:00")
    before = pull(org(local), "Event")
    local.clock.set(forward_s=48 * HOUR)
    after = pull(org(local), "Event", before.cursor)
    told = [[f["phase"] for f in page.facts if f["source_id"] == crm_id] for page in (before, after)]
    assert told == [[Phase.PLANNED], [Phase.PLANNED, Phase.HAPPENED]]


def test_meetings_deleted_or_of_an_account_are_left_out(local: Local) -> None:
    """What was called off didn't happen, and what isn't about a deal is none of ours."""
    gone = meeting(local, "2026-11-01T10:00")
    local.app.delete("Event", gone, who=user(2))
    meeting(local, "2026-11-01T11:00", WhatId=pull(org(local), "Opportunity").deals[0]["account"])
    assert [iso(fact["at"])[:10] for fact in pull(org(local), "Event").facts] == ["2026-05-05"]


def test_meetings_logged_late_are_known_late(local: Local) -> None:
    """An act dated back counts as known from the day it was put in."""
    crm_id = meeting(local, "2026-10-01T10:00")
    (fact,) = (fact for fact in pull(org(local), "Event").facts if fact["source_id"] == crm_id)
    assert (fact["at"], fact["known_at"]) == (at("2026-10-01 10:00"), NOW)


def test_emails_and_visits_know_who_came(local: Local) -> None:
    """An incoming mail and a visit to the plan's room are the buyer's acts."""
    crm = org(local)
    (mail,), (visit,) = pull(crm, "EmailMessage").facts, pull(crm, "Room_Visit__c").facts
    assert (mail["kind"], mail["side"], mail["at"]) == (Kind.EMAIL, Side.BUYER, at("2026-05-04 10:00"))
    assert (visit["kind"], visit["side"], visit["at"]) == (Kind.VIEW, Side.BUYER, at("2026-05-03 10:00"))


def test_close_dates_are_days_without_a_zone(local: Local) -> None:
    """CloseDate stands as Salesforce shows it."""
    deals = {deal["crm_id"]: deal["close_on"] for deal in pull(org(local), "Opportunity").deals}
    assert to_date(deals[local.ids[DEAL_WON]] or 0).isoformat() == "2026-09-10"
