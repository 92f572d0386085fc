"""Do the deals that are open now look like those that were open before? Feature by feature, and by the score itself.

The deals of the newest day of the grid are held against those of the same grid in the year before, PERIOD_DAYS apart, by the
population stability index: the sum over classes of (now - before) * log(now / before). Classes are fifths of what was before; an
unknown value is a class of its own. An index counts as drift above SHIFTED, the usual bound for a major shift, and above what luck
would give so many deals (a chi-squared bound, by Wilson and Hilferty 1931).
"""

from collections.abc import Iterable, Iterator

import numpy as np

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.columns import Counts, Labels, Money, Names, Numbers, Slopes, Steps
from crmsync.forecast.dataset import Snapshots
from crmsync.forecast.design import Table
from crmsync.forecast.facts import Floats, Ints

SHIFTED = 0.25
LUCK = 4.27  # standard deviations of a normal: one in 100,000 for each feature
PERIOD_DAYS, PERIODS = 28, 13
FEWEST_DEALS = 50  # open now, and before: below it nothing is said
CLASSES = np.arange(1, 5) / 5
HALF = 0.5  # of a deal, added to every class
SCORE = "score"
BY_OWNER = ("owner_load", "owner_rate")  # alike for an owner's deals: owners are too few to tell drift from luck


def rows(found: Snapshots, *, as_of: int) -> tuple[Ints, Ints]:
    """The snapshots of the newest day of the grid up to an instant, and those of the days before; empty without any."""
    seen = np.flatnonzero(found.at <= as_of)
    if not len(seen):
        return seen, seen
    newest = int(found.at[seen].max())
    ago = newest - found.at[seen]
    period = PERIOD_DAYS * MICROS_PER_DAY
    return seen[ago == 0], seen[(ago > 0) & (ago % period == 0) & (ago <= PERIODS * period)]


def find(table: Table, features: Iterable[str], score: Floats, found: Snapshots, *, as_of: int) -> dict[str, float]:
    """The index of each feature that has drifted, and of the score (log-odds of every snapshot up to the instant, else nan)."""
    now, before = rows(found, as_of=as_of)
    deals = len(now), len(np.unique(found.deal[before]))
    if min(deals) < FEWEST_DEALS:
        return {}
    told = (name for name in features if name not in BY_OWNER)
    values = [*_values(table, told), (SCORE, score)]
    indexes = ((name, *index(each[before], each[now])) for name, each in values)
    return {name: round(value, 3) for name, value, classes in indexes if value > bound(classes, *deals)}


def index(before: Floats, now: Floats) -> tuple[float, int]:
    """The population stability index of a feature, and how many classes it was told from."""
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, CLASSES)) if len(known) else np.zeros(1)
    counts = [np.bincount(_place(each, edges), minlength=len(edges) + 2) for each in (before, now)]
    there = counts[0] + counts[1] > 0
    shares = [(each[there] + HALF) / (each[there] + HALF).sum() for each in counts]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()), int(there.sum())


def bound(classes: int, now: int, before: int) -> float:
    """Above it an index of so many classes, told from so many deals, is drift."""
    free = max(classes - 1, 1)
    luck = free * (1 - 2 / (9 * free) + LUCK * np.sqrt(2 / (9 * free))) ** 3
    return max(SHIFTED, float(luck) * (1 / now + 1 / before))


def _place(values: Floats, edges: Floats) -> Ints:
    """The class of each value; the last one is for the unknown."""
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))


def _values(table: Table, features: Iterable[str]) -> Iterator[tuple[str, Floats]]:
    for name in features:
        match table.column(name):
            case Numbers(values) | Counts(values) | Steps(values) | Money(values, _):
                yield name, values
            case Labels(ids):
                yield name, ids.astype(np.float64)
            case Names() as column:
                yield name, column.column(None)
            case Slopes():
                pass  # its number and its category are features of their own
