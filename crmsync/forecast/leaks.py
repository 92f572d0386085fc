"""Columns that know the outcome too well to be true: found on what was known of each deal when it was first looked at.

A step that settles a deal is done near its end, so on the first snapshot hardly any deal has it. What tells won from lost as
soon as a deal begins was most likely filled in afterwards, or is the outcome under another name.
"""

from collections.abc import Sequence

import numpy as np

from crmsync.forecast.dataset import Examples
from crmsync.forecast.design import Table, Term
from crmsync.forecast.evaluate import auc
from crmsync.forecast.facts import Floats

PURE = 0.98  # share of one outcome among the deals that a column marks
LEAST_DEALS = 10  # that it marks
CHANCE = 1e-6  # that so many deals would end alike by the base rate, for each column looked at
ALONE = 0.95  # AUC of one column by itself


def find(table: Table, terms: Sequence[Term], sample: Examples) -> list[str]:
    """The parts that tell the outcome on the deals' first snapshots, by name; empty if there is none."""
    first = sample.take(np.unique(sample.deal, return_index=True)[1])
    columns = table.matrix(terms, first.rows)
    names = [part for term in terms for part in term.parts]
    return sorted({name for name, column in zip(names, columns.T, strict=True) if _tells(column, first.won)})


def _tells(column: Floats, won: Floats) -> bool:
    known = ~np.isnan(column)
    marked = known & (column != np.median(column[known])) if known.any() else known
    if marked.sum() < LEAST_DEALS:
        return False
    alone = auc(column[known], won[known])
    return _pure(won[marked], float(won.mean())) or bool(max(alone, 1 - alone) > ALONE)


def _pure(won: Floats, base: float) -> bool:
    """Do so many deals end alike that chance can't be the reason?"""
    share = float(won.mean())
    alike, usual = (share, base) if share > 0.5 else (1 - share, 1 - base)
    return alike >= PURE and len(won) * np.log(usual) < np.log(CHANCE)
