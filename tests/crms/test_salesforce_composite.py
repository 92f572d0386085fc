"""Writing to Salesforce by composite: each deal only if nobody changed it since it was read back."""

from collections.abc import Callable
from typing import Any

import pytest

from crmsync.crms.salesforce import Salesforce
from crmsync.records import Answer, Result, Write
from tests.crms.salesforce_org import FIELDS, lay, org
from tests.sandbox.salesforce.conftest import DEAL_BARE, DEAL_LOST, DEAL_OPEN, Local
from tests.sandbox.salesforce.world import many_deals

END = "/composite$"
VALUES: dict[Result, str | None] = {
    Result.PROBABILITY: "63.2",
    Result.REASONS: "a – b",
    Result.CLOSE_DATE: "2026-12-01",
}


@pytest.fixture
def crm(local: Local) -> Salesforce:
    """A room as it is by default, whose target fields are there."""
    room = org(local, fields=FIELDS)
    room.create_fields()
    return room


def score(crm: Salesforce, *ids: str) -> list[Answer]:
    """Pushes one value to each of these deals."""
    return list(crm.push([Write(crm_id, {Result.PROBABILITY: "63.2"}) for crm_id in ids]))


def edit(local: Local, deal: str, value: float = 99) -> None:
    """A person sets the probability, a second after whatever came before."""
    local.clock.set(forward_s=1)
    local.app.edit("Opportunity", deal, {"Score__c": value}, who=local.app.user)


def test_push_writes_what_nobody_changed(local: Local, crm: Salesforce) -> None:
    """Every kind of value arrives, in one call after the reading."""
    deal = local.ids[DEAL_OPEN]
    crm.read_back([deal])
    before = crm.calls
    answers = list(crm.push([Write(deal, VALUES)]))
    shown = crm.read_back([deal])[deal]
    assert (answers, {result: shown[result] for result in VALUES}, crm.calls - before) == (
        [Answer(deal, done=True)],
        VALUES,
        2,
    )


def test_push_leaves_a_deal_that_was_changed_since(local: Local, crm: Salesforce) -> None:
    """The answer says so, the person's value stands, and the other deal of the call is written."""
    mine, theirs = local.ids[DEAL_OPEN], local.ids[DEAL_BARE]
    crm.read_back([mine, theirs])
    edit(local, theirs)
    answers = {one.crm_id: (one.done, one.stale, one.error[:19]) for one in score(crm, mine, theirs)}
    assert answers == {mine: (True, False, ""), theirs: (False, True, "PRECONDITION_FAILED")}
    assert crm.read_back([theirs])[theirs][Result.PROBABILITY] == "99.0"


def test_push_after_another_reading_writes(local: Local, crm: Salesforce) -> None:
    """What was read again may be written."""
    deal = local.ids[DEAL_OPEN]
    crm.read_back([deal])
    edit(local, deal)
    crm.read_back([deal])
    assert score(crm, deal) == [Answer(deal, done=True)]


def test_push_tells_a_refusal_of_one_deal(local: Local, crm: Salesforce) -> None:
    """A deal in the recycle bin fails by itself, in Salesforce's own words."""
    local.app.delete("Opportunity", local.ids[DEAL_LOST], who=local.app.user)
    gone, there = score(crm, local.ids[DEAL_LOST], local.ids[DEAL_OPEN])
    assert (gone.done, gone.unclear, gone.error[:17], there.done) == (False, False, "ENTITY_IS_DELETED", True)


@pytest.mark.parametrize("fault", ["lost", "truncate", "reset", "status"])
def test_push_never_repeats_a_lost_answer(local: Local, crm: Salesforce, fault: str) -> None:
    """Every write of the call is unclear and nothing is sent a second time."""
    before = crm.calls
    local.server.faults.read({"faults": [{"kind": fault, "rate": 1.0, "path": END, "status": 502}]})
    answers = score(crm, local.ids[DEAL_OPEN], local.ids[DEAL_BARE])
    assert ([answer.unclear for answer in answers], crm.calls - before) == ([True, True], 1)


@pytest.mark.parametrize(
    "told",
    [{}, [], {"compositeResponse": []}, {"compositeResponse": [{"httpStatusCode": 500, "referenceId": "deal1"}]}],
)
def test_push_takes_a_reply_that_fits_nothing_for_unclear(local: Local, crm: Salesforce, told: Any) -> None:
    """A reply without a row for a deal, or with a failure of the server, says nothing about it."""
    lay(local, told, status=200, path=END)
    assert [answer.unclear for answer in score(crm, local.ids[DEAL_OPEN], local.ids[DEAL_BARE])] == [True, True]


def test_push_isolates_the_row_that_spoils_nothing(local: Local) -> None:
    """A field that is gone refuses its own deal only: no batch has to be halved."""
    mixed = org(local, fields={**FIELDS, Result.NEXT_STEP: "NextStep"})
    mixed.create_fields()
    local.app.rights.take("Opportunity.NextStep")
    before = mixed.calls
    good, bad = local.ids[DEAL_OPEN], local.ids[DEAL_BARE]
    answers = list(mixed.push([Write(good, {Result.PROBABILITY: "1.0"}), Write(bad, {Result.NEXT_STEP: "x"})]))
    assert ([one.done for one in answers], mixed.calls - before) == ([True, False], 1)


def test_push_sends_twenty_five_at_a_time(serve: Callable[..., Local], no_waiting: None) -> None:
    """No call is larger than Salesforce takes, and each counts as one."""
    local = serve(many_deals(51))
    crm = org(local, fields={Result.NEXT_STEP: "NextStep"})
    planned = [Write(crm_id, {Result.NEXT_STEP: "call"}) for crm_id in local.ids]
    answers = list(crm.push(planned))
    assert ([len(batch) for batch in crm.batches(planned)], crm.calls) == ([25, 25, 1], 1 + 3)
    assert all(one.done for one in answers)
