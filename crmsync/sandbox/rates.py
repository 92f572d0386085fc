"""A law's rates as one table: a row per hidden class of deals, a column per channel through which something can happen.

The generator draws from this table and the truth weighs evidence with it, so the two can't disagree about a law.
"""

from dataclasses import dataclass

import numpy as np

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.laws import AGE_EDGES, PHASES, Law, Pair, PromiseRates
from crmsync.sandbox.working_time import Floats

FORWARD, SKIP, BACK, CLOSE = range(4)  # how a deal leaves a stage
STAGE_ACTS = 4
DONE, MOVE, REMOVED = range(3)  # what becomes of an open promise
PROMISE_ACTS = 3
REOPENED = PHASES * PROMISE_ACTS  # after the acts of all phases
PROMISE_CHANNELS = REOPENED + 1
BUYER_STEP, SELLER_STEP, CLOSE_DATE = range(3)  # kinds of promises
AGES = len(AGE_EDGES) + 1
LOST, WON = 0, 1


@dataclass(frozen=True)
class Rates:
    """Rates per working day by [class, channel]. A class is (era, outcome, pace); see `classes`."""

    table: Floats
    log: Floats  # of the table, 0 where nothing can happen
    plan_start: Floats  # by class
    log_pace: Floats  # by era and pace: log of the share
    eras: tuple[Law, ...]
    promises: int  # first channel of promises
    joins: int
    pulses: int

    @property
    def paces(self) -> int:
        """How many paces there are."""
        return len(self.eras[0].paces)

    def classes(self, era: Ints, won: Ints, pace: Ints) -> Ints:
        """The class of each deal."""
        return (era * 2 + won) * self.paces + pace


def rates_of(law: Law) -> Rates:
    """The table of a law, the later era's rows below."""
    eras = (law,) if law.later is None else (law, law.later)
    first = len(law.stages) * STAGE_ACTS
    joins = first + 3 * PROMISE_CHANNELS
    rows, starts = [], []
    for era in eras:
        for outcome in (LOST, WON):
            for pace in era.paces:
                rows.append(_row(era, outcome, pace))
                starts.append(era.plan_start[outcome])
    table = np.array(rows)
    log = np.log(np.where(table > 0, table, 1.0))
    log_pace = np.log(np.array([era.pace_shares for era in eras]))
    return Rates(table, log, np.array(starts), log_pace, eras, first, joins, joins + len(law.joins))


def _row(law: Law, outcome: int, pace: float) -> list[float]:
    """The pace stretches how long a deal waits in its stages; what its people do meanwhile goes on as ever."""
    stages = [pair for stage in law.stages for pair in (stage.forward, stage.skip, stage.back, stage.close)]
    promises = [_promise_pairs(promise) for promise in (law.buyer_steps, law.seller_steps, law.close_date)]
    pulses = [pulse.by_age for pulse in law.pulses]
    waits = [pair[outcome] / pace for pair in stages]
    return waits + [pair[outcome] for pairs in (*promises, law.joins, *pulses) for pair in pairs]


def _promise_pairs(promise: PromiseRates) -> list[Pair]:
    """In the order of channels: phase by phase the acts, then reopening."""
    acts = zip(promise.done, promise.move, promise.remove, strict=True)
    return [pair for phase in acts for pair in phase] + [promise.reopen]
