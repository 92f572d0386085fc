"""HubSpot's room against the local HubSpot: what is pulled is what the world says, what is pushed is what it then shows."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from crmsync.clock import to_date
from crmsync.config import CrmConfig, EngagementSource, MilestoneSource
from crmsync.crms.hubspot import HubSpot, connect
from crmsync.errors import BadConfig
from crmsync.records import Answer, Cursor, Kind, Phase, Result, Side, Write
from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.http import Server
from crmsync.sandbox.hubspot import HubSpotApp
from crmsync.sandbox.records import EffectLog
from tests.crms.hubspot_replies import pull
from tests.sandbox.hubspot.world import ZONE, hubspot_world
from tests.sandbox.salesforce.world import NOW, at

TOKEN, USER = "pat-local", "5000001"
WON, OPEN, LOST, BARE = range(4)
PLANS = (
    MilestoneSource(object="milestone", name="title", due_on="due_on", done_at="completed_at", side="side"),
    MilestoneSource(object="tasks", where="is_milestone = true", name="hs_task_subject", side="buyer_owned"),
)
VISITS = EngagementSource(object="room_visit", at="visited_at")
FIELDS = {
    Result.PROBABILITY: "crmsync_probability",
    Result.CLOSE_DATE: "crmsync_close_date",
    Result.REASONS: "crmsync_reasons",
    Result.SCORED_AT: "crmsync_scored_at",
}
VALUES = {
    Result.PROBABILITY: "63.2",
    Result.CLOSE_DATE: "2026-12-01",
    Result.REASONS: "Buyer's step done",
    Result.SCORED_AT: "2026-11-02T12:00:00Z",
}


@dataclass
class Connected:
    """The local HubSpot, and our room connected to it."""

    app: HubSpotApp
    clock: SandboxClock
    crm: HubSpot
    ids: list[str] = field(default_factory=list)


@pytest.fixture
def hub() -> Iterator[Connected]:
    """The small world, its target properties made."""
    clock = SandboxClock(NOW, frozen=True)
    app = HubSpotApp(hubspot_world(), clock, EffectLog(), token=TOKEN, time_zone=ZONE, searches_per_s=1_000)
    server = Server(app)
    server.start()
    options = {"token": SecretStr(TOKEN), "base_url": server.url, "segment": "segment", "searches_per_s": 0}
    config = CrmConfig(
        name="hub", kind="hubspot", options=options, milestones=PLANS, engagement=(VISITS,), fields=FIELDS
    )
    crm = connect(config)
    crm.create_fields()
    yield Connected(app, clock, crm, [crm_id for _, crm_id in app.ids()])
    server.stop()


def test_account_passes_its_own_check(hub: Connected) -> None:
    """Nothing fails, and the local HubSpot's clock is the one that counts."""
    assert [finding.what for finding in hub.crm.check() if finding.level == "fail"] == []
    assert (hub.crm.account(), hub.crm.now()) == ("4400001", NOW)


def test_made_fields_are_fine(hub: Connected) -> None:
    """What was made is there with the right type; making it again does nothing."""
    assert [state.problem for state in hub.crm.fields()] == [""] * len(FIELDS)
    assert hub.crm.create_fields() == []


def test_deals_are_what_the_world_says(hub: Connected) -> None:
    """Stage, money, close day and outcome of each."""
    deals = {deal["crm_id"]: deal for deal in pull(hub.crm, "deals").deals}
    won, open_ = deals[hub.ids[WON]], deals[hub.ids[OPEN]]
    assert (won["won"], won["closed_at"], won["stage"]) == (True, at("2026-09-10 15:30"), "closedwon")
    assert (open_["amount_minor"], open_["currency"], open_["segment"]) == (5_000, "JPY", "Mid")
    assert (deals[hub.ids[LOST]]["won"], deals[hub.ids[BARE]]["amount_minor"]) == (False, None)


def test_moved_close_dates_are_the_sellers_days(hub: Connected) -> None:
    """Each day that the close date was, by the account's clocks."""
    page = pull(hub.crm, "deals")
    days = [fact for fact in page.facts if fact["kind"] == Kind.CLOSE_ON and fact["deal"] == hub.ids[WON]]
    shown = [to_date(fact["value"]).isoformat() for fact in sorted(days, key=lambda fact: fact["at"])]
    assert shown == ["2026-12-31", "2026-11-30", "2026-09-10"]


def test_contact_joins_with_the_role(hub: Connected) -> None:
    """The label of the association is the role."""
    joined = [fact for fact in pull(hub.crm, "deals").facts if fact["kind"] == Kind.CONTACT]
    assert [(fact["deal"], fact["name"]) for fact in joined] == [(hub.ids[WON], "Decision Maker")]


@pytest.mark.parametrize(
    ("stream", "deal", "told"),
    [
        (
            "milestone",
            WON,
            [
                (Phase.PLANNED, "2026-03-03 09:00", "2026-04-01"),
                (Phase.PLANNED, "2026-03-20 09:00", "2026-05-01"),
                (Phase.DONE, "2026-04-20 16:00", ""),
            ],
        ),
        ("tasks", OPEN, [(Phase.PLANNED, "2026-08-01 10:00", "2026-09-15"), (Phase.DONE, "2026-09-14 10:00", "")]),
    ],
)
def test_plan_steps_are_read_from_both_places(
    hub: Connected, stream: str, deal: int, told: list[tuple[Phase, str, str]]
) -> None:
    """A custom object's promises and completions, and a flagged task's."""
    page = pull(hub.crm, stream)
    steps = sorted((fact for fact in page.facts if fact["kind"] == Kind.MILESTONE), key=lambda fact: fact["at"])
    seen = [(fact["phase"], fact["at"], to_date(fact["value"]).isoformat() if fact["value"] else "") for fact in steps]
    assert seen == [(phase, at(when), day) for phase, when, day in told]
    assert {(fact["deal"], fact["side"]) for fact in steps} == {(hub.ids[deal], Side.BUYER)}


def test_removed_step_is_gone(hub: Connected) -> None:
    """An archived milestone is reported with the instant that it left."""
    (gone,) = pull(hub.crm, "milestone", since=Cursor(stamp=hub.clock.now())).gone
    assert (gone["source"], gone["gone_at"]) == ("milestone", at("2026-06-01 10:00"))


def test_engagement_is_read_from_every_object(hub: Connected) -> None:
    """Calls, meetings, e-mails and room visits, each at its instant."""
    streams = ("calls", "meetings", "emails", "room_visit")
    facts = [fact for stream in streams for fact in pull(hub.crm, stream).facts]
    assert [(fact["kind"], fact["at"]) for fact in facts] == [
        (Kind.CALL, at("2025-02-01 10:00")),
        (Kind.MEETING, at("2026-05-05 10:00")),
        (Kind.EMAIL, at("2026-05-04 10:00")),
        (Kind.VIEW, at("2026-05-03 10:00")),
    ]


def test_next_pull_brings_what_changed(hub: Connected) -> None:
    """After a full read only the deal that a person edited, once more than the look-back has gone by."""
    done = pull(hub.crm, "deals").cursor
    hub.clock.set(forward_s=3_600)
    assert pull(hub.crm, "deals", since=_now(hub, done)).deals == []
    hub.app.edit("deals", hub.ids[OPEN], {"amount": "70"}, who=USER)
    (changed,) = pull(hub.crm, "deals", since=done).deals
    assert (changed["crm_id"], changed["amount_minor"]) == (hub.ids[OPEN], 70)


def _now(hub: Connected, cursor: Cursor) -> Cursor:
    return Cursor(stamp=hub.clock.now(), resume=cursor.resume)


def test_archived_and_merged_deals_are_gone(hub: Connected) -> None:
    """An archived deal by the list of archived ones, merged ones by their survivor."""
    done = pull(hub.crm, "deals").cursor
    hub.app.delete("deals", hub.ids[LOST], who=USER)
    survivor = hub.app.merge("deals", hub.ids[OPEN], hub.ids[BARE], who=USER)
    gone = {row["crm_id"]: row["survivor"] for row in pull(hub.crm, "deals", since=done).gone}
    assert gone == {hub.ids[LOST]: "", hub.ids[OPEN]: survivor, hub.ids[BARE]: survivor}


def test_pushed_values_are_read_back(hub: Connected) -> None:
    """Each of our types arrives as it left; a deal that isn't there is an error of its own."""
    writes = [Write(hub.ids[OPEN], VALUES), Write("5", VALUES)]
    answers = {answer.crm_id: answer for answer in hub.crm.push(writes)}
    assert (answers[hub.ids[OPEN]], answers["5"].done) == (Answer(hub.ids[OPEN], done=True), False)
    assert hub.crm.read_back([hub.ids[OPEN]]) == {hub.ids[OPEN]: VALUES}


def test_one_bad_value_stops_only_its_own_deal(hub: Connected) -> None:
    """The batch that HubSpot refuses whole is cut until the bad row stands alone."""
    writes = [Write(crm_id, VALUES) for crm_id in hub.ids]
    writes[1] = Write(hub.ids[1], {Result.PROBABILITY: "a lot"})
    done = {answer.crm_id: answer.done for answer in hub.crm.push(writes)}
    assert done == {crm_id: crm_id != hub.ids[1] for crm_id in hub.ids}


def test_our_own_fields_are_held_with_who_set_them(hub: Connected) -> None:
    """A value that a person overwrote is theirs."""
    list(hub.crm.push([Write(hub.ids[OPEN], {Result.REASONS: "Ours"})]))
    hub.clock.set(forward_s=60)
    hub.app.edit("deals", hub.ids[OPEN], {"crmsync_reasons": "Mine"}, who=USER)
    held = {(row["deal"], row["result"]): row for row in pull(hub.crm, "deals").held}
    row = held[hub.ids[OPEN], Result.REASONS.value]
    assert (row["value"], row["set_by"], row["set_at"]) == ("Mine", "41000001", NOW + 60_000_000)


def test_missing_scope_is_one_line_with_a_remedy(hub: Connected) -> None:
    """What the token may not read is named, with the scope to add."""
    hub.app.scopes.take("crm.objects.custom.read")
    with pytest.raises(BadConfig) as caught:
        pull(hub.crm, "milestone")
    assert (caught.value.code, "crm.objects.custom.read" in caught.value.remedy) == ("E203", True)
