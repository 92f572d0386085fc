"""What every room makes of a batch that the CRM takes in part, or refuses for one row; and what Salesforce says of one deal."""

from collections.abc import Sequence
from itertools import product
from math import log2

import pytest

from crmsync.records import Result, Write
from tests.crms.salesforce_org import FIELDS, lay, org
from tests.crms.twins import Twin
from tests.sandbox.salesforce.conftest import DEAL_OPEN, Local

BATCH = 32
WHOLE = {"salesforce": {"conditional": False}, "hubspot": {}}  # the ways to write that a single row can spoil


def write(crm_id: str, value: int) -> Write:
    """A new value for a deal."""
    return Write(crm_id, {Result.PROBABILITY: f"{value}.0"})


def shown(room: Twin, ids: Sequence[str]) -> list[str | None]:
    """The value that each deal shows; None for one that is gone."""
    found = room.crm.read_back(ids)
    return [found[crm_id][Result.PROBABILITY] if crm_id in found else None for crm_id in ids]


def take_away(room: Twin, field: str) -> None:
    """A field is removed from the CRM."""
    if room.local.hubspot:
        del room.local.hubspot.portal.kinds["deals"].schema.properties[field]
    if room.local.salesforce:
        del room.local.salesforce.org.tables["Opportunity"].schema.fields[field]


def test_any_part_of_a_batch_may_fail(live: Twin) -> None:
    """Of six deals each set that is gone fails by itself: those are told with a reason, the others are written."""
    ids = sorted(live.ids())[:12]
    gone, there = ids[:6], ids[6:]
    for crm_id in gone:
        live.delete(live.names.deals, crm_id)
    for value, failing in enumerate(product((True, False), repeat=6)):
        batch = [gone[place] if fails else there[place] for place, fails in enumerate(failing)]
        answers = {answer.crm_id: answer for answer in live.crm.push([write(crm_id, value) for crm_id in batch])}
        assert [not answers[crm_id].done for crm_id in batch] == list(failing)
        assert all(answers[crm_id].error and not answers[crm_id].unclear for crm_id in batch if crm_id in gone)
        assert shown(live, batch) == [None if fails else f"{value}.0" for fails in failing]


def test_row_that_spoils_a_batch_is_found_in_few_calls(live: Twin) -> None:
    """Wherever in the batch it stands: at most 2·log2 n calls after the first, all others written, its own words told."""
    live.crm = live.connect(**WHOLE[live.kind])
    ids = sorted(live.ids())[:BATCH]
    take_away(live, live.config.fields[Result.REASONS])
    for place in range(BATCH):
        batch = [write(crm_id, place) for crm_id in ids]
        batch[place] = Write(ids[place], {Result.REASONS: "a reason"})
        before = live.crm.calls
        answers = {answer.crm_id: answer for answer in live.crm.push(batch)}
        assert 1 < live.crm.calls - before <= 1 + 2 * log2(BATCH)
        assert [crm_id for crm_id in ids if not answers[crm_id].done] == [ids[place]]
        assert live.config.fields[Result.REASONS] in answers[ids[place]].error


@pytest.mark.parametrize("options", [{"conditional": True}, {"conditional": False}])
@pytest.mark.parametrize(
    ("code", "calls"),
    [
        ("UNABLE_TO_LOCK_ROW", 3),  # somebody else is saving the deal: free again soon
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", 1),
        ("DUPLICATES_DETECTED", 1),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", 1),  # a trigger's exception
    ],
)
def test_only_a_lock_is_tried_again(local: Local, code: str, calls: int, options: dict[str, bool]) -> None:
    """What a rule of the org refuses is told at once, in Salesforce's own words, for its owner to see; a lock a few times later."""
    crm, deal = org(local, fields=FIELDS, options=options), local.ids[DEAL_OPEN]
    crm.account()
    error = {"errorCode": code, "statusCode": code, "message": "Ask the deal desk first."}
    part = {"httpStatusCode": 400, "referenceId": f"deal{deal}", "body": [error]}
    reply = {"compositeResponse": [part]} if options["conditional"] else [{"success": False, "errors": [error]}]
    lay(local, reply, path="/composite", rate=1.0)
    before = crm.calls
    (answer,) = crm.push([write(deal, 63)])
    assert (answer.done, answer.unclear, answer.error) == (False, False, f"{code} Ask the deal desk first.")
    assert crm.calls - before == calls
