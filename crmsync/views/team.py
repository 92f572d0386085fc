"""The team's number: what each owner's open deals bring within a period, with its range, and how well such ranges held before."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.backtest import Span, backtest
from crmsync.forecast.channels import AMOUNT, OWNER
from crmsync.forecast.dataset import Ends
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.history import NO_NAME, AsOf, History
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.rollup import Period, Shock, covered, covered_if_right, draws, learn, ranges
from crmsync.forecast.score import Scores

TEAM = -1  # stands for all owners together


@dataclass(frozen=True, slots=True)
class Line:
    """One owner's (a person's id, 0: nobody, TEAM: all) number of one currency, in minor units. The range is of the open deals."""

    owner: int
    currency: str
    deals: int  # open ones
    won_minor: int  # since the period began: certain, and no part of the range
    expected_minor: int
    p10_minor: int
    p50_minor: int
    p90_minor: int


@dataclass(frozen=True, slots=True)
class Tracked:
    """What was said of a past period's sum in one currency, and what came of the deals that were open then."""

    as_of: int
    currency: str
    expected_minor: int
    p10_minor: int
    p50_minor: int
    p90_minor: int
    came_minor: int
    covered: float  # see `rollup.covered`
    covered_sd: float  # the standard deviation that luck alone gives it


def lines(history: History, scores: Scores, *, begins_on: int, ends_on: int, shock: Shock) -> list[Line]:
    """The owners' lines and the team's, by currency, of what is won from the first to the last day of a period."""
    asof, chance = scores.table.asof, scores.won_by(ends_on)
    if begins_on * MICROS_PER_DAY > scores.as_of:
        chance = chance - scores.won_by(begins_on - 1)
    won, won_amount = _won_since(history, begins_on, by=scores.as_of)
    people = np.concatenate([_owners(asof), _owners(won)])
    names = np.array([*scores.currency, *_currencies(won)])
    keys = sorted(set(zip(people.tolist(), names.tolist(), strict=True)))
    place = {key: number for number, key in enumerate(keys)}
    group = np.array([place[key] for key in zip(people.tolist(), names.tolist(), strict=True)], dtype=np.int64)
    amount = np.nan_to_num(scores.amount_minor)
    is_open = np.arange(len(group)) < len(scores)
    told = _Sums(group[is_open], len(keys), chance, amount, shock)
    booked = np.bincount(group[~is_open], weights=won_amount, minlength=len(keys)).astype(np.float64)
    return list(_lines(keys, told, booked))


def _lines(keys: list[tuple[int, str]], told: "_Sums", booked: Floats) -> Iterator[Line]:
    """The team's lines, each before those of its owners."""
    for currency in sorted({currency for _, currency in keys}):
        own = [place for place, key in enumerate(keys) if key[1] == currency]
        for owner, places in [(TEAM, own), *((keys[place][0], [place]) for place in own)]:
            yield Line(owner, currency, told.deals(places), round(booked[places].sum()), *told.range(places))


class _Sums:
    """Open deals by group, drawn once, so that owners and team fit together."""

    def __init__(self, group: Ints, groups: int, chance: Floats, amount: Floats, shock: Shock) -> None:
        self._count = np.bincount(group, minlength=groups)
        self._expected = np.bincount(group, weights=chance * amount, minlength=groups)
        drawn = draws(chance, amount, group, shock=shock)
        self._drawn = np.pad(drawn, ((0, 0), (0, groups - drawn.shape[1])))

    def deals(self, places: list[int]) -> int:
        """How many deals some groups have."""
        return int(self._count[places].sum())

    def range(self, places: list[int]) -> tuple[int, int, int, int]:
        """Expected sum, P10, P50 and P90 of some groups together."""
        low, middle, high = ranges(self._drawn[:, places].sum(axis=1, keepdims=True))[:, 0].tolist()
        return round(self._expected[places].sum()), low, middle, high


def _won_since(history: History, day: int, *, by: int) -> tuple[AsOf, Floats]:
    """The deals won from a day on, as an instant knows them, and their amounts."""
    ends = Ends.of(history, by=by)
    rows = np.flatnonzero((ends.won == 1) & (ends.closed_at >= day * MICROS_PER_DAY))
    asof = history.as_of(history.deals[rows], by)
    return asof, np.nan_to_num(asof.of(AMOUNT).latest_value())


def _owners(asof: AsOf) -> Ints:
    return asof.of(OWNER).latest("person", missing=0)


def _currencies(asof: AsOf) -> list[str]:
    labels = (*asof.history.labels, "")  # NO_NAME is the last place
    return [labels[name] for name in asof.of(AMOUNT).latest("name", missing=NO_NAME).tolist()]


def track(history: History, recipe: Recipe, *, until: int, periods: int) -> tuple[list[Tracked], Shock]:
    """Past periods of the model's horizon, one after the other up to an instant, and the shock that they teach.

    Each is scored by a fit that knew nothing later, and its range knows only the periods before it.
    """
    length = recipe.horizon_days * MICROS_PER_DAY
    span = Span(until - periods * length, until - length, recipe.horizon_days)
    ends = Ends.of(history, by=until)
    found: list[Tracked] = []
    before: list[Period] = []
    for scores in backtest(history, recipe, span, refit_days=recipe.horizon_days):
        place = np.searchsorted(history.deals, scores.deal)
        won = ((ends.won[place] == 1) & (ends.closed_at[place] <= scores.as_of + length)).astype(np.float64)
        found += _tracked(scores, won, learn(before))
        before.append(Period(scores.won_soon, won))
    return found, learn(before)


def _tracked(scores: Scores, won: Floats, shock: Shock) -> Iterator[Tracked]:
    names, group = np.unique(np.array(scores.currency, dtype=np.str_), return_inverse=True)
    amount = np.nan_to_num(scores.amount_minor)
    drawn = draws(scores.won_soon, amount, group.astype(np.int64), shock=shock)
    came = np.bincount(group, weights=won * amount).astype(np.float64)
    expected = np.bincount(group, weights=scores.won_soon * amount)
    held, luck = covered(drawn, came), covered_if_right(drawn).std(axis=0)
    columns = (names, np.rint(expected).astype(np.int64), *ranges(drawn), came.astype(np.int64), held, luck)
    for row in zip(*(column.tolist() for column in columns), strict=True):
        yield Tracked(scores.as_of, *row)
