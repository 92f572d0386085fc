"""Plans with their steps on both sides, and the expected close date, which is a promise too."""

import numpy as np

from crmsync.sandbox.columns import (
    BUYER,
    CLOSE_ON,
    COMPLETE,
    MILESTONE,
    PLAN_NONE,
    REMOVE,
    REOPEN,
    SCHEDULE,
    SELLER,
    Deals,
    Ints,
    Words,
)
from crmsync.sandbox.deal_lives import DealLives
from crmsync.sandbox.promise_paths import PromiseActs, Promises, promise_acts
from crmsync.sandbox.rates import BUYER_STEP, CLOSE_DATE, DONE, MOVE, REMOVED, REOPENED, SELLER_STEP, Rates
from crmsync.sandbox.working_time import OFFICE_S, Floats, calendar_day, end_of_day

STEPS: tuple[tuple[str, int], ...] = (
    ("Goals agreed", BUYER),
    ("Demo held", SELLER),
    ("Decision makers named", BUYER),
    ("Business case shared", SELLER),
    ("Technical review", BUYER),
    ("Pilot set up", SELLER),
    ("Security review", BUYER),
    ("Pilot accepted", BUYER),
    ("Budget approved", BUYER),
    ("Contract drafted", SELLER),
    ("Legal review", BUYER),
    ("Order signed off", BUYER),
)
_SIZES = (6, 13)  # steps in a plan: at least, less than
_GAP_DAYS = (3, 10)  # working days between the dates first promised: at least, less than
_ADDED_LATER, _LATER_DAYS = 0.15, 15.0  # share of steps that are thought of later, and how much later on average
_TYPING_S = 20.0  # between two steps that are entered one after the other
_SIDES = np.array([side for _, side in STEPS])
_LIFECYCLES = np.zeros(REOPENED + 1, dtype=np.int8)
_LIFECYCLES[[DONE, MOVE, REMOVED, REOPENED]] = COMPLETE, SCHEDULE, REMOVE, REOPEN


def add_plans(rng: np.random.Generator, rates: Rates, lives: DealLives, *, deals: Deals, words: Words) -> None:
    """The plans of those deals that have one and live long enough to get it."""
    start = lives.created + rng.standard_exponential(len(lives.created)) / rates.plan_start[lives.classes]
    planned = np.flatnonzero((deals.plan != PLAN_NONE) & (start < lives.closed))
    deal, step, place = _draw_steps(rng, planned)
    side = _SIDES[step]
    name = np.array([words.index(text) for text, _ in STEPS], dtype=np.int64)[step]
    due, made = _first_dates(rng, start[deal], place)
    group = np.where(side == BUYER, BUYER_STEP, SELLER_STEP)
    promises = Promises(lives.classes[deal], group, made, due, lives.closed[deal])
    who = lives.owner_at(deal, made)
    lives.rows.add(
        deal, made, kind=MILESTONE, lifecycle=SCHEDULE, name=name, value=_day(due), who=who, side=side, step=place
    )
    acts = promise_acts(rng, rates, promises)
    of = acts.promise
    _add_acts(rng, lives, acts, deal=deal[of], name=name[of], side=side[of], place=place[of])


def _draw_steps(rng: np.random.Generator, planned: Ints) -> tuple[Ints, Ints, Ints]:
    """Which steps each plan has, in their usual order: deal, number in STEPS, and place within the plan."""
    size = rng.integers(*_SIZES, size=len(planned))
    rank = np.argsort(np.argsort(rng.random((len(planned), len(STEPS))), axis=1), axis=1)
    chosen = rank < size[:, None]
    row, step = np.nonzero(chosen)
    place = (np.cumsum(chosen, axis=1) - 1)[row, step]
    return planned[row], step, place


def _first_dates(rng: np.random.Generator, start: Floats, place: Ints) -> tuple[Floats, Floats]:
    """When each step's first date is due, and when it is promised."""
    gaps = rng.integers(*_GAP_DAYS, size=len(place))
    total = np.cumsum(gaps)
    before = np.where(place == 0, total - gaps, 0)
    due = np.floor(start) + 1 + total - np.maximum.accumulate(before)
    later = (rng.random(len(place)) < _ADDED_LATER) & (place > 0)  # a plan begins with its first step
    made = start + np.where(later, _LATER_DAYS * rng.standard_exponential(len(place)), place * _TYPING_S / OFFICE_S)
    return np.maximum(due, np.floor(made) + 1 + gaps), made


def _day(due: Floats) -> Ints:
    """The calendar day whose end a promise is due at."""
    return calendar_day(due.astype(np.int64) - 1)


def _add_acts(
    rng: np.random.Generator, lives: DealLives, acts: PromiseActs, *, deal: Ints, name: Ints, side: Ints, place: Ints
) -> None:
    """The buyer's people do their own steps; dates are kept by the owner."""
    moved = acts.act == MOVE
    buyers = (side == BUYER) & (acts.act == DONE)
    moment = acts.moment
    who = np.where(buyers, lives.buyer_at(rng, deal, moment), lives.owner_at(deal, moment))
    lives.rows.add(
        deal,
        moment,
        kind=MILESTONE,
        lifecycle=_LIFECYCLES[acts.act],
        name=name,
        value=np.where(moved, _day(acts.due), -1),
        who=who,
        side=side,
        step=place,
    )


def add_close_dates(rng: np.random.Generator, rates: Rates, lives: DealLives, *, deals: Deals) -> None:
    """The moves of the expected close dates."""
    count = len(lives.created)
    group = np.full(count, CLOSE_DATE)
    promises = Promises(lives.classes, group, lives.created, end_of_day(deals.close_on), lives.closed)
    acts = promise_acts(rng, rates, promises)
    who = lives.owner_at(acts.promise, acts.moment)
    lives.rows.add(acts.promise, acts.moment, kind=CLOSE_ON, value=_day(acts.due), who=who)
