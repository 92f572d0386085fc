"""Somebody's own past, read from a world directory and shown by a local Salesforce."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crmsync.sandbox.columns import (
    COMPLETE,
    HUBSPOT,
    MILESTONE,
    NEVER,
    NOBODY,
    PLAN_NONE,
    PLAN_OBJECT,
    SALESFORCE,
    SCHEDULE,
    STAGE,
    UNKNOWN,
    WORK,
)
from crmsync.sandbox.load import BadWorld, load
from tests.sandbox.salesforce.conftest import Local, ask, certificates, serve
from tests.sandbox.salesforce.world import at, on

__all__ = ["certificates", "serve"]

DEALS = """deal_id,created_at,amount,closed_at,won,currency,owner,account,segment
b,2026-03-02T09:00:00Z,120.50,2026-04-01T10:00:00Z,true,EUR,ann,Acme,Mid
a,2026-02-02T09:00:00Z,500,,,JPY,,,
c,2026-05-01T09:00:00.250Z,,2026-06-01T10:00:00.500Z,false,,bob,Acme,
"""
FACTS = """deal_id,at,kind,name,lifecycle,resource,value
b,2026-03-02T09:00:00Z,stage,Qualify,COMPLETE,ann,
b,2026-03-20T09:00:00Z,stage,Propose,COMPLETE,ann,
b,2026-03-03T09:00:00Z,milestone,Security review,SCHEDULE,ann,2026-04-15
b,2026-03-30T09:00:00Z,milestone,Security review,COMPLETE,eve,
b,2026-03-04T09:00:00Z,work,Draft,SCHEDULE,ann,
b,2026-03-05T09:00:00Z,work,Draft,START,ann,
b,2026-03-05T10:00:00Z,work,Draft,COMPLETE,ann,
b,2026-03-09T09:00:00Z,work,Draft,START,ann,
b,2026-03-09T10:00:00Z,work,Draft,COMPLETE,ann,
b,2026-04-01T10:00:00Z,stage,Signed,COMPLETE,ann,
b,2026-04-08T10:00:00Z,call,Kick-off,,ann,
c,2026-05-01T09:00:00.250Z,stage,Qualify,,,
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a world directory: write(deals=..., facts=...)."""

    def put(deals: str = DEALS, facts: str = FACTS) -> Path:
        (tmp_path / "deals.csv").write_text(deals)
        (tmp_path / "facts.csv").write_text(facts)
        return tmp_path

    return put


def test_load_sorts_deals_by_creation_and_keeps_their_ids(write: Write) -> None:
    """Deals come in order of their creation, whatever the order of the file."""
    assert load(write(), crm="salesforce").deals.outside_id == ["a", "b", "c"]


def test_load_reads_money_in_the_minor_units_of_its_currency(write: Write) -> None:
    """Cents for euros, none for yen, and nothing where there is no amount."""
    assert load(write(), crm="salesforce").deals.amount_minor.tolist() == [500, 12_050, UNKNOWN]


def test_load_keeps_open_deals_open(write: Write) -> None:
    """A deal without an outcome has not closed."""
    deals = load(write(), crm="salesforce").deals
    assert (deals.closed_at[0], deals.won.tolist()) == (NEVER, [UNKNOWN, 1, 0])


def test_load_starts_the_clock_at_the_last_instant_of_the_files(write: Write) -> None:
    """Now is the end of the past, unless another instant is asked for."""
    assert load(write(), crm="salesforce").now == at("2026-06-01 10:00:00.500") + 500_000
    assert load(write(), crm="salesforce", now=at("2026-05-01 00:00")).now == at("2026-05-01 00:00")


def test_load_follows_a_promise_from_its_date_to_its_end(write: Write) -> None:
    """A milestone promised and done is one step, and nobody knows whose it is."""
    facts = load(write(), crm="salesforce").facts
    steps = facts.kind == MILESTONE
    assert facts.lifecycle[steps].tolist() == [SCHEDULE, COMPLETE]
    assert facts.value[steps].tolist() == [on("2026-04-15"), UNKNOWN]
    assert (facts.step[steps].tolist(), set(facts.side[steps].tolist())) == ([0, 0], {NOBODY})


def test_load_begins_a_new_item_when_work_starts_again(write: Write) -> None:
    """Work that is planned, begun and done is one item; begun again, it is the next one."""
    facts = load(write(), crm="salesforce").facts
    assert facts.step[facts.kind == WORK].tolist() == [0, 0, 0, 1, 1]


def test_load_gives_a_plan_to_deals_with_milestones_only(write: Write) -> None:
    """Where there are steps there is a plan."""
    assert load(write(), crm="salesforce").deals.plan.tolist() == [PLAN_NONE, PLAN_OBJECT, PLAN_NONE]


def test_load_makes_users_of_owners_and_resources(write: Write) -> None:
    """Everybody who is named is a user, once."""
    assert [person.name for person in load(write(), crm="salesforce").people] == ["ann", "bob", "eve"]


def test_load_splits_deals_over_both_crms_by_halves(write: Write) -> None:
    """Every other deal goes to the other CRM."""
    assert load(write(), crm="both").deals.crm.tolist() == [SALESFORCE, HUBSPOT, SALESFORCE]


def test_load_reads_gzipped_files(write: Write) -> None:
    """The same files gzipped are the same world."""
    folder = write()
    plain = load(folder, crm="hubspot").facts.at
    for name in ("deals.csv", "facts.csv"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    assert np.array_equal(load(folder, crm="hubspot").facts.at, plain)


def test_load_does_with_a_deal_and_no_facts(write: Write) -> None:
    """Facts may be few or none: then the world has one open stage of its own."""
    world = load(write(facts=FACTS.splitlines()[0] + "\n"), crm="salesforce")
    assert (len(world.facts), [world.words[stage.name] for stage in world.stages]) == (0, ["Open"])


def test_load_drops_stages_that_are_only_planned(write: Write) -> None:
    """A planned stage has not been entered."""
    facts = load(write(facts=FACTS + "a,2026-03-01T09:00:00Z,stage,Propose,SCHEDULE,,\n"), crm="salesforce").facts
    assert 0 not in facts.deal[facts.kind == STAGE]


HEAD_DEALS, HEAD_FACTS = DEALS.splitlines()[0] + "\n", FACTS.splitlines()[0] + "\n"
BAD_DEALS = {
    "deals.csv:1: no column won ->": "deal_id,created_at,amount,closed_at\n",
    "deals.csv:2: created_at 'yesterday' can't be read ->": HEAD_DEALS + "a,yesterday,,,,,,,\n",
    "deals.csv:2: created_at '2026-01-01T08:00:00' can't be read ->": HEAD_DEALS + "a,2026-01-01T08:00:00,,,,,,,\n",
    "deals.csv:3: deal_id 'a' stands in line 2 too ->": HEAD_DEALS + "a,2026-01-01,,,,,,,\n" * 2,
    "deals.csv:2: no deal_id ->": HEAD_DEALS + ",2026-01-01,,,,,,,\n",
    "deals.csv:2: 2 cells under 9 columns ->": HEAD_DEALS + "a,2026-01-01\n",
    "deals.csv:2: amount '12 k' can't be read ->": HEAD_DEALS + "a,2026-01-01,12 k,,,,,,\n",
    "deals.csv:2: amount 'nan' is out of range ->": HEAD_DEALS + "a,2026-01-01,nan,,,,,,\n",
    "deals.csv:2: won 'maybe' can't be read ->": HEAD_DEALS + "a,2026-01-01,,2026-02-01,maybe,,,,\n",
    "deals.csv:2: won without closed_at ->": HEAD_DEALS + "a,2026-01-01,,,true,,,,\n",
    "deals.csv:2: closed_at without won ->": HEAD_DEALS + "a,2026-01-01,,2026-02-01,,,,,\n",
    "deals.csv:2: closed_at is before created_at ->": HEAD_DEALS + "a,2026-01-01,,2025-02-01,true,,,,\n",
    "there are no deals ->": HEAD_DEALS,
}
BAD_FACTS = {
    "facts.csv:1: no column kind ->": "deal_id,at,name,lifecycle,resource\n",
    "facts.csv:2: deal_id 'z' is not in deals.csv ->": HEAD_FACTS + "z,2026-01-01,stage,Open,,,\n",
    "facts.csv:2: at '' can't be read ->": HEAD_FACTS + "a,,stage,Open,,,\n",
    "facts.csv:2: kind 'fax' is unknown ->": HEAD_FACTS + "a,2026-01-01,fax,Open,,,\n",
    "facts.csv:2: lifecycle 'REMOVE' is unknown ->": HEAD_FACTS + "a,2026-01-01,milestone,Open,REMOVE,,\n",
    "facts.csv:2: a stage without a name ->": HEAD_FACTS + "a,2026-01-01,stage,,,,\n",
    "facts.csv:2: value 'soon' can't be read ->": HEAD_FACTS + "a,2026-01-01,milestone,Legal,SCHEDULE,,soon\n",
}


@pytest.mark.parametrize(
    ("message", "deals", "facts"),
    [(message, deals, FACTS) for message, deals in BAD_DEALS.items()]
    + [(message, DEALS, facts) for message, facts in BAD_FACTS.items()],
)
def test_load_says_in_one_line_what_is_wrong(write: Write, message: str, deals: str, facts: str) -> None:
    """File, line, fault and remedy stand in one line."""
    with pytest.raises(BadWorld) as fault:
        load(write(deals, facts), crm="salesforce")
    assert message in str(fault.value)
    assert "\n" not in str(fault.value)


def test_load_says_which_file_is_missing(tmp_path: Path) -> None:
    """An empty directory is no world."""
    with pytest.raises(BadWorld, match=r"deals\.csv: no such file"):
        load(tmp_path, crm="salesforce")


def test_load_refuses_a_file_that_is_not_what_its_name_says(write: Write) -> None:
    """A plain file named .gz is told, not traced back."""
    folder = write()
    (folder / "facts.csv").rename(folder / "facts.csv.gz")
    with pytest.raises(BadWorld, match=r"facts\.csv\.gz: can't be read"):
        load(folder, crm="salesforce")


def test_load_refuses_an_unknown_crm(write: Write) -> None:
    """Only CRMs that there are can be filled."""
    with pytest.raises(BadWorld, match="no CRM is called 'siebel'"):
        load(write(), crm="siebel")


def test_salesforce_closes_a_loaded_deal_when_its_file_says(write: Write, serve: Callable[..., Local]) -> None:
    """Its last stage is that of its outcome, entered in the second of its closing; later facts are activity."""
    local = serve(load(write(), crm="salesforce"))
    sf = local.login()
    history = ask(sf, "SELECT StageName FROM OpportunityHistory ORDER BY OpportunityId, CreatedDate, Id")
    deal = ask(sf, "SELECT StageName, CloseDate, IsWon FROM Opportunity ORDER BY CreatedDate")[1]
    assert [row["StageName"] for row in history][1:5] == ["Qualify", "Propose", "Signed", "Closed Won"]
    assert deal == {"StageName": "Closed Won", "CloseDate": "2026-04-01", "IsWon": True}
    assert ask(sf, "SELECT Subject FROM Task WHERE TaskSubtype = 'Call'") == [{"Subject": "Kick-off"}]


def test_salesforce_hides_the_closing_until_its_second(write: Write, serve: Callable[..., Local]) -> None:
    """A moment before the closing the deal is open in its stage."""
    local = serve(load(write(), crm="salesforce"))
    local.clock.set(at=at("2026-04-01 09:59:59"), frozen=True)
    assert ask(local.login(), "SELECT StageName, IsClosed FROM Opportunity ORDER BY CreatedDate DESC LIMIT 1") == [
        {"StageName": "Propose", "IsClosed": False}
    ]


def test_salesforce_leaves_the_side_of_a_loaded_step_blank(write: Write, serve: Callable[..., Local]) -> None:
    """Whose step it is isn't known, so the CRM doesn't say."""
    local = serve(load(write(), crm="salesforce"))
    assert ask(local.login(), "SELECT Name, Side__c, Due_Date__c FROM Milestone__c") == [
        {"Name": "Security review", "Side__c": None, "Due_Date__c": "2026-04-15"}
    ]
