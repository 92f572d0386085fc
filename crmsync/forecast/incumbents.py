"""What fields of the CRM say of a deal's chance (a vendor's score, the rep's probability or category), turned into rates.

A word stands for the share won of the closed deals' snapshots on which it stood, a number for that of its tenth of them, shrunk
to the base rate by PRIOR_DEALS. So a rank, which is no probability, isn't wronged for being none. What a field says is a
dated fact: a value that was set later, such as at the closing, is seen by no earlier instant.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from crmsync.forecast.evaluate import stage_rates
from crmsync.forecast.facts import Floats, Ints, Which
from crmsync.forecast.history import NO_NAME, AsOf, Seen
from crmsync.records import SAID_SCALE, WORD_AFTER, Kind

SAID = Which((Kind.SAID,))
TENTHS = np.arange(1, 10) / 10
PRIOR_DEALS = 1.0  # of the base rate, added to each word and each tenth: a score should not look duller than it is
LEAST, MOST = 0.001, 0.999  # of a chance that is taken as it is said: nobody means that he can't be wrong


@dataclass(frozen=True, slots=True)
class Reading:
    """What one field said of m pairs."""

    field: str
    word: Ints  # label id of a word, NO_NAME for a number or nothing
    number: Floats  # nan for a word or nothing

    def take(self, rows: Ints) -> Self:
        """These pairs of them."""
        return type(self)(self.field, self.word[rows], self.number[rows])

    @property
    def chance(self) -> Floats:
        """A number as the chance that it says it is: a share, or percent where any is more than 1. nan where it can't be."""
        most = np.nanmax(self.number, initial=0.0)
        if most > 100 or np.nanmin(self.number, initial=0.0) < 0:
            return np.full(len(self.number), np.nan)
        return np.clip(self.number / (100.0 if most > 1 else 1.0), LEAST, MOST)

    def rates(self, early: Ints, won: Floats, weight: Floats, late: Ints) -> Floats:
        """The rates of some pairs as others taught them, whose outcomes stand beside: nan where nothing was said."""
        numbers = self.number[early]
        edges = np.unique(np.quantile(numbers[~np.isnan(numbers)], TENTHS)) if (~np.isnan(numbers)).any() else TENTHS
        group = np.where(np.isnan(self.number), self.word, -2 - np.searchsorted(edges, self.number, side="right"))
        rates = stage_rates(group[early], won, weight, prior=PRIOR_DEALS)
        base = float(np.average(won, weights=weight))
        found = np.array([rates.get(code, base) for code in group[late].tolist()], dtype=np.float64)
        return np.where(group[late] == NO_NAME, np.nan, found)


def readings(asof: AsOf) -> list[Reading]:
    """What every field of the history that speaks of chances said of these pairs."""
    history = asof.history
    rows = history.rows(SAID)
    names = history.facts.name[rows]
    by_field: dict[str, list[int]] = {}
    for name in np.unique(names).tolist():
        by_field.setdefault(history.labels[name].split(WORD_AFTER)[0], []).append(name)
    return [_reading(asof, field, Seen(asof, rows[np.isin(names, own)])) for field, own in sorted(by_field.items())]


def _reading(asof: AsOf, field: str, seen: Seen) -> Reading:
    name = seen.latest("name", missing=NO_NAME)
    plain = asof.history.label_ids.get(field, NO_NAME)
    is_number = (name == plain) & (name != NO_NAME)
    value = seen.latest("value", missing=0) / SAID_SCALE
    return Reading(field, np.where(is_number, NO_NAME, name), np.where(is_number, value, np.nan))
