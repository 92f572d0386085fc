"""Columns on one scale, so that one penalty fits all of them; and the way back to the features' own units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from crmsync.errors import Stopped
from crmsync.forecast.design import Table, Term
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.logistic import Formula, Weighed

DIGITS = 9  # significant digits kept of every number of a fit, fewer than threads or libraries can disturb
LEAST_SPREAD = 0.25  # indicators are scaled by at least this, so that rare ones are pulled more to zero
NO_SPREAD = 1e-9  # a column that varies less is constant


@dataclass(frozen=True, slots=True)
class Scaled:
    """Columns of mean 0 and spread 1 (indicators may have less), with unknown values at the mean. Shape (m, columns)."""

    columns: Floats
    means: Floats
    spreads: Floats

    @classmethod
    def of(cls, table: Table, terms: Sequence[Term], pairs: Ints, weight: Floats) -> Self:
        """The design matrix of these pairs. Raises Stopped E404 when a feature isn't finite."""
        values = table.matrix(terms, pairs)
        _finite(values, terms)
        unknown = np.isnan(values)
        values[unknown] = 0.0
        missing = np.einsum("i,ij->j", weight, unknown)
        total = np.maximum(weight.sum() - missing, np.finfo(np.float64).tiny)
        means = rounded(weight @ values / total)
        values -= means
        values[unknown] = 0.0
        spreads = np.sqrt(np.einsum("i,ij,ij->j", weight, values, values) / total)
        loose = np.array([indicator for term in terms for indicator in term.indicators], dtype=np.bool_)
        spreads = np.where(loose, np.maximum(spreads, LEAST_SPREAD), spreads)
        spreads[spreads < NO_SPREAD] = 1.0
        values /= spreads
        return cls(values, means, spreads)

    def formula(self, terms: Sequence[Term], coefficients: Floats, base: float) -> Formula:
        """The formula in the features' own units."""
        ends = np.cumsum([term.encoding.width for term in terms])[:-1]
        own, means = np.split(rounded(coefficients / self.spreads), ends), np.split(self.means, ends)
        weighed = (
            Weighed(term, tuple(mean.tolist()), tuple(coefficient.tolist()))
            for term, mean, coefficient in zip(terms, means, own, strict=True)
        )
        return Formula(tuple(weighed), round_one(base))


def _finite(values: Floats, terms: Sequence[Term]) -> None:
    bad = np.isinf(values).any(axis=0)
    if bad.any():
        names = [term.feature.name for term in terms for _ in range(term.encoding.width)]
        name = names[int(np.argmax(bad))]
        raise Stopped("E404", f"the feature {name!r} isn't finite", remedy="take it out of the model's TOML")


def rounded(values: Floats) -> Floats:
    """To DIGITS significant digits, shape kept."""
    return np.array([round_one(value) for value in values])


def round_one(value: float) -> float:
    """To DIGITS significant digits."""
    return float(f"{value:.{DIGITS - 1}e}")
