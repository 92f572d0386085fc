"""The truth is what it says it is: the chance of winning, given what is visible and nothing else."""

from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crmsync.sandbox.columns import CALL, COMPLETE, MILESTONE, NEVER, SELLER, STAGE, UNKNOWN, Facts, World
from crmsync.sandbox.evidence import evidence
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import DEFAULT_LAW, LAWS, Law, Pair, Pulse, StageRates, level
from crmsync.sandbox.rates import rates_of
from crmsync.sandbox.truth import truth
from tests.sandbox.test_generate import COLUMNS, DAY, NOW

WEEK = 7 * DAY
Numbers = NDArray[np.float64]


@dataclass
class Snapshots:
    """Weekly truths of all deals open then, and what came of them."""

    deal: NDArray[np.int64]
    at: NDArray[np.int64]
    probability: Numbers
    won: Numbers

    def strain(self, chosen: Any = slice(None)) -> float:
        """How far wins are from the truth, in standard errors. A deal's snapshots share one outcome."""
        deal, chance, won = self.deal[chosen], self.probability[chosen], self.won[chosen]
        times = np.maximum(np.bincount(deal), 1)
        mean = np.bincount(deal, weights=chance) / times
        error = np.sqrt((np.where(mean > 0, times, 0) ** 2 * mean * (1 - mean)).sum())
        return float(abs((won - chance).sum()) / error)


def snapshots(world: World, *, every: int = 2, law: Law | None = None) -> Snapshots:
    """From the half-year on, when the world has filled up, until now."""
    instants = range(world.start_at + 26 * WEEK, world.now + 1, every * WEEK)
    parts = [(found.deal, at, found.probability) for at in instants for found in [truth(world, at, law=law)]]
    deal = np.concatenate([part[0] for part in parts])
    at = np.concatenate([np.full(len(part[0]), part[1]) for part in parts])
    return Snapshots(deal, at, np.concatenate([part[2] for part in parts]), world.deals.won[deal].astype(float))


def log_loss(probability: Numbers, won: Numbers) -> float:
    """Mean log loss."""
    return float(-np.log(np.where(won == 1, probability, 1 - probability)).mean())


def fitted(feature: Numbers, won: Numbers) -> Numbers:
    """The chances by a logistic fit to one feature (Newton's method) on the very data it is judged by."""
    scaled = (feature - feature.mean()) / (feature.std() or 1.0)
    design = np.stack([np.ones(len(won)), scaled], axis=1)
    weights = np.zeros(2)
    for _ in range(15):
        chance = 1 / (1 + np.exp(-design @ weights))
        hessian = (design * (chance * (1 - chance))[:, None]).T @ design
        weights = weights + np.linalg.solve(hessian + 1e-9 * np.eye(2), design.T @ (won - chance))
    return np.asarray(1 / (1 + np.exp(-design @ weights)))


@pytest.fixture(scope="module")
def world() -> World:
    """A world of the default law."""
    return generate(deals=4_000, seed=8, law=DEFAULT_LAW, now=NOW)


@pytest.fixture(scope="module")
def seen(world: World) -> Snapshots:
    """Its snapshots."""
    return snapshots(world)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_truth_is_won_as_often_as_it_says(law: Law) -> None:
    """Over all snapshots, the mean truth is the share won within sampling error."""
    assert snapshots(generate(deals=2_500, seed=21, law=law, now=NOW), every=4).strain() < 3.0


def test_truth_is_won_as_often_as_it_says_in_each_tenth(seen: Snapshots) -> None:
    """Low truths are seldom won, high ones often, each as often as it says."""
    order = np.argsort(seen.probability, kind="stable")
    assert max(seen.strain(tenth) for tenth in np.array_split(order, 10)) < 3.0


def test_truth_is_right_at_every_age(world: World, seen: Snapshots) -> None:
    """Young and old deals alike."""
    age = (seen.at - world.deals.created_at[seen.deal]) / DAY
    edges = [0, 14, 45, 90, 180, np.inf]
    strains = [seen.strain(np.flatnonzero((age >= low) & (age < high))) for low, high in pairwise(edges)]
    assert max(strains) < 3.0


def features(world: World, seen: Snapshots) -> dict[str, Numbers]:
    """A few single features of each snapshot."""
    kinds = {"steps done": (MILESTONE, COMPLETE), "calls": (CALL, 0), "stage moves": (STAGE, 0)}
    found: dict[str, Numbers] = {"age": (seen.at - world.deals.created_at[seen.deal]) / DAY}
    facts = world.facts
    for name, (kind, lifecycle) in kinds.items():
        mine = np.flatnonzero((facts.kind == kind) & (facts.lifecycle == lifecycle))
        key = facts.deal[mine].astype(np.int64) * NOW + facts.at[mine] // 1_000_000
        until = np.searchsorted(key, seen.deal * NOW + seen.at // 1_000_000, side="right")
        found[name] = (until - np.searchsorted(key, seen.deal * NOW)).astype(float)
    found["latest stage"] = latest_stage(world, seen)
    found["amount"] = np.log(world.deals.amount_minor[seen.deal].astype(float))
    return found


def latest_stage(world: World, seen: Snapshots) -> Numbers:
    """The number of each snapshot's stage."""
    facts = world.facts
    stages = np.flatnonzero(facts.kind == STAGE)
    key = facts.deal[stages].astype(np.int64) * NOW + facts.at[stages] // 1_000_000
    found = np.searchsorted(key, seen.deal * NOW + seen.at // 1_000_000, side="right") - 1
    return facts.name[stages][found].astype(float)


def test_truth_beats_the_base_rate_and_any_single_feature(world: World, seen: Snapshots) -> None:
    """Under the default law much is to be learnt, and no single feature learns it."""
    base = log_loss(np.full(len(seen.won), seen.won.mean()), seen.won)
    single = min(log_loss(fitted(feature, seen.won), seen.won) for feature in features(world, seen).values())
    assert log_loss(seen.probability, seen.won) < min(single, base) - 0.05


def test_truth_beats_the_rate_of_each_stage(world: World, seen: Snapshots) -> None:
    """What CRMs use tells something, and far less than the truth."""
    stage = latest_stage(world, seen).astype(int)
    rate = (np.bincount(stage, weights=seen.won) / np.maximum(np.bincount(stage), 1))[stage]
    base = np.full(len(seen.won), seen.won.mean())
    assert log_loss(seen.probability, seen.won) < log_loss(rate, seen.won) - 0.05
    assert log_loss(rate, seen.won) < log_loss(base, seen.won) - 0.005


def test_truth_leaves_much_open(seen: Snapshots) -> None:
    """Ranked by the truth, a won snapshot stands above a lost one as often as in real pipelines, not more."""
    rank = np.argsort(np.argsort(seen.probability)) + 1
    wins = seen.won.sum()
    area = (rank[seen.won == 1].sum() - wins * (wins + 1) / 2) / (wins * (len(rank) - wins))
    assert 0.75 <= area <= 0.85


def test_truth_is_the_base_rate_where_nothing_tells() -> None:
    """At every instant and for every deal."""
    law = LAWS["nothing"]
    found = snapshots(generate(deals=1_000, law=law, now=NOW), every=8)
    assert np.abs(found.probability - law.win_rate).max() < 1e-9


def test_milestones_tell_nothing_where_they_do_not_matter(world: World) -> None:
    """Without the plan's facts the truth is the same, if the law says that plans tell nothing and no plan is awaited."""
    law = LAWS["no-milestones"]
    at, kept = NOW - 20 * WEEK, world.facts.kind != MILESTONE
    bare = replace(world, facts=Facts(**{name: getattr(world.facts, name)[kept] for name in COLUMNS}))
    one_pace = replace(law, paces=(1.0,), pace_shares=(1.0,))
    assert np.allclose(
        truth(bare, at, law=one_pace).probability, truth(world, at, law=one_pace).probability, rtol=0, atol=1e-12
    )


def test_truth_does_not_look_ahead(world: World) -> None:
    """Without any fact, deal or outcome after an instant, the truth at that instant is the same to the last bit."""
    at = NOW - 30 * WEEK
    kept, deals = world.facts.at <= at, world.deals
    still = deals.closed_at > at
    blind = replace(
        deals,
        closed_at=np.where(still, NEVER, deals.closed_at),
        won=np.where(still, UNKNOWN, deals.won).astype(np.int8),
    )
    facts = Facts(**{name: getattr(world.facts, name)[kept] for name in COLUMNS})
    found = truth(replace(world, deals=blind, facts=facts), at)
    assert np.array_equal(found.probability, truth(world, at).probability)


def test_truth_knows_the_deals_that_are_open(world: World) -> None:
    """Those that exist and are not closed at the instant, no other."""
    at, deals = NOW - 10 * WEEK, world.deals
    assert np.array_equal(truth(world, at).deal, np.flatnonzero((deals.created_at <= at) & (deals.closed_at > at)))


def sharpened(part: Any) -> Any:
    """The same part of a law with everything much faster in deals to be won."""
    if isinstance(part, Pair):
        return Pair(part.lost * 0.65, part.won * 1.35)
    if isinstance(part, tuple):
        return tuple(sharpened(each) for each in part)
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{each.name: sharpened(getattr(part, each.name)) for each in fields(part)})
    return part


@pytest.mark.parametrize(
    "process", ["stages", "plan_start", "buyer_steps", "seller_steps", "close_date", "joins", "pulses"]
)
def test_truth_weighs_each_process_alone(process: str) -> None:
    """Where one process alone tells, and loudly, the truth is still won as often as it says in each tenth."""
    law = replace(LAWS["nothing"], **{process: sharpened(getattr(LAWS["nothing"], process))})
    found = snapshots(generate(deals=2_500, seed=6, law=law, now=NOW), every=4, law=law)
    order = np.argsort(found.probability, kind="stable")
    assert found.probability.std() > 0.02
    assert max(found.strain(tenth) for tenth in np.array_split(order, 10)) < 3.5


# a law so small that its worlds can be made up anew in a line: one stage, calls, nothing else that differs
_NEVER, _CALLS, _CLOSE = Pair(0.0, 0.0), Pair(0.06, 0.12), Pair(0.02, 0.03)
TINY = replace(
    level(DEFAULT_LAW),
    name="tiny",
    owner_spread=0.0,
    segments=(0.0, 0.0, 0.0),
    amount_slope=0.0,
    paces=(1.0,),
    pace_shares=(1.0,),
    stages=(StageRates(_NEVER, _NEVER, _NEVER, _CLOSE),),
    plan_share=0.0,
    joins=(_NEVER,) * 4,
    pulses=(Pulse(CALL, SELLER, (_CALLS,) * 5),),
)


def by_rejection(calls: int, age: float) -> float:
    """Makes up deals without the generator, keeps those open at an age with so many calls, and counts the won ones."""
    rng = np.random.default_rng(4)
    won = (rng.random(400_000) < TINY.win_rate).astype(int)
    lived = rng.exponential(1 / np.array(_CLOSE)[won])
    made = rng.poisson(np.array(_CALLS)[won] * age)
    return float(won[(lived > age) & (made == calls)].mean())


@pytest.mark.parametrize("calls", [0, 1, 2, 4])
def test_truth_agrees_with_deals_made_up_and_thrown_away(calls: int) -> None:
    """Of deals made up by the law's numbers alone, those with the same visible past are won as often as the truth says."""
    tiny, at = generate(deals=4_000, seed=5, law=TINY, now=NOW), NOW - 13 * WEEK
    seen = evidence(tiny, at, rates=rates_of(TINY))
    facts = tiny.facts
    counted = np.bincount(facts.deal[(facts.kind == CALL) & (facts.at <= at)], minlength=len(tiny.deals))[seen.deal]
    alike = np.flatnonzero(counted == calls)
    nearest = alike[np.argmin(np.abs(seen.age[alike] - 20))]
    expected = by_rejection(calls, float(seen.age[nearest]))
    assert abs(truth(tiny, at, law=TINY).probability[nearest] - expected) < 0.01
