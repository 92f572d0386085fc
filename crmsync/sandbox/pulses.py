"""Acts that come at random within a deal's life: calls, meetings, e-mails, visits, other work, new amounts."""

import numpy as np

from crmsync.sandbox.columns import AMOUNT, BUYER, COMPLETE, HAPPENED, MEETING, REMOVE, SCHEDULE, WORK, Ints, Words
from crmsync.sandbox.deal_lives import DealLives
from crmsync.sandbox.laws import AGE_EDGES, Law, Pulse
from crmsync.sandbox.rates import AGES, Rates
from crmsync.sandbox.working_time import Floats, calendar_day

_FELL_THROUGH = 0.08  # planned items that are taken off again
_LEAD_DAYS = (1, 6)  # working days from planning an item to its day: at least, less than
_AMOUNT_MOVE = 0.2  # standard deviation of the log of a new amount against the first one
_STARTS = np.array([0.0, *AGE_EDGES])
_ENDS = np.array([*AGE_EDGES, np.inf])


def time_by_age(life: Floats) -> Floats:
    """How much of each life lies in each age, by [deal, age]."""
    return np.asarray(np.clip(life[:, None], _STARTS, _ENDS) - _STARTS, dtype=np.float64)


def age_at(age: Floats) -> Ints:
    """The number of the age that some working days of life are in."""
    return np.searchsorted(np.array(AGE_EDGES), age, side="right")


def number_within(deal: Ints) -> Ints:
    """Numbers the entries of each deal from 0, in the order given."""
    order = np.argsort(deal, kind="stable")
    ordered = deal[order]
    new = np.diff(ordered, prepend=-1) != 0
    starts = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.arange(len(order)) - starts
    return numbers


def add_pulses(
    rng: np.random.Generator, rates: Rates, lives: DealLives, *, law: Law, words: Words, amounts: Ints
) -> None:
    """All acts of all kinds. `amounts` are the deals' first ones, in minor units."""
    spent = time_by_age(lives.closed - lives.created)
    for number, pulse in enumerate(law.pulses):
        first = rates.pulses + number * AGES
        times = rng.poisson(rates.table[lives.classes, first : first + AGES] * spent)
        place = np.repeat(np.arange(times.size), times.ravel())
        deal, age = np.divmod(place, AGES)
        moment = lives.created[deal] + _STARTS[age] + rng.random(len(place)) * spent[deal, age]
        order = np.argsort(moment, kind="stable")
        deal, moment = deal[order], moment[order]
        if pulse.kind in (MEETING, WORK):
            item = number_within(deal) * len(law.pulses) + number
            _add_planned(
                rng, lives, pulse, deal=deal, moment=moment, name=_subjects(rng, words, pulse, deal), item=item
            )
        elif pulse.kind == AMOUNT:
            value = np.round(amounts[deal] * np.exp(_AMOUNT_MOVE * rng.standard_normal(len(deal))), -4).astype(np.int64)
            lives.rows.add(deal, moment, kind=AMOUNT, value=value, who=lives.owner_at(deal, moment))
        else:
            who = lives.buyer_at(rng, deal, moment) if pulse.side == BUYER else lives.owner_at(deal, moment)
            name = _subjects(rng, words, pulse, deal)
            lives.rows.add(deal, moment, kind=pulse.kind, lifecycle=HAPPENED, name=name, who=who, side=pulse.side)


def _subjects(rng: np.random.Generator, words: Words, pulse: Pulse, deal: Ints) -> Ints:
    indices = np.array([words.index(text) for text in pulse.subjects] or [-1])
    return np.asarray(indices[rng.integers(len(indices), size=len(deal))], dtype=np.int64)


def _add_planned(
    rng: np.random.Generator, lives: DealLives, pulse: Pulse, *, deal: Ints, moment: Floats, name: Ints, item: Ints
) -> None:
    """Planned for a day, then done on it or taken off before."""
    day = np.floor(moment).astype(np.int64) + rng.integers(*_LEAD_DAYS, size=len(deal))
    held = day + rng.random(len(deal))
    off = rng.random(len(deal)) < _FELL_THROUGH
    ends = np.where(off, moment + (day - moment) * rng.random(len(deal)), held)
    for at, lifecycle, value in (
        (moment, SCHEDULE, calendar_day(day)),
        (ends, np.where(off, REMOVE, COMPLETE), -1),
    ):
        who = lives.owner_at(deal, at)
        lives.rows.add(
            deal, at, kind=pulse.kind, lifecycle=lifecycle, name=name, value=value, who=who, side=pulse.side, step=item
        )
