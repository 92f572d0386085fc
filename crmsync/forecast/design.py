"""The design matrix: the features of many (deal, instant) pairs side by side, as a fit says or as a new fit will."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crmsync.forecast.columns import Column
from crmsync.forecast.encoding import REST, Encoding, learn, matrix
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.feature import Feature
from crmsync.forecast.features import FEATURES
from crmsync.forecast.history import AsOf
from crmsync.forecast.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Term:
    """A feature with its encoding."""

    feature: Feature
    encoding: Encoding

    @property
    def parts(self) -> list[str]:
        """For each column the reason that it belongs to: the feature's part, with the step's name where each has its own."""
        if self.encoding.kind == "names":
            return [f"{self.feature.part}:{level}" for level in self.encoding.levels]
        return [self.feature.part] * self.encoding.width

    @property
    def indicators(self) -> list[bool]:
        """For each column: is it a yes or no?"""
        yes_no = self.encoding.kind in ("steps", "labels")
        width = self.encoding.width
        return [yes_no] * width if not self.encoding.missing else [yes_no] * (width - 1) + [True]


class Table:
    """The values of features for pairs, each computed once."""

    def __init__(self, asof: AsOf) -> None:
        self.asof = asof
        self._columns: dict[str, Column] = {}

    def column(self, feature: str) -> Column:
        """The values of one feature."""
        if feature not in self._columns:
            self._columns[feature] = FEATURES[feature].compute(self.asof)
        return self._columns[feature]

    def learn(self, recipe: Recipe, pairs: Ints) -> list[Term]:
        """The encodings of the recipe's features, learnt from these pairs."""
        deals, labels = self.asof.deals[pairs], self.asof.history.labels
        return [
            Term(FEATURES[name], learn(self.column(name), pairs, deals, labels, recipe)) for name in recipe.features
        ]

    def matrix(self, terms: Sequence[Term], pairs: Ints) -> Floats:
        """The design matrix of these pairs, nan where a number is unknown."""
        ends = np.cumsum([term.encoding.width for term in terms])
        whole = np.empty((len(pairs), ends[-1] if len(ends) else 0))
        for term, end in zip(terms, ends, strict=True):
            whole[:, end - term.encoding.width : end] = self.block(term, pairs)
        return whole

    def block(self, term: Term, pairs: Ints) -> Floats:
        """The columns of one term."""
        return matrix(self.column(term.feature.name), term.encoding, pairs, self.asof.history.label_ids)


__all__ = ["REST", "Table", "Term"]
