"""The truth about open deals: the chance of being won given all that the CRMs show at an instant, exactly.

A law says how fast everything happens in deals of each hidden class. So the chance of a deal's whole visible past under
each class is known, silences and being open still included, and Bayes' rule does the rest. No deal's future is looked at.
What a CRM forgets (a task's earlier due dates) counts as shown: it could be seen at its time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import USER, Ints, World
from crmsync.sandbox.deal_columns import first_odds, later_era
from crmsync.sandbox.evidence import Evidence, evidence
from crmsync.sandbox.laws import LAWS, Law
from crmsync.sandbox.rates import LOST, WON, Rates, rates_of
from crmsync.sandbox.working_time import Floats


@dataclass(frozen=True, slots=True)
class Truth:
    """The open deals at an instant, and the chance of each to be won."""

    deal: Ints  # row in the world's deals
    probability: Floats


def truth(world: World, at: int, *, law: Law | None = None) -> Truth:
    """The truth at an instant in micros, under the law that the world names or another one.

    Raises KeyError for a world without a known law, such as a loaded one.
    """
    law = LAWS[world.law] if law is None else law
    rates = rates_of(law)
    seen = evidence(world, at, rates=rates)
    era = later_era(world.deals, law=law, start_at=world.start_at, now=world.now)[seen.deal]
    chance = _by_outcome(_by_class(seen, rates), era, rates)
    odds = _first_odds(world, law)[seen.deal] + chance[:, WON] - chance[:, LOST]
    return Truth(seen.deal, 1 / (1 + np.exp(-odds)))


def _first_odds(world: World, law: Law) -> Floats:
    owners = sum(person.role == USER for person in world.people)
    return first_odds(
        world.deals, world.words, law=law, owners=owners, seed=world.seed, start_at=world.start_at, now=world.now
    )


def _by_class(seen: Evidence, rates: Rates) -> Floats:
    """The log of the chance of what was seen, by [deal, class]."""
    processes = seen.events @ rates.log.T - seen.exposure @ rates.table.T
    return np.asarray(processes + _plan_start(seen, rates), dtype=np.float64)


def _plan_start(seen: Evidence, rates: Rates) -> Floats:
    """A deal without a plan may never get one, or not have it yet."""
    share = rates.eras[0].plan_share
    begun = np.nan_to_num(seen.planned)[:, None]
    started = np.log(rates.plan_start) - rates.plan_start * begun
    waiting = np.log1p(-share + share * np.exp(-rates.plan_start * seen.age[:, None]))
    has_plan: NDArray[np.bool_] = ~np.isnan(seen.planned)[:, None]
    return np.where(has_plan, started, waiting)


def _by_outcome(by_class: Floats, era: Ints, rates: Rates) -> Floats:
    """The same by [deal, outcome]: over all paces, under the era of each deal."""
    by_era = by_class.reshape(len(by_class), len(rates.eras), 2, rates.paces)
    chance = by_era[np.arange(len(era)), era] + rates.log_pace[era][:, None, :]
    top = chance.max(axis=2, keepdims=True)
    return np.asarray(np.log(np.exp(chance - top).sum(axis=2)) + top[:, :, 0], dtype=np.float64)
