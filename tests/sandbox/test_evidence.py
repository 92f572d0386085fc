"""What is visible of open deals, counted without gaps: every working day of every process is somewhere."""

import numpy as np
import pytest

from crmsync.sandbox.columns import BUYER, COMPLETE, MILESTONE, REMOVE, REOPEN, SCHEDULE, STAGE, World
from crmsync.sandbox.evidence import Evidence, evidence
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import DEFAULT_LAW, PHASES
from crmsync.sandbox.rates import (
    AGES,
    BUYER_STEP,
    CLOSE_DATE,
    PROMISE_ACTS,
    PROMISE_CHANNELS,
    REOPENED,
    STAGE_ACTS,
    rates_of,
)
from crmsync.sandbox.working_time import to_working
from tests.sandbox.test_generate import DAY, NOW

RATES, AT = rates_of(DEFAULT_LAW), NOW - 70 * DAY


@pytest.fixture(scope="module")
def world() -> World:
    """A world of the default law."""
    return generate(deals=2_000, seed=9, law=DEFAULT_LAW, now=NOW)


@pytest.fixture(scope="module")
def found(world: World) -> Evidence:
    """The evidence some weeks before now."""
    return evidence(world, AT, rates=RATES)


def promise_days(found: Evidence, group: int) -> np.ndarray:
    """Days in which promises of a group could be kept, whatever their phase."""
    first = RATES.promises + group * PROMISE_CHANNELS
    return found.exposure[:, first : first + PHASES * PROMISE_ACTS : PROMISE_ACTS].sum(axis=1)


def test_evidence_has_each_day_of_a_deal_in_one_stage(found: Evidence) -> None:
    """The days in which a deal could close add up to its age."""
    closing = found.exposure[:, STAGE_ACTS - 1 : RATES.promises : STAGE_ACTS]
    assert np.allclose(closing.sum(axis=1), found.age)


def test_evidence_has_each_day_of_a_deal_at_one_age(found: Evidence) -> None:
    """The days in which a first kind of act could happen add up to the deal's age."""
    assert np.allclose(found.exposure[:, RATES.pulses : RATES.pulses + AGES].sum(axis=1), found.age)


def test_evidence_has_an_expected_close_date_on_each_day(found: Evidence) -> None:
    """A close date is long before, near or overdue, all of the time."""
    assert np.allclose(promise_days(found, CLOSE_DATE), found.age)


def test_evidence_has_each_day_of_a_step_open_or_done(world: World, found: Evidence) -> None:
    """The days of a buyer's steps, open or done, are those since they were promised, until they were taken off."""
    facts = world.facts
    seen = (facts.kind == MILESTONE) & (facts.side == BUYER) & (facts.at <= AT) & np.isin(facts.deal, found.deal)
    deal, step, at, phase = (column[seen] for column in (facts.deal, facts.step, facts.at, facts.lifecycle))
    days = np.zeros(len(world.deals))
    for key in np.unique(deal.astype(np.int64) * 100 + step):
        mine = deal.astype(np.int64) * 100 + step == key
        end = at[mine][-1] if phase[mine][-1] == REMOVE else AT
        days[key // 100] += np.subtract(*to_working(np.array([end, at[mine][0]])))
    done = found.exposure[:, RATES.promises + BUYER_STEP * PROMISE_CHANNELS + REOPENED]
    assert np.allclose(promise_days(found, BUYER_STEP) + done, days[found.deal])


@pytest.mark.parametrize("lifecycle", [COMPLETE, REOPEN, REMOVE, SCHEDULE])
def test_evidence_counts_each_act_on_a_step_once(world: World, found: Evidence, lifecycle: int) -> None:
    """As many acts as there are visible facts, the first promise of each step left out."""
    facts = world.facts
    seen = (facts.kind == MILESTONE) & (facts.at <= AT) & np.isin(facts.deal, found.deal)
    expected = (facts.lifecycle[seen] == lifecycle).sum()
    if lifecycle == SCHEDULE:
        expected -= len(np.unique(facts.deal[seen].astype(np.int64) * 100 + facts.step[seen]))
    acts = (
        [{COMPLETE: 0, SCHEDULE: 1, REMOVE: 2}[lifecycle] + 3 * n for n in range(PHASES)]
        if lifecycle != REOPEN
        else [9]
    )
    channels = [RATES.promises + side * PROMISE_CHANNELS + act for side in (0, 1) for act in acts]
    assert found.events[:, channels].sum() == expected


def test_evidence_counts_each_stage_change_once(world: World, found: Evidence) -> None:
    """As many moves as there are visible stage facts, the first of each deal left out."""
    facts = world.facts
    seen = (facts.kind == STAGE) & (facts.at <= AT) & np.isin(facts.deal, found.deal)
    assert found.events[:, : RATES.promises].sum() == seen.sum() - len(found.deal)
