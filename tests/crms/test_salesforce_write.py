"""Writing to Salesforce by collections: one answer per deal, whatever the reply, and never twice what may have arrived."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from crmsync.crms.salesforce import Salesforce
from crmsync.errors import RetryLater
from crmsync.records import Answer, Result, Write
from crmsync.sandbox.http import App, Request, Response
from tests.crms.salesforce_org import FIELDS, lay, org, refused
from tests.sandbox.salesforce.conftest import DEAL_BARE, DEAL_LOST, DEAL_OPEN, DEAL_WON, Local
from tests.sandbox.salesforce.world import many_deals

SOBJECTS = "composite/sobjects"
WHATEVER = {"conditional": False}
VALUES: dict[Result, str | None] = {
    Result.PROBABILITY: "63.2",
    Result.EXPECTED_AMOUNT: "12500.00",
    Result.CLOSE_DATE: "2026-12-01",
    Result.REASONS: "Legal review is late – 9 days",
    Result.SCORED_AT: "2026-11-02T12:00:00Z",
}


@pytest.fixture
def crm(local: Local) -> Salesforce:
    """A room whose target fields are there."""
    room = org(local, fields=FIELDS, options=WHATEVER)
    room.create_fields()
    return room


def score(crm: Salesforce, *ids: str, value: str | None = "63.2") -> list[Answer]:
    """Pushes one value to each of these deals."""
    return list(crm.push([Write(crm_id, {Result.PROBABILITY: value}) for crm_id in ids]))


def writes(local: Local) -> int:
    """How many values of deals were changed over the API."""
    return len([effect for effect in local.effects.since() if effect.object == "Opportunity"])


def test_push_reads_back_what_it_wrote(local: Local, crm: Salesforce) -> None:
    """Every kind of value comes back as the canonical text that went out."""
    deal = local.ids[DEAL_OPEN]
    answers = list(crm.push([Write(deal, VALUES)]))
    assert (answers, crm.read_back([deal])) == ([Answer(deal, done=True)], {deal: VALUES})


def test_push_clears_with_none(local: Local, crm: Salesforce) -> None:
    """None takes a value away."""
    deal = local.ids[DEAL_OPEN]
    score(crm, deal)
    score(crm, deal, value=None)
    assert crm.read_back([deal])[deal][Result.PROBABILITY] is None


def test_push_touches_nothing_but_its_fields(local: Local, crm: Salesforce) -> None:
    """Only configured targets change."""
    score(crm, local.ids[DEAL_OPEN])
    assert {effect.field for effect in local.effects.since() if effect.object == "Opportunity"} == {"Score__c"}


def test_push_reads_the_reply_row_by_row(local: Local, crm: Salesforce) -> None:
    """One deal is deleted, the others are written; the refusal is told in Salesforce's own words."""
    local.app.delete("Opportunity", local.ids[DEAL_LOST], who=local.app.user)
    answers = score(crm, local.ids[DEAL_OPEN], local.ids[DEAL_LOST], local.ids[DEAL_BARE])
    assert [(one.done, one.error[:17], one.unclear) for one in answers] == [
        (True, "", False),
        (False, "ENTITY_IS_DELETED", False),
        (True, "", False),
    ]


def test_push_isolates_the_row_that_spoils_a_batch(local: Local, crm: Salesforce) -> None:
    """A batch refused whole, for a field that is gone, is halved until the bad row stands alone."""
    local.app.rights.take("Opportunity.NextStep")
    mixed = org(local, fields={**FIELDS, Result.NEXT_STEP: "NextStep"}, options=WHATEVER)
    good = [Write(local.ids[n], {Result.PROBABILITY: "1.0"}) for n in (DEAL_WON, DEAL_OPEN, DEAL_BARE)]
    answers = {
        one.crm_id: one.done for one in mixed.push([*good, Write(local.ids[DEAL_LOST], {Result.NEXT_STEP: "x"})])
    }
    assert answers == {crm_id: crm_id != local.ids[DEAL_LOST] for crm_id in local.ids}


@pytest.mark.parametrize("fault", ["lost", "truncate", "reset", "status"])
def test_push_never_repeats_a_lost_answer(local: Local, crm: Salesforce, fault: str) -> None:
    """The answer is lost: every write of the batch is unclear and nothing is sent a second time."""
    before = crm.calls
    local.server.faults.read({"faults": [{"kind": fault, "rate": 1.0, "path": SOBJECTS, "status": 502}]})
    answers = score(crm, local.ids[DEAL_OPEN], local.ids[DEAL_BARE])
    assert ([answer.unclear for answer in answers], crm.calls - before) == ([True, True], 1)


def test_push_applied_but_unanswered_is_seen_by_reading_back(local: Local, crm: Salesforce) -> None:
    """After a lost answer the fields themselves tell what became of it."""
    local.server.faults.read({"faults": [{"kind": "lost", "at": 1, "path": SOBJECTS}]})
    (answer,) = score(crm, local.ids[DEAL_OPEN])
    shown = crm.read_back([local.ids[DEAL_OPEN]])[local.ids[DEAL_OPEN]][Result.PROBABILITY]
    assert (answer.unclear, shown, writes(local)) == (True, "63.2", 1)


@pytest.mark.parametrize(
    ("status", "code"), [(401, "INVALID_SESSION_ID"), (400, "UNABLE_TO_LOCK_ROW"), (403, "REQUEST_LIMIT_EXCEEDED")]
)
def test_push_repeats_what_was_not_carried_out(local: Local, crm: Salesforce, status: int, code: str) -> None:
    """A session that ended, a lock, too many calls at once: Salesforce did nothing, and the batch goes out again."""
    lay(local, refused(code, "ConcurrentRequests Limit exceeded."), status=status, path=SOBJECTS)
    assert ([answer.done for answer in score(crm, local.ids[DEAL_OPEN])], writes(local)) == ([True], 1)


def test_push_waits_for_a_locked_deal(local: Local, crm: Salesforce) -> None:
    """Only the deal that somebody else was saving is sent again."""
    rows = [{"success": True}, {"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "busy"}]}]
    lay(local, rows, status=200, path=SOBJECTS)
    answers = score(crm, local.ids[DEAL_OPEN], local.ids[DEAL_BARE])
    assert ({one.crm_id: one.done for one in answers}, writes(local)) == (
        {local.ids[DEAL_OPEN]: True, local.ids[DEAL_BARE]: True},
        1,
    )


def test_push_gives_up_on_a_lock_that_stays(local: Local, crm: Salesforce) -> None:
    """After a few tries the lock is the answer."""
    row = {"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "busy"}]}
    lay(local, [row], status=200, path=SOBJECTS, rate=1.0)
    (answer,) = score(crm, local.ids[DEAL_OPEN])
    assert (answer.done, answer.unclear, answer.error) == (False, False, "UNABLE_TO_LOCK_ROW busy")


@pytest.mark.parametrize("told", [{}, [], [{"success": True}] * 3])
def test_push_takes_a_reply_that_fits_nothing_for_unclear(local: Local, crm: Salesforce, told: Any) -> None:
    """A reply without a row for each deal says nothing about any of them."""
    lay(local, told, status=200, path=SOBJECTS)
    assert [answer.unclear for answer in score(crm, local.ids[DEAL_OPEN], local.ids[DEAL_BARE])] == [True, True]


def test_push_stops_when_the_days_calls_are_used_up(local: Local, crm: Salesforce) -> None:
    """The rest waits for another day, whole."""
    lay(local, refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), status=403, path=SOBJECTS)
    with pytest.raises(RetryLater, match="E204"):
        score(crm, local.ids[DEAL_OPEN])


def test_push_sends_two_hundred_at_a_time(serve: Callable[..., Local], no_waiting: None) -> None:
    """No batch is larger than Salesforce takes, and each write is in one."""
    local = serve(many_deals(401))
    crm = org(local, fields={Result.NEXT_STEP: "NextStep"}, options=WHATEVER)
    planned = [Write(crm_id, {Result.NEXT_STEP: "call"}) for crm_id in local.ids]
    sizes = [len(batch) for batch in crm.batches(planned)]
    answers = list(crm.push(planned))
    assert (sizes, sum(one.done for one in answers), crm.calls) == ([200, 200, 1], 401, 1 + 3)


def test_read_back_leaves_out_deals_that_are_gone(local: Local, crm: Salesforce) -> None:
    """A deleted deal, and an id that never was, are no answer."""
    local.app.delete("Opportunity", local.ids[DEAL_LOST], who=local.app.user)
    asked = [local.ids[DEAL_LOST], local.ids[DEAL_OPEN], local.ids[DEAL_OPEN], "006gK0000009999QAA"]
    assert list(crm.read_back(asked)) == [local.ids[DEAL_OPEN]]


def test_read_back_asks_once_for_two_thousand(serve: Callable[..., Local]) -> None:
    """One call, whatever the number of fields."""
    local = serve(many_deals(1_999))
    crm = org(local, fields={Result.NEXT_STEP: "NextStep"})
    assert (len(crm.read_back(local.ids)), crm.calls) == (1_999, 2)


def test_read_back_leaves_a_strange_value_as_it_is(local: Local) -> None:
    """What a person typed into a field of another type is shown, not bent."""
    crm = org(local, fields={Result.PROBABILITY: "NextStep"})
    local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"NextStep": "about 5"}, who=local.app.user)
    assert crm.read_back([local.ids[DEAL_OPEN]]) == {local.ids[DEAL_OPEN]: {Result.PROBABILITY: "about 5"}}


def test_money_travels_without_float_noise(local: Local, crm: Salesforce) -> None:
    """Cents stay cents, in both directions."""
    deal = local.ids[DEAL_OPEN]
    list(crm.push([Write(deal, {Result.EXPECTED_AMOUNT: "12345678.91"})]))
    (effect,) = [one for one in local.effects.since() if one.object == "Opportunity"]
    assert (json.dumps(effect.new), crm.read_back([deal])[deal][Result.EXPECTED_AMOUNT]) == (
        "12345678.91",
        "12345678.91",
    )


class Seen:
    """What a local CRM was asked, headers and bodies included, on the way to its answers."""

    def __init__(self, app: App) -> None:
        self.app, self.requests = app, list[Request]()

    def answer(self, request: Request) -> Response:
        """Keeps the request and hands it on."""
        self.requests.append(request)
        return self.app.answer(request)


@pytest.mark.parametrize("conditional", [True, False])
def test_push_gives_no_deal_to_anybody_else(local: Local, conditional: bool) -> None:
    """Each write says that assignment rules are not to run: in the parts of a composite call, else in the call's own headers."""
    crm = org(local, fields=FIELDS, options={"conditional": conditional})
    crm.create_fields()
    local.server.app = seen = Seen(local.server.app)
    crm.read_back(local.ids)
    list(crm.push([Write(crm_id, {Result.PROBABILITY: "63.2"}) for crm_id in local.ids]))
    (sent,) = [one for one in seen.requests if one.path.endswith("/composite" if conditional else "/sobjects")]
    parts = [part["httpHeaders"] for part in sent.json()["compositeRequest"]] if conditional else [sent.headers]
    told = [{name.lower(): value for name, value in headers.items()}.get("sforce-auto-assign") for headers in parts]
    assert told == ["FALSE"] * (len(local.ids) if conditional else 1)
