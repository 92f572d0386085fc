"""What a generated world promises to the local CRMs that show it."""

from datetime import UTC, datetime

import numpy as np
import pytest

from crmsync.sandbox.columns import (
    BUYER,
    CLOSE_ON,
    COMPLETE,
    CONTACT,
    HUBSPOT,
    MILESTONE,
    OWNER,
    PLAN_NONE,
    REMOVE,
    REOPEN,
    SALESFORCE,
    SCHEDULE,
    STAGE,
    Facts,
    World,
)
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import DEFAULT_LAW

NOW = int(datetime(2026, 11, 2, 12, tzinfo=UTC).timestamp()) * 1_000_000
SECOND, DAY = 1_000_000, 86_400_000_000
COLUMNS = tuple(Facts.__dataclass_fields__)


@pytest.fixture(scope="module")
def world() -> World:
    """A world of the default law."""
    return generate(deals=1_500, seed=3, law=DEFAULT_LAW, now=NOW)


def test_generate_gives_the_same_world_for_the_same_seed(world: World) -> None:
    """A seed names a world."""
    again = generate(deals=1_500, seed=3, law=DEFAULT_LAW, now=NOW)
    assert all(np.array_equal(getattr(world.facts, name), getattr(again.facts, name)) for name in COLUMNS)
    assert np.array_equal(world.deals.closed_at, again.deals.closed_at)


def test_generate_gives_another_world_for_another_seed(world: World) -> None:
    """Two seeds are two worlds."""
    other = generate(deals=1_500, seed=4, law=DEFAULT_LAW, now=NOW)
    assert not np.array_equal(world.deals.created_at, other.deals.created_at)


def test_generate_makes_as_many_deals_up_to_now_as_asked_and_some_after_it(world: World) -> None:
    """What is asked for is what a CRM shows; later deals are there for a clock that moves on."""
    assert (world.deals.created_at <= NOW).sum() == 1_500
    assert (world.deals.created_at > NOW).sum() > 0


def test_generate_sorts_facts_by_deal_and_time(world: World) -> None:
    """Facts are in the order that columns demand."""
    deal, at = world.facts.deal, world.facts.at
    assert np.all((np.diff(deal) > 0) | ((np.diff(deal) == 0) & (np.diff(at) >= 0)))


def test_generate_keeps_facts_within_the_life_of_their_deal(world: World) -> None:
    """Nothing happens to a deal before it exists or after it is closed."""
    deal, at = world.facts.deal, world.facts.at
    assert np.all(at >= world.deals.created_at[deal])
    assert np.all(at <= world.deals.closed_at[deal])


def test_generate_closes_each_deal_once_by_its_last_fact(world: World) -> None:
    """A deal ends with a change to the stage of its outcome, and enters a closed stage at no other time."""
    last = np.flatnonzero(np.diff(world.facts.deal, append=len(world.deals)))
    outcome = {stage.name: stage.won for stage in world.stages if stage.closed}
    names = world.facts.name[last].tolist()
    assert [outcome[name] for name in names] == [bool(won) for won in world.deals.won]
    assert np.isin(world.facts.name[world.facts.kind == STAGE], list(outcome)).sum() == len(world.deals)


def test_generate_stamps_whole_seconds_in_office_hours(world: World) -> None:
    """People work from Monday to Friday by day, and stamps are as coarse as a CRM's."""
    at = world.facts.at
    assert np.all(at % SECOND == 0)
    assert np.all((at // DAY + 3) % 7 < 5)
    assert np.all((at % DAY >= 8 * 3_600 * SECOND) & (at % DAY <= 17 * 3_600 * SECOND))


@pytest.mark.parametrize("lifecycle", [SCHEDULE, COMPLETE, REOPEN, REMOVE])
def test_generate_lets_plans_live(world: World, lifecycle: int) -> None:
    """Steps are promised, done, undone and taken off."""
    assert (world.facts.lifecycle[world.facts.kind == MILESTONE] == lifecycle).sum() > 10


def test_generate_moves_promised_dates(world: World) -> None:
    """Many steps are promised more than once."""
    facts = world.facts
    promised = (facts.kind == MILESTONE) & (facts.lifecycle == SCHEDULE)
    steps = np.unique(facts.deal[promised].astype(np.int64) * 100 + facts.step[promised])
    assert promised.sum() > 1.2 * len(steps)


def test_generate_gives_plans_to_no_deal_without_one(world: World) -> None:
    """A deal without a plan has no steps."""
    planned = world.deals.plan[world.facts.deal[world.facts.kind == MILESTONE]]
    assert np.all(planned != PLAN_NONE)


@pytest.mark.parametrize("kind", [CLOSE_ON, OWNER, CONTACT])
def test_generate_changes_what_people_change(world: World, kind: int) -> None:
    """Close dates, owners and contacts move."""
    assert (world.facts.kind == kind).sum() > 50


def test_generate_lets_the_buyers_people_do_the_buyers_steps(world: World) -> None:
    """Who did a buyer's step belongs to the deal's account."""
    facts = world.facts
    done = (facts.kind == MILESTONE) & (facts.lifecycle == COMPLETE) & (facts.side == BUYER)
    accounts = np.array([person.account for person in world.people])
    assert np.array_equal(accounts[facts.who[done]], world.deals.account[facts.deal[done]])


def test_generate_makes_twenty_to_forty_facts_a_deal(world: World) -> None:
    """A world is as dense as a sales team's."""
    assert 20 <= len(world.facts) / len(world.deals) <= 45


@pytest.mark.parametrize("crm", [SALESFORCE, HUBSPOT])
def test_generate_fills_one_crm_alone_when_asked(crm: int) -> None:
    """A world may be of one CRM."""
    assert np.all(generate(deals=50, law=DEFAULT_LAW, now=NOW, crms=(crm,)).deals.crm == crm)


def test_generate_makes_worlds_of_a_single_deal() -> None:
    """The smallest world works like any other."""
    assert (generate(deals=1, law=DEFAULT_LAW, now=NOW).deals.created_at <= NOW).sum() == 1
