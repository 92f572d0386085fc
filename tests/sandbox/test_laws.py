"""What each law says, and that a world obeys it."""

from dataclasses import fields

import numpy as np
import pytest

from crmsync.sandbox.cast import owner_odds
from crmsync.sandbox.columns import VIEW, World
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import DEFAULT_LAW, LAWS, Law, Pair, level
from tests.sandbox.test_generate import DAY, NOW

NAMES = ("milestones", "no-milestones", "views-by-age", "nothing", "drift", "heavy-tails", "no-owners")


def made(name: str) -> World:
    """A world of a law."""
    return generate(deals=4_000, seed=2, law=LAWS[name], now=NOW)


def days(world: World) -> np.ndarray:
    """How long each deal takes."""
    return (world.deals.closed_at - world.deals.created_at) / DAY


def test_laws_are_named_and_told() -> None:
    """Each law has its name and a sentence."""
    assert tuple(LAWS) == NAMES
    assert all(law.name == name and law.text for name, law in LAWS.items())


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_law_shares_its_deals_out_over_paces(law: Law) -> None:
    """Shares of paces make a whole."""
    assert len(law.paces) == len(law.pace_shares)
    assert np.isclose(sum(law.pace_shares), 1.0)


def test_level_makes_both_outcomes_alike() -> None:
    """A pair of rates becomes twice its middle, however deep it lies."""
    assert level(((Pair(0.2, 0.4), 7),)) == ((Pair(0.2 / 2 + 0.4 / 2, 0.2 / 2 + 0.4 / 2), 7),)


def test_nothing_differs_between_won_and_lost_where_nothing_tells() -> None:
    """The law of nothing has no pair that differs, and no odds of owner, segment or amount."""
    law = LAWS["nothing"]
    assert level(law) == law
    assert (law.owner_spread, law.segments, law.amount_slope) == (0.0, (0.0, 0.0, 0.0), 0.0)


def test_no_milestones_silences_the_plan() -> None:
    """The plan's rates are alike; people and their acts tell instead."""
    law = LAWS["no-milestones"]
    changed = {each.name for each in fields(Law) if getattr(law, each.name) != getattr(DEFAULT_LAW, each.name)}
    assert changed == {"name", "text", "plan_start", "buyer_steps", "seller_steps", "joins", "pulses"}
    assert level(law.buyer_steps) == law.buyer_steps


def test_views_by_age_come_more_often_the_older_a_deal_is() -> None:
    """Visits follow age and nothing else."""
    (views,) = (pulse for pulse in LAWS["views-by-age"].pulses if pulse.kind == VIEW)
    assert level(views) == views
    assert list(views.by_age) == sorted(views.by_age)


def test_drift_lowers_the_win_rate_from_the_middle_of_the_past() -> None:
    """Later deals are won more seldom."""
    world = made("drift")
    later = world.deals.created_at >= (world.start_at + world.now) // 2
    assert world.deals.won[later].mean() < world.deals.won[~later].mean() - 0.05


def test_heavy_tails_stretch_the_longest_cycles() -> None:
    """The slowest hundredth takes much longer against the median than by the default."""
    heavy, plain = (np.percentile(days(made(name)), [50, 99]) for name in ("heavy-tails", "milestones"))
    assert heavy[1] / heavy[0] > 1.5 * plain[1] / plain[0]


def test_owners_differ_by_default_and_not_where_no_owner_differs() -> None:
    """Only where the law says so do some owners win more."""
    odds = {name: owner_odds(1, owners=20, spread=LAWS[name].owner_spread) for name in ("milestones", "no-owners")}
    assert odds["milestones"].std() > 0.1
    assert not odds["no-owners"].any()
