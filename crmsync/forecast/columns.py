"""What a feature function may return, before anything is learnt from it.

Each holds m values, one for each pair of an `AsOf`. What it becomes in the design matrix is learnt by `encoding`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from crmsync.forecast.facts import Floats, Ints, Which
from crmsync.forecast.history import AsOf
from crmsync.forecast.ledger import Flags


@dataclass(frozen=True, slots=True)
class Numbers:
    """A number in natural units, nan where unknown; `log`: log(1 + x) goes into the model."""

    values: Floats
    log: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """A number that adds up, such as acts or days, nan where unknown. Into the model go x and log(1 + x).

    Acts that come at a steady pace are evidence that adds up: the log-odds of two paces are a line in the count and in the
    days. Where each act tells less than the one before, the logarithm says so.
    """

    values: Floats


@dataclass(frozen=True, slots=True)
class Steps:
    """A number whose effect isn't a line: it becomes indicators "at least so much", at thresholds learnt from data."""

    values: Floats


@dataclass(frozen=True, slots=True)
class Money:
    """Minor units, nan where unknown; in the model: log of the amount over the median amount of its currency."""

    minor: Floats
    currency: Ints  # label id


@dataclass(frozen=True, slots=True)
class Labels:
    """A category as a label id, -1 for none."""

    ids: Ints


@dataclass(frozen=True, slots=True)
class Slopes:
    """A number with a slope of its own for each category."""

    ids: Ints
    values: Floats


@dataclass(frozen=True, slots=True)
class Names:
    """One column for each label that facts of a channel bear; `measure` gives it, and with None that of all labels together.

    `seen`: the model sees yes or no; else `log`: it sees log(1 + x); else the number.
    """

    asof: AsOf
    which: Which
    measure: Callable[[int | None], Floats]
    seen: bool = False
    log: bool = False
    _columns: dict[int | None, Floats] = field(default_factory=dict)

    def column(self, name: int | None) -> Floats:
        """The measure of one label, or of all."""
        if name not in self._columns:
            self._columns[name] = self.measure(name)
        return self._columns[name]

    def deals_by_name(self, pairs: Ints) -> dict[int, int]:
        """For each label: how many different deals among these pairs had a fact that bore it."""
        history = self.asof.history
        visible = np.zeros(len(history.deals) + 1, dtype=np.int32)
        np.maximum.at(visible, self.asof.index[pairs], self.asof.end[pairs])
        rows = history.rows(self.which)
        rows = rows[rows < visible[history.deal_index[rows]]]
        borne = np.unique(history.facts.name[rows].astype(np.int64) * len(history.deals) + history.deal_index[rows])
        names, deals = np.unique(borne // max(len(history.deals), 1), return_counts=True)
        return dict(zip(names.tolist(), deals.tolist(), strict=True))


Column = Numbers | Counts | Steps | Money | Labels | Slopes | Names


def counts_by_name(asof: AsOf, which: Which, *, seen: bool = False) -> Names:
    """How often facts bear each label: log count, or with `seen` whether at all."""

    def measure(name: int | None) -> Floats:
        return asof.of(which, name=name).count()

    return Names(asof, which, measure, seen=seen, log=not seen)


def days_by_name(asof: AsOf, which: Which) -> Names:
    """For how many days each label was the latest one: log days."""

    def measure(name: int | None) -> Floats:
        return asof.of(which).days_under(name)

    return Names(asof, which, measure, log=True)


def decays_by_name(asof: AsOf, which: Which, *, days: float) -> Names:
    """The sum of exp(-age / days) over the facts that bear each label."""

    def measure(name: int | None) -> Floats:
        return asof.of(which, name=name).decayed(days)

    return Names(asof, which, measure)


def share(part: Floats, whole: Floats) -> Floats:
    """Part of whole, nan where there is none."""
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def only_where(known: Flags, values: Floats) -> Floats:
    """The values, nan where they aren't known: no sign of lateness is no good sign where nobody could see one."""
    return np.where(known, values, np.nan)
