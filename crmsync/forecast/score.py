"""Scoring open deals with a fit: plain numpy, the same code for one deal and for a million (in chunks of the caller's)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.channels import AMOUNT, STAGE
from crmsync.forecast.clues import Clues
from crmsync.forecast.design import Table
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.history import NO_NAME, History
from crmsync.forecast.ledger import NO_DAY
from crmsync.forecast.logistic import Fit
from crmsync.forecast.logistic import contributions as added
from crmsync.forecast.timing import SHARES, Curve
from crmsync.records import Side

NO_DUE = -1


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of m deals at one instant. Days are days since 1970."""

    fit: Fit
    table: Table
    deal: Ints  # the store's deal_id
    as_of: int
    probability: Floats
    base: float  # log-odds; with the row of `contributions` it sums to the deal's log-odds
    parts: tuple[str, ...]
    contributions: Floats  # shape (m, parts)
    close_p20: Ints
    close_p50: Ints
    close_p80: Ints
    curve: Curve  # the chance of being won by each day ahead
    won_soon: Floats  # won within the fit's horizon_days
    stage_rate: Floats  # the share won of the deal's stage, for comparison
    amount_minor: Floats  # nan where unknown
    currency: tuple[str, ...]
    steps_done: Ints
    steps: Ints
    overdue: Ints  # promises of both sides
    next_step: tuple[str, ...]  # the buyer's open step that is due first, "" if none
    next_step_on: Ints  # its promised day, NO_DUE if none

    def __len__(self) -> int:
        return len(self.deal)

    def won_by(self, day: int) -> Floats:
        """The chance of being won up to the end of a day, such as the last one of a fiscal period."""
        days = ((day + 1) * MICROS_PER_DAY - self.as_of) / MICROS_PER_DAY
        return self.curve.within(np.full(len(self), days))


def score(fit: Fit, history: History, deals: ArrayLike, *, as_of: int) -> Scores:
    """Scores these deals as of an instant, whether they are open or not: choosing them is the caller's."""
    table = Table(history.as_of(deals, as_of))
    asof = table.asof
    contributions, hurry = added((fit.formula, fit.pace), table, np.arange(len(asof)))
    probability = fit.formula.probability(contributions)
    odds, pace = (each.base + part.sum(axis=1) for each, part in ((fit.formula, contributions), (fit.pace, hurry)))
    curve = fit.timing.curve(Clues.of(asof, odds=odds, pace=pace), probability)
    p20, p50, p80 = (day_by(as_of, curve.quantile(share)) for share in SHARES)
    due = asof.plan.next_step_due[Side.BUYER]
    return Scores(
        fit=fit,
        table=table,
        deal=asof.deals,
        as_of=as_of,
        probability=probability,
        base=fit.formula.base,
        parts=tuple(fit.formula.parts),
        contributions=contributions,
        close_p20=p20,
        close_p50=p50,
        close_p80=p80,
        curve=curve,
        won_soon=curve.within(np.full(len(asof), float(fit.horizon_days))),
        stage_rate=_stage_rates(fit, table),
        amount_minor=asof.of(AMOUNT).latest_value(),
        currency=_texts(history, asof.of(AMOUNT).latest("name", missing=NO_NAME)),
        steps_done=asof.plan.done.sum(axis=0).astype(np.int64),
        steps=asof.plan.size.sum(axis=0).astype(np.int64),
        overdue=asof.plan.overdue.sum(axis=0).astype(np.int64),
        next_step=_texts(history, asof.plan.next_step[Side.BUYER]),
        next_step_on=np.where(due < NO_DAY, due, NO_DUE),
    )


def day_by(as_of: int, days: Floats) -> Ints:
    """The day whose end is nearest to an instant so many days ahead, today at the earliest: by then a share is reached."""
    nearest = np.floor(as_of / MICROS_PER_DAY + days - 0.5)
    return np.maximum(nearest, as_of // MICROS_PER_DAY).astype(np.int64)


def _texts(history: History, names: ArrayLike) -> tuple[str, ...]:
    """The labels by their ids, "" for none."""
    return tuple(history.labels[name] if name >= 0 else "" for name in np.asarray(names).tolist())


def _stage_rates(fit: Fit, table: Table) -> Floats:
    """The share won of each deal's stage; the base rate for a stage that the fit doesn't know."""
    history = table.asof.history
    rates = np.full(len(history.labels) + 1, fit.trained.base_rate)
    for stage, rate in fit.trained.stage_rates.items():
        rates[history.label_ids.get(stage, -1) if stage else -1] = rate
    return rates[table.asof.of(STAGE).latest("name", missing=NO_NAME)]
