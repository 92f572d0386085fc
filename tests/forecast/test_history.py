"""As-of primitives against plain loops over the same facts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast import channels
from crmsync.forecast.history import AsOf, History, Which
from crmsync.records import Kind, Phase, Side
from tests.forecast.conftest import START, Past

Make = Callable[..., History]
MAILS = Which((Kind.EMAIL,))
CHANNELS = (MAILS, Which(), Which((Kind.MILESTONE, Kind.CALL), (Phase.DONE,)), Which((), (), (Side.BUYER,)))


def pairs(past: Past, count: int) -> AsOf:
    """Random deals at random instants."""
    rng = np.random.default_rng(3)
    deals = rng.choice(np.unique(past.facts.deal), count)
    return past.history.as_of(deals, (START * DAY + rng.random(count) * 365 * DAY).astype(np.int64))


def ages(asof: AsOf, which: Which) -> list[Any]:
    """For each pair the ages in days of the facts meant, by looking at every fact."""
    facts = asof.history.facts
    seen_at, meant = np.maximum(facts.at, facts.known_at), which.mask(facts)
    return [
        (at - seen_at[meant & (facts.deal == deal) & (seen_at <= at)]) / DAY
        for deal, at in zip(asof.deals, asof.at, strict=True)
    ]


@pytest.mark.parametrize("which", CHANNELS)
def test_count_equals_a_plain_loop(rich: Past, which: Which) -> None:
    """A count is the number of facts seen by the instant."""
    asof = pairs(rich, 200)
    assert asof.of(which).count().tolist() == [len(found) for found in ages(asof, which)]


@pytest.mark.parametrize("which", CHANNELS)
def test_recent_equals_a_plain_loop(rich: Past, which: Which) -> None:
    """A recent count takes the facts younger than the days given."""
    asof = pairs(rich, 200)
    assert asof.of(which).recent(14).tolist() == [(found < 14).sum() for found in ages(asof, which)]


@pytest.mark.parametrize("which", CHANNELS)
def test_decayed_equals_a_plain_loop(rich: Past, which: Which) -> None:
    """A decayed sum is exact however old the facts are."""
    asof = pairs(rich, 200)
    expected = [np.exp(-found / 7).sum() for found in ages(asof, which)]
    np.testing.assert_allclose(asof.of(which).decayed(7), expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("which", CHANNELS)
def test_days_since_equals_a_plain_loop(rich: Past, which: Which) -> None:
    """Days since the first and the last fact are nan exactly where there was none."""
    asof = pairs(rich, 200)
    first = [found.max(initial=-np.inf) if len(found) else np.nan for found in ages(asof, which)]
    last = [found.min() if len(found) else np.nan for found in ages(asof, which)]
    np.testing.assert_allclose([asof.of(which).days_since_first(), asof.of(which).days_since_last()], [first, last])


def test_people_counts_each_known_person_once(past: Make) -> None:
    """Somebody who comes twice is one, and nobody is not one."""
    rows = [{"day": day, "kind": Kind.CALL, "person": person} for day, person in ((1, 5), (2, 5), (3, 0), (4, 6))]
    history = past(*rows, {"deal": 2, "day": 1, "kind": Kind.CALL, "person": 5})
    assert history.as_of([1, 1, 2], (START + np.array([2, 9, 9])) * DAY).of(Which()).people().tolist() == [1, 2, 1]


def test_fact_counts_only_once_the_crm_knew_it(past: Make) -> None:
    """A back-dated fact is invisible before `known_at`, and then as young as its entry."""
    history = past({"day": 1, "known": 10, "kind": Kind.EMAIL})
    asof = history.as_of([1, 1], (START + np.array([9, 12])) * DAY)
    assert asof.of(MAILS).count().tolist() == [0, 1]
    assert asof.of(MAILS).days_since_last()[1] == 2


def test_fact_counts_only_once_it_was_true(past: Make) -> None:
    """A fact dated ahead is invisible until its day."""
    history = past({"day": 10, "known": 1, "kind": Kind.EMAIL})
    assert history.as_of([1, 1], (START + np.array([9, 10])) * DAY).of(MAILS).count().tolist() == [0, 1]


def test_latest_name_follows_the_stage(past: Make) -> None:
    """The stage as of an instant is the last one seen, none before the first."""
    history = past(*({"day": day, "kind": Kind.STAGE, "name": day} for day in (1, 2)))
    assert history.as_of([1, 1, 1], (START + np.array([0, 1, 5])) * DAY).of().latest("name", missing=-1).tolist() == [
        -1,
        1,
        2,
    ]


def test_days_under_a_stage_add_up_over_returns(past: Make) -> None:
    """Time in a stage counts each stay, up to the instant for the present one, and nothing of another deal."""
    moves = ((0, 1), (3, 2), (4, 1), (9, 2))
    history = past(
        *({"day": day, "kind": Kind.STAGE, "name": name} for day, name in moves), {"deal": 2, "day": 1, "name": 1}
    )
    asof = history.as_of([1, 1, 1, 2], (START + np.array([2, 6, 10, 2])) * DAY)
    assert asof.of(channels.STAGE).days_under(1).tolist() == [2, 5, 8, 0]
    assert asof.of(channels.STAGE).days_under(None).tolist() == [2, 6, 10, 0]


def test_unknown_deal_has_no_history(past: Make) -> None:
    """A deal without facts answers nothing, and isn't open."""
    asof = past({"day": 1, "kind": Kind.EMAIL}).as_of([99], (START + 5) * DAY)
    assert asof.of(MAILS).count().tolist() == [0]
    assert not asof.is_open[0]


def test_history_without_facts_answers(past: Make) -> None:
    """An empty store is no fault."""
    asof = past().as_of([1], START * DAY)
    assert np.isnan(asof.age_days[0])
    assert asof.of(MAILS).decayed(7).tolist() == [0]


def test_deal_is_open_between_creation_closing_and_reopening(past: Make) -> None:
    """Closed or deleted deals aren't open; reopened ones and ones that came back are."""
    life = (
        (2, Kind.OUTCOME, Phase.DONE),
        (4, Kind.OUTCOME, Phase.REOPENED),
        (6, Kind.DELETED, 0),
        (8, Kind.DELETED, Phase.REOPENED),
    )
    history = past({"day": 1, "kind": Kind.CREATED}, *({"day": d, "kind": k, "phase": p} for d, k, p in life))
    asof = history.as_of([1] * 6, (START + np.array([0, 1, 3, 5, 7, 9])) * DAY)
    assert asof.is_open.tolist() == [False, True, False, True, False, True]


def test_part_of_the_deals_answers_like_the_whole(rich: Past) -> None:
    """A chunk of deals, given the whole book's load and outcomes, gives the same answers."""
    whole = rich.history
    part = rich.facts.take(rich.facts.deal <= 20)
    chunk = History(part, rich.labels, load=whole.load, outcomes=whole.outcomes)
    ids, at = np.arange(1, 21), rich.now - 60 * DAY
    ours, theirs = chunk.as_of(ids, at), whole.as_of(ids, at)
    assert ours.owner_load.tolist() == theirs.owner_load.tolist()
    assert ours.owner_win_rate(prior_deals=5).tolist() == theirs.owner_win_rate(prior_deals=5).tolist()
    assert ours.of(Which()).decayed(7).tolist() == theirs.of(Which()).decayed(7).tolist()


def test_owner_win_rate_counts_what_had_closed_by_then(past: Make) -> None:
    """An owner's own outcomes up to the instant, with the prior's deals of everybody's share; what was reopened doesn't count."""
    owned = [
        {"deal": deal, "day": 1, "kind": Kind.OWNER, "person": person} for deal, person in ((1, 7), (2, 7), (3, 8))
    ]
    ends = [
        {"deal": 1, "day": 2, "kind": Kind.OUTCOME, "phase": Phase.DONE, "value": 1},
        {"deal": 3, "day": 3, "kind": Kind.OUTCOME, "phase": Phase.DONE, "value": 0},
        {"deal": 1, "day": 5, "kind": Kind.OUTCOME, "phase": Phase.REOPENED},
    ]
    asof = past(*owned, *ends).as_of([2, 2, 2], (START + np.array([1.5, 4, 6])) * DAY)
    usual = np.array([1 / 2, 2 / 4, 1 / 3])
    expected = (np.array([0, 1, 0]) + 2 * usual) / (np.array([0, 1, 0]) + 2)
    np.testing.assert_allclose(asof.owner_win_rate(prior_deals=2), expected)
