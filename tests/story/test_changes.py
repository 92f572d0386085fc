"""Two weeks later: what is written again, and what is left alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from crmsync.sandbox.local import HUBSPOT, NAMES, SALESFORCE
from tests.story.tale import PROBABILITY, TWO_WEEKS_S, Tale, hubspot, salesforce, tale

OBJECTS = {SALESFORCE: "Opportunity", HUBSPOT: "deals"}
SETTER = "SELECT Id FROM User WHERE IsActive = true ORDER BY Id DESC LIMIT 1"
HUBSPOT_USER = "5000001"
CRMS = pytest.mark.parametrize("crm", [SALESFORCE, HUBSPOT])


@dataclass
class Later:
    """What two weeks brought, by CRM. `edited`: the deal whose probability a person has set to 99."""

    tale: Tale
    edited: dict[str, str]
    staged: dict[str, dict[str, int]]
    pushed: dict[str, dict[str, int]]
    written: dict[str, list[dict[str, Any]]]
    closed: dict[str, set[str]]  # since the first push


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Later]:
    """The story; two weeks; a person's edit in each CRM; the story's second half again."""
    with tale(tmp_path_factory.mktemp("later")) as it:
        it.pipeline.pull()
        it.pipeline.train("close")
        it.plan()
        it.pipeline.push()
        before = {crm: set(it.scores(NAMES[crm])) for crm in OBJECTS}
        it.forward(TWO_WEEKS_S)
        it.pipeline.pull()
        now = {crm: set(it.scores(NAMES[crm])) for crm in OBJECTS}
        edited = {crm: _edit(it, crm, min(before[crm] & now[crm])) for crm in OBJECTS}
        staged = dict(zip(OBJECTS, it.plan(), strict=True))
        mark = it.mark()
        pushed = {crm: row.counts for crm, row in zip(OBJECTS, it.pipeline.push(), strict=True)}
        written = {crm: [one for one in it.effects(mark) if one["crm"] == crm] for crm in OBJECTS}
        yield Later(it, edited, staged, pushed, written, {crm: before[crm] - now[crm] for crm in OBJECTS})


def _edit(it: Tale, crm: str, crm_id: str) -> str:
    who = salesforce(it.local).query(SETTER)["records"][0]["Id"] if crm == SALESFORCE else HUBSPOT_USER
    values = {PROBABILITY[crm]: 99}
    it.ask("POST", f"/edit/{crm}", {"object": OBJECTS[crm], "id": crm_id, "values": values, "who": who})
    return crm_id


@CRMS
def test_only_values_that_differ_are_written(later: Later, crm: str) -> None:
    """Each effect in the CRM changed something, but for the marks of the run that travel along, and is one of those planned."""
    moved = [one for one in later.written[crm] if str(one["old"]) != str(one["new"])]
    assert len(moved) > 0
    assert {one["field"].lower().removesuffix("__c") for one in later.written[crm] if one not in moved} <= {
        "crmsync_run_id",
        "crmsync_scored_at",
    }
    assert len(later.written[crm]) == later.pushed[crm]["written"] == later.staged[crm]["planned"]


@CRMS
def test_deals_that_closed_are_not_written(later: Later, crm: str) -> None:
    """What stood in their fields at the closing stays."""
    assert len(later.closed[crm]) > 0
    assert later.closed[crm] & {one["crm_id"] for one in later.written[crm]} == set()


@CRMS
def test_persons_value_is_left_alone_and_counted(later: Later, crm: str) -> None:
    """Nothing overwrites it, and `stage` says that there is one."""
    mine = [one for one in later.written[crm] if one["crm_id"] == later.edited[crm]]
    assert PROBABILITY[crm] not in {one["field"] for one in mine}
    assert later.staged[crm]["edited"] == 1


def test_persons_value_still_stands_in_salesforce(later: Later) -> None:
    """As Salesforce's own client sees it."""
    shown = salesforce(later.tale.local).Opportunity.get(later.edited[SALESFORCE])
    assert shown[PROBABILITY[SALESFORCE]] == 99


def test_persons_value_still_stands_in_hubspot(later: Later) -> None:
    """As HubSpot's own client sees it."""
    api, name = hubspot(later.tale.local).crm.deals.basic_api, PROBABILITY[HUBSPOT]
    assert api.get_by_id(later.edited[HUBSPOT], properties=[name]).properties[name] == "99"
