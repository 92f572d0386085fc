"""The stall map."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from bench import worlds
from crmsync.clock import parse_instant
from crmsync.forecast.stalls import STATED_SHARE, Promises, by_owner, by_owner_and_step, by_step, promises
from crmsync.records import Kind, Phase
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS
from tests.forecast.conftest import DAY, START

NOW = parse_instant("2026-09-21")
SEEDS = (1, 2, 3, 4)


@cache
def world(seed: int) -> Promises:
    """The promises of 1,000 deals whose owners don't differ."""
    past = worlds.made(generate(law=LAWS["no-owners"], now=NOW, deals=1_000, seed=seed)).known_by(NOW)
    return promises(past.history, by=NOW)


def test_stall_map_shows_few_owners_where_none_differs() -> None:
    """Over these worlds no more owners are shown than luck may show by the stated share, alone or by step."""
    owners = [stall.shown for seed in SEEDS for stall in by_owner(world(seed))]
    pairs = [stall.shown for seed in SEEDS for stall in by_owner_and_step(world(seed))[0]]
    assert max(np.mean(owners), np.mean(pairs)) <= STATED_SHARE


def test_stall_map_shows_the_owner_who_stalls() -> None:
    """An owner half of whose kept promises are turned into stalled ones is shown first, above the team, in each world."""
    for seed in SEEDS:
        found = world(seed)
        slow = int(np.bincount(found.owner).argmax())
        turned = (found.owner == slow) & (np.random.default_rng(seed).random(len(found)) < 0.5)
        first = by_owner(replace(found, stalled=np.where(turned, 1.0, found.stalled)))[0]
        assert (first.group, first.shown, first.low > 0) == (slow, True, True)


def test_stall_map_shows_steps_that_differ() -> None:
    """The law lets buyers' steps come late more often than sellers': some steps lie above the team, others below."""
    shown = [stall.excess for stall in by_step(world(1)) if stall.shown]
    assert min(shown) < 0 < max(shown)


def test_excess_is_shrunk() -> None:
    """No group is said to differ more than it did."""
    found = world(1)
    everyone = found.stalled.mean()
    assert all(abs(stall.excess) <= abs(stall.stalled - everyone) for stall in by_step(found))


def test_promise_stalls_after_its_grace(past: Any) -> None:
    """Done within a week of the first promised day is kept, later or never is stalled, and moves of the day don't help."""
    plan = {"kind": Kind.MILESTONE, "phase": Phase.PLANNED, "value": START + 10}
    done = {"kind": Kind.MILESTONE, "phase": Phase.DONE}
    history = past(
        {"day": 0, "kind": Kind.OWNER, "person": 7},
        *({"day": 0, "step": step, "name": step, **plan} for step in (1, 2, 3)),
        {"day": 17.9, "step": 1, "name": 1, **done},
        {"day": 18.1, "step": 2, "name": 2, **done},
        {"day": 9, "step": 3, "name": 3, **plan, "value": START + 90},
        {"day": 12, "kind": Kind.OWNER, "person": 8},
    )
    found = promises(history, by=(START + 18) * DAY)
    assert dict(zip(found.step.tolist(), found.stalled.tolist(), strict=True)) == {1: 0.0, 2: 1.0, 3: 1.0}
    assert found.owner.tolist() == [7, 7, 7]
    assert len(promises(history, by=(START + 18) * DAY - 1)) == 0


def test_deal_that_closed_before_is_no_witness(past: Any) -> None:
    """What became of a promise whose deal ended within its grace isn't known; without promises there is no map and no fault."""
    history = past(
        {"day": 0, "kind": Kind.MILESTONE, "phase": Phase.PLANNED, "value": START + 10, "step": 1},
        {"day": 17, "kind": Kind.OUTCOME, "phase": Phase.DONE, "value": 0},
    )
    found = promises(history, by=(START + 40) * DAY)
    assert (len(found), by_owner(found), by_step(found)) == (0, [], [])
