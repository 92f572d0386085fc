"""Deals as they begin: when, whose, for whom, how much. What of it bears on winning is `log_odds`, the rest is scenery."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.cast import owner_odds
from crmsync.sandbox.columns import NEVER, PLAN_NONE, PLAN_OBJECT, PLAN_TASKS, UNKNOWN, Deals, Ints, Words
from crmsync.sandbox.laws import Law
from crmsync.sandbox.working_time import Floats, calendar_day, from_working, to_working

SEGMENTS = ("Small", "Mid-size", "Large")
_SEGMENT_SHARES = (0.5, 0.35, 0.15)
_MIDDLES = np.array([8_000.0, 30_000.0, 120_000.0])  # amounts, in the company's own currency
_AMOUNT_SPREAD = 0.6
CURRENCIES = {"EUR": 1.0, "USD": 1.09, "GBP": 0.85}
_CURRENCY_SHARES = (0.6, 0.25, 0.15)
_PLAN_IN_TASKS = 0.1  # of the deals with a plan
_CLOSE_DAYS = (20, 80)  # working days from creation to the close date that the seller first names: at least, less than


@dataclass(frozen=True, slots=True)
class Company:
    """How large a company is, and when its deals begin: until `now` those that can be seen, until `until_at` those to come."""

    start_at: int
    now: int
    until_at: int
    shown: int
    to_come: int
    owners: int
    accounts: int


def drift_at(start_at: int, now: int) -> int:
    """The middle of a past."""
    return (start_at + now) // 2


def draw_deals(rng: np.random.Generator, company: Company, *, law: Law, words: Words) -> Deals:
    """Deals in order of their creation, not yet closed."""
    created_at = _creations(rng, company)
    count = len(created_at)
    segment = rng.choice(len(SEGMENTS), size=count, p=_SEGMENT_SHARES)
    currency = rng.choice(len(CURRENCIES), size=count, p=_CURRENCY_SHARES)
    first_day = np.floor(to_working(created_at)).astype(np.int64)
    return Deals(
        created_at=created_at,
        closed_at=np.full(count, NEVER),
        won=np.full(count, UNKNOWN, dtype=np.int8),
        amount_minor=_amounts(rng, segment, currency),
        currency=_words(words, tuple(CURRENCIES))[currency].astype(np.int16),
        owner=rng.integers(company.owners, size=count).astype(np.int32),
        account=rng.integers(company.accounts, size=count).astype(np.int32),
        close_on=calendar_day(first_day + rng.integers(*_CLOSE_DAYS, size=count)),
        pipeline=np.full(count, words.index("Sales"), dtype=np.int16),
        segment=_words(words, SEGMENTS)[segment].astype(np.int16),
        crm=np.zeros(count, dtype=np.int8),
        plan=_plans(rng, count, share=law.plan_share),
        name=np.full(count, UNKNOWN, dtype=np.int32),
    )


def _amounts(rng: np.random.Generator, segment: Ints, currency: Ints) -> Ints:
    """In minor units, rounded to a hundred."""
    rate = np.array(list(CURRENCIES.values()))[currency]
    amount = _MIDDLES[segment] * np.exp(_AMOUNT_SPREAD * rng.standard_normal(len(segment))) * rate
    return np.asarray(np.round(amount, -2).astype(np.int64) * 100, dtype=np.int64)


def _plans(rng: np.random.Generator, count: int, *, share: float) -> NDArray[np.int8]:
    planned, in_tasks = rng.random(count) < share, rng.random(count) < _PLAN_IN_TASKS
    return np.where(planned, np.where(in_tasks, PLAN_TASKS, PLAN_OBJECT), PLAN_NONE).astype(np.int8)


def _words(words: Words, texts: tuple[str, ...]) -> Ints:
    return np.array([words.index(text) for text in texts], dtype=np.int64)


def _creations(rng: np.random.Generator, company: Company) -> Ints:
    start, now, until = to_working(np.array([company.start_at, company.now, company.until_at]))
    moments = np.concatenate([rng.uniform(start, now, company.shown), rng.uniform(now, until, company.to_come)])
    return np.sort(from_working(moments))


def log_odds(deals: Deals, words: Words, *, law: Law, owners: int, seed: int) -> Floats:
    """The log-odds of winning that a deal begins with, by what is known of it on its first day."""
    segment = _place(deals.segment, _words(words, SEGMENTS))
    rate = np.array(list(CURRENCIES.values()))[_place(deals.currency, _words(words, tuple(CURRENCIES)))]
    size = np.log(deals.amount_minor / 100 / rate / _MIDDLES[segment])
    owner = owner_odds(seed, owners=owners, spread=law.owner_spread)[deals.owner]
    base = np.log(law.win_rate / (1 - law.win_rate))
    return np.asarray(base + owner + np.array(law.segments)[segment] + law.amount_slope * size, dtype=np.float64)


def _place(column: NDArray[np.int16], indices: Ints) -> Ints:
    """Which of some words each value is."""
    order = np.argsort(indices)
    return np.asarray(order[np.searchsorted(indices[order], column)], dtype=np.int64)


def later_era(deals: Deals, *, law: Law, start_at: int, now: int) -> Ints:
    """1 for deals that follow the law's later part, 0 for the others."""
    if law.later is None:
        return np.zeros(len(deals), dtype=np.int64)
    return np.asarray(deals.created_at >= drift_at(start_at, now), dtype=np.int64)


def first_odds(deals: Deals, words: Words, *, law: Law, owners: int, seed: int, start_at: int, now: int) -> Floats:
    """`log_odds` under the part of the law that each deal follows."""
    era = later_era(deals, law=law, start_at=start_at, now=now)
    odds = log_odds(deals, words, law=law, owners=owners, seed=seed)
    if law.later is None:
        return odds
    return np.where(era == 1, log_odds(deals, words, law=law.later, owners=owners, seed=seed), odds)
