"""The claim tester, on worlds whose law is known and on deals that can be counted by hand."""

from functools import cache
from typing import Any

import pytest

from bench import worlds
from crmsync.clock import parse_instant
from crmsync.forecast.channels import STEP_DONE, VIEWS
from crmsync.forecast.claims import AGE, MORE, NOTHING, TOO_FEW, Answer, Claim, answer, wilson
from crmsync.forecast.dataset import examples, snapshots
from crmsync.forecast.history import History
from crmsync.records import Kind, Phase
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS

NOW = parse_instant("2026-09-21")
SEEDS = (1, 2, 3)
FOUR_VIEWS = Claim("4 views: 97 %", VIEWS, 0.97, at_least=4)
SECURITY = Claim("security review done: 90 %", STEP_DONE, 0.9, name="Security review")


@cache
def world(law: str, seed: int) -> History:
    """What was known of 3,000 deals."""
    return worlds.made(generate(law=LAWS[law], now=NOW, deals=3_000, seed=seed)).known_by(NOW).history


def judged(history: History, claim: Claim, *, by: int = NOW) -> Answer:
    """The claim on the closed deals of a history."""
    sample = examples(history, snapshots(history, by=by, every_days=7), by=by)
    return answer(history, sample, claim)


@pytest.mark.parametrize("seed", SEEDS)
def test_claim_tester_exposes_views_that_follow_age(seed: int) -> None:
    """Where views only grow with age, many views look better than the base rate, and at equal age they don't."""
    found = judged(world("views-by-age", seed), FOUR_VIEWS)
    assert (found.verdict, found.raw.value > found.base_rate, found.said_fits) == (AGE, True, False)


@pytest.mark.parametrize("seed", SEEDS)
def test_claim_tester_sees_views_that_tell(seed: int) -> None:
    """Where buyers who will buy come more often, the same claim holds at equal age."""
    assert judged(world("no-milestones", seed), FOUR_VIEWS).verdict == MORE


@pytest.mark.parametrize(("law", "verdicts"), [("views-by-age", {MORE}), ("no-milestones", {AGE, NOTHING})])
def test_claim_tester_tells_by_law_whether_steps_matter(law: str, verdicts: set[str]) -> None:
    """A done step goes with winning where the law says so and doesn't where the plan tells nothing."""
    assert {judged(world(law, seed), SECURITY).verdict for seed in SEEDS} <= verdicts


def deals(past: Any, *lives: tuple[float, float, int]) -> History:
    """Deals of 70 days by (first view, end of life, won); day 0 is a Monday and the first snapshot one week on."""
    rows: list[dict[str, Any]] = []
    for deal, (viewed, ended, won) in enumerate(lives, 1):
        rows.append({"deal": deal, "day": 0.5, "kind": Kind.CREATED})
        rows.append({"deal": deal, "day": ended, "kind": Kind.OUTCOME, "phase": Phase.DONE, "value": won})
        rows += [{"deal": deal, "day": viewed, "kind": Kind.VIEW}] if viewed < ended else []
    history: History = past(*rows)
    return history


def test_others_are_those_of_the_same_age(past: Any) -> None:
    """Deals that ended before the first view are no others; those that bear the claim later are."""
    lost_young, late, early, quiet = (99, 9, 0), (50, 70, 1), (20, 70, 1), (99, 70, 0)
    history = deals(past, *[lost_young] * 40, *[late] * 10, *[early] * 25, *[quiet] * 10)
    found = judged(history, Claim("a view", VIEWS, 0.9), by=parse_instant("2026-01-01"))
    assert (found.deals, found.others) == (35, 20)
    assert found.others_rate == pytest.approx((25 * 0.5 + 10 * 0) / 35)
    assert found.difference.value == pytest.approx(1 - found.others_rate)


def test_claim_on_few_deals_is_left_open(past: Any) -> None:
    """With fewer deals than are needed nothing is said, and without any there is no fault."""
    few = deals(past, *[(20, 70, 1)] * 5, *[(99, 70, 0)] * 40)
    claim, by = Claim("a view", VIEWS, 0.9), parse_instant("2026-01-01")
    assert judged(few, claim, by=by).verdict == TOO_FEW
    assert judged(few, Claim("a step", STEP_DONE, 0.9, name="none"), by=by).verdict == TOO_FEW


def test_wilson_range_of_a_textbook_share() -> None:
    """15 of 148: 6.2 to 16.0 % (Newcombe 1998, method 3)."""
    found = wilson(15, 148)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0624, 0.1605)
