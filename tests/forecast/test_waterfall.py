"""The waterfall between two weighted forecasts."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmsync.clock import MICROS_PER_DAY as DAY
from crmsync.forecast.dataset import Ends
from crmsync.forecast.facts import Facts
from crmsync.forecast.fit import train
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.score import score
from crmsync.forecast.waterfall import Date, waterfall
from crmsync.records import Kind, Phase
from tests.forecast.conftest import LABELS, RECIPE, START, Past, random_past, write

DEALS = 12


@pytest.fixture(scope="module")
def keen_fit(rich_fit: Fit) -> Fit:
    """The fit with no coefficient at zero: what it has learnt to be of no weight would move nothing."""
    terms = tuple(
        replace(each, coefficients=tuple(number + 0.01 for number in each.coefficients))
        for each in rich_fit.formula.terms
    )
    return replace(rich_fit, formula=replace(rich_fit.formula, terms=terms))


@pytest.fixture(scope="module")
def young_fit(rich: Past) -> Fit:
    """A fit made half a year before the newest one."""
    return train(rich.history, RECIPE, as_of=rich.now - 180 * DAY)


def stacked(*some: Facts) -> Facts:
    """Facts one after the other."""
    return Facts(*(np.concatenate([getattr(each, name) for each in some]) for name in Facts.__slots__))


def row(day: float, kind: Kind, **more: Any) -> dict[str, Any]:
    """A fact that is known when it happens."""
    return {"day": day, "kind": kind, **more}


AMOUNTS = st.builds(
    lambda deal, day, name, value: row(day, Kind.AMOUNT, deal=deal, name=name, value=value),
    st.integers(1, DEALS),
    st.floats(0, 365),
    st.integers(0, 2),
    st.integers(0, 10**9),
)
TURNS = st.builds(
    lambda deal, day, phase, won: row(day, Kind.OUTCOME, deal=deal, phase=phase, value=won),
    st.integers(1, DEALS),
    st.floats(0, 365),
    st.sampled_from([Phase.DONE, Phase.REOPENED]),
    st.integers(0, 1),
)


def worth(fit: Fit, history: History, at: int, overrides: dict[int, float]) -> dict[str, int]:
    """What a person would add up: each deal on its own."""
    ends, is_open = Ends.of(history, by=at), history.as_of(history.deals, at).is_open
    scores = score(fit, history, history.deals, as_of=at)
    sums: dict[str, int] = {}
    for place, deal in enumerate(history.deals.tolist()):
        chance = overrides.get(deal, float(scores.probability[place])) if is_open[place] else float(ends.won[place] > 0)
        amount = 0.0 if np.isnan(scores.amount_minor[place]) else float(scores.amount_minor[place])
        sums[scores.currency[place]] = sums.get(scores.currency[place], 0) + round(amount * chance)
    return sums


@given(
    st.integers(0, 500),
    st.lists(AMOUNTS, max_size=12),
    st.lists(TURNS, max_size=6),
    st.tuples(st.integers(30, 340), st.integers(0, 120)),
    st.dictionaries(st.integers(1, DEALS), st.floats(0, 1), max_size=4),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_waterfall_balances_to_the_minor_unit(
    rich_fit: Fit,
    young_fit: Fit,
    seed: int,
    amounts: list[dict[str, Any]],
    turns: list[dict[str, Any]],
    days: tuple[int, int],
    overrides: dict[int, float],
) -> None:
    """On any history each currency's start and parts sum to its end, and the change is that of the two whole forecasts."""
    facts = stacked(random_past(deals=DEALS, seed=seed).facts, write(*amounts, *turns))
    history, from_at = History(facts, LABELS), (START + days[0]) * DAY
    start, end = Date(from_at, young_fit, overrides), Date(from_at + days[1] * DAY, rich_fit, {1: 0.5})
    found = waterfall(history, start, end)
    assert all(each.before + sum(part.minor for part in each.parts) == each.after for each in found)
    before, after = (worth(date.fit, history, date.at, dict(date.overrides)) for date in (start, end))
    changes = {name: after.get(name, 0) - before.get(name, 0) for name in {*before, *after}}
    told = {each.currency: sum(part.minor for part in each.parts) for each in found}
    assert {name: told.get(name, 0) for name in changes} == changes


def parts(past: Any, fit: Fit, *later: dict[str, Any], days: int = 0, **dates: Any) -> dict[str, int]:
    """What moves a deal of 10,000,000.00 with a plan, ten days old, when these facts come within so many days."""
    plan = {"kind": Kind.MILESTONE, "step": 5, "name": 1, "side": 1}
    rows = [
        row(0, Kind.CREATED),
        row(0, Kind.OWNER, person=1),
        row(0, Kind.AMOUNT, name=2, value=1_000_000_000),
        row(0, Kind.CLOSE_ON, value=START + 60),
        row(0, Kind.STAGE, name=3),
        {"day": 0, "phase": Phase.PLANNED, "value": START + 15, **plan},
        *(fact if "kind" in fact else {**plan, **fact} for fact in later),
    ]
    at = (START + 10) * DAY
    told = dates.get("overrides", ({}, {}))
    history = past(*rows)
    found = waterfall(
        history, Date(at, fit, told[0]), Date(at + days * DAY + 1, fit, told[1]), until_on=dates.get("until_on")
    )
    sums: Counter[str] = Counter()
    for each in found:
        for part in each.parts:
            sums[f"{each.currency} {part.cause}"] += part.minor
    return {name: minor for name, minor in sums.items() if minor}


def now(kind: Kind, **more: Any) -> dict[str, Any]:
    """A fact of the very instant at which the later date looks."""
    return row(10 + 1 / DAY, kind, **more)


@pytest.mark.parametrize(
    ("fact", "cause"),
    [
        (now(Kind.OUTCOME, phase=Phase.DONE, value=1), "two won"),
        (now(Kind.OUTCOME, phase=Phase.DONE, value=0), "two lost"),
        (now(Kind.DELETED), "two lost"),
        (now(Kind.CLOSE_ON, value=START + 400), "two pushed"),
        (now(Kind.AMOUNT, name=2, value=3_000_000_000), "two amount"),
        (now(Kind.STAGE, name=1), "two CRM edit"),
        (now(Kind.EMAIL, side=1), "two engagement came"),
        ({"day": 10 + 1 / DAY, "phase": Phase.DONE}, "two milestone done"),
        ({"day": 10 + 1 / DAY, "phase": Phase.PLANNED, "value": START + 90}, "two promise slipped"),
        ({"day": 10 + 1 / DAY, "phase": Phase.PLANNED, "value": START + 90, "step": 6, "name": 3}, "two plan changed"),
    ],
)
def test_each_fact_moves_its_cause(past: Any, keen_fit: Fit, fact: dict[str, Any], cause: str) -> None:
    """One fact within a moment moves one part, and no other."""
    assert list(parts(past, keen_fit, fact)) == [cause]


def test_silent_miss_is_told_from_time(past: Any, keen_fit: Fit) -> None:
    """When nothing happens, a promise whose day passes is a part of its own beside the passing time; before it there is none."""
    assert set(parts(past, keen_fit, days=20)) == {"two promise slipped", "two time passed"}
    assert set(parts(past, keen_fit, days=4)) == {"two time passed"}


def test_engagement_fades_only_where_there_was_some(past: Any, keen_fit: Fit) -> None:
    """A mail that grows old is a part of its own, the larger the fresher it was."""
    old, young = (row(day, Kind.EMAIL, side=1) for day in (2, 9))
    faded = [abs(parts(past, keen_fit, mail, days=4)["two engagement faded"]) for mail in (old, young)]
    assert 0 < faded[0] < faded[1]


def test_currency_is_left_and_entered(past: Any, rich_fit: Fit) -> None:
    """A deal that changes its currency leaves one sum with all it had and enters the other."""
    found = parts(past, rich_fit, now(Kind.AMOUNT, name=1, value=50_000))
    assert list(found) == ["one currency", "two currency"]
    assert found["one currency"] > 0 > found["two currency"]


def test_override_stands_in_place_of_the_chance(past: Any, rich_fit: Fit) -> None:
    """A chance that a person puts in moves the part `override`, up to exactly amount times chance."""
    assert sum(parts(past, rich_fit, overrides=({1: 0.2}, {1: 0.9})).values()) == 700_000_000
    assert list(parts(past, rich_fit, overrides=({1: 0.2}, {1: 0.9}))) == ["two override"]


def test_period_counts_what_is_won_within_it(past: Any, rich_fit: Fit) -> None:
    """A win within the period brings the amount up to the whole, one after it takes the chance away."""
    win = now(Kind.OUTCOME, phase=Phase.DONE, value=1)
    assert parts(past, rich_fit, win, until_on=START + 20)["two won"] > 0
    assert (
        parts(past, rich_fit, row(15, Kind.OUTCOME, phase=Phase.DONE, value=1), days=6, until_on=START + 12)["two won"]
        < 0
    )


def test_new_fit_is_a_part(rich: Past, rich_fit: Fit, young_fit: Fit) -> None:
    """At one instant two fits differ by the part `model` alone."""
    found = waterfall(rich.history, Date(rich.now, young_fit), Date(rich.now, rich_fit))
    assert {part.cause for each in found for part in each.parts} == {"model"}
