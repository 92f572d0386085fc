"""Is a saying true on these deals? "12 views: 97 % are won", "security review done: 90 %": counted, and compared at equal age.

A deal bears a claim from the first weekly snapshot at which it is true, and counts once. Its raw rate is the share won of the
deals that ever bear it, with a Wilson range (Wilson 1927). A deal that lives longer has more of everything and, having lived,
may be likelier to be won; so each deal that bears the claim is compared with those that were open at the same age, in steps of the
snapshots' grid, and didn't bear it yet (a risk set). The rate of the others is weighted by the ages at which the claim became true
(direct standardisation). The range of the difference is normal, with deals as what is sampled: a deal may stand among the
others early and bear the claim later. Only closed deals are counted. It is a comparison: what goes with winning need not cause it.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.dataset import Examples
from crmsync.forecast.facts import Floats, Ints, Which
from crmsync.forecast.history import History

Z = 1.96  # of 95 % ranges
LEAST_DEALS = 20  # that bear a claim, for anything to be said of it
TOO_FEW, MORE, LESS, AGE, NOTHING = (
    "too few deals",
    "goes with winning at equal age",
    "goes with losing at equal age",
    "only follows age",
    "tells nothing that these deals show",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """At least so many facts of a kind, perhaps of one name, and the share won that somebody says goes with it."""

    text: str
    which: Which
    said: float
    at_least: int = 1
    name: str = ""  # a step's, "" for any


@dataclass(frozen=True, slots=True)
class Range:
    """A share or a difference of shares, and its 95 % range."""

    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies in the range."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the deals that bear a claim, of all deals, and of others at equal age."""

    claim: Claim
    deals: int  # that bear it
    raw: Range
    base_rate: float  # of all deals
    others: int  # deals that were compared with
    others_rate: float  # at equal age
    difference: Range  # from the others at equal age

    @property
    def said_fits(self) -> bool:
        """Whether the share that was claimed lies in the range of the raw rate."""
        return self.raw.holds(self.claim.said)

    @property
    def verdict(self) -> str:
        """What can be said of it: one of the texts above."""
        if self.deals < LEAST_DEALS or self.others < LEAST_DEALS:
            return TOO_FEW
        if not self.difference.holds(0.0):
            return MORE if self.difference.value > 0 else LESS
        return NOTHING if self.raw.holds(self.base_rate) else AGE


def wilson(won: float, deals: int) -> Range:
    """The range of a share by Wilson's score."""
    if not deals:
        return Range(float("nan"), 0.0, 1.0)
    share, squared = won / deals, Z * Z / deals
    middle = (share + squared / 2) / (1 + squared)
    half = sqrt(share * (1 - share) * squared + squared * squared / 4) / (1 + squared)
    return Range(share, max(middle - half, 0.0), min(middle + half, 1.0))


def answer(history: History, sample: Examples, claim: Claim, *, every_days: int = 7) -> Answer:
    """A claim on the snapshots of closed deals, sorted by (deal, at), that stand so many days apart."""
    asof = history.as_of(history.deals[sample.deal], sample.at)
    name = history.label_ids.get(claim.name, -1) if claim.name else None
    true = asof.of(claim.which, name=name).count() >= claim.at_least
    band = (sample.at - history.seen_at[history.bounds[sample.deal]]) // (every_days * MICROS_PER_DAY)
    bearer = np.flatnonzero(true)[np.unique(sample.deal[true], return_index=True)[1]]
    everyone = np.unique(sample.deal, return_index=True)[1]
    others = np.flatnonzero(~true)
    compared = _Compared(sample, band, bearer, others)
    return Answer(
        claim,
        len(bearer),
        wilson(float(sample.won[bearer].sum()), len(bearer)),
        float(sample.won[everyone].mean()) if len(everyone) else float("nan"),
        compared.others,
        compared.rate,
        compared.difference(),
    )


class _Compared:
    """Deals that bear a claim, each beside the others of its age."""

    def __init__(self, sample: Examples, band: Ints, bearer: Ints, other: Ints) -> None:
        bands = int(band.max(initial=0)) + 1
        count = np.bincount(band[other], minlength=bands)
        rate = np.bincount(band[other], weights=sample.won[other], minlength=bands) / np.maximum(count, 1)
        self._bearer = bearer[count[band[bearer]] > 0]
        share = np.bincount(band[self._bearer], minlength=bands) / max(len(self._bearer), 1)
        self._other = other[share[band[other]] > 0]
        self._expected, self._deal, self._won = rate[band], sample.deal, sample.won
        self._weight: Floats = share[band] / np.maximum(count[band], 1)
        self.others = len(np.unique(sample.deal[self._other]))
        self.rate = float(share @ rate)

    def difference(self) -> Range:
        """How much more of those that bear it are won, with the deals' own parts in it squared and summed for its error."""
        if not len(self._bearer):
            return Range(float("nan"), -1.0, 1.0)
        beyond = self._won - self._expected
        value = float(beyond[self._bearer].mean())
        parts = np.zeros(int(self._deal.max()) + 1)
        np.add.at(parts, self._deal[self._bearer], (beyond[self._bearer] - value) / len(self._bearer))
        np.add.at(parts, self._deal[self._other], -(self._weight * beyond)[self._other])
        half = Z * float(np.sqrt((parts**2).sum()))
        return Range(value, value - half, value + half)
