"""The figures that a fit is born with, on later deals that it hadn't learnt from: calibration, and the gap of each group of deals.

They stand in the fit's JSON, so numbers are rounded and what isn't defined is None.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from crmsync.forecast.evaluate import quality, reliability, standard_error
from crmsync.forecast.facts import Floats, Ints
from crmsync.words import percent

DIGITS = 9
LEAST_DEALS = 20  # of a group: below it its gap tells nothing
OF_LATE = "in the last 90 days"  # a group by when deals closed
LEAST_GAP, ERRORS = 0.05, 3.0  # from which on the gap of late is worth a word: as a share, and in standard errors
THIRDS = ("low", "middle", "high")


@dataclass(frozen=True, slots=True)
class Parted:
    """Snapshots parted into groups: the number of each one's group, and the groups' names; one without a name is none."""

    group: Ints
    names: Mapping[int, str]

    def take(self, rows: Ints) -> Self:
        """These snapshots of them."""
        return type(self)(self.group[rows], self.names)


Groups = Mapping[str, Parted]  # by what they are parted


def grades(chance: Floats, won: Floats, deal: Ints, groups: Groups) -> dict[str, Any]:
    """All figures of these snapshots, as JSON takes them; empty without any."""
    if not len(won):
        return {}
    told = {name: _plain(value) for name, value in asdict(quality(chance, won, deal)).items()}
    told["bins"] = [{name: _plain(value) for name, value in asdict(each).items()} for each in reliability(chance, won)]
    told["groups"] = [each for by, parted in groups.items() for each in _gaps(by, parted, chance, won, deal)]
    return told


def _gaps(by: str, parted: Parted, chance: Floats, won: Floats, deal: Ints) -> Iterator[dict[str, Any]]:
    """What was said and what came in each group that is large enough, with the standard error of the gap by deals."""
    for number in np.unique(parted.group).tolist():
        here, name = np.flatnonzero(parted.group == number), parted.names.get(number, "")
        deals = len(np.unique(deal[here]))
        if name and deals >= LEAST_DEALS:
            gap = chance[here] - won[here]
            yield {
                "by": by,
                "group": name,
                "deals": deals,
                "snapshots": len(here),
                "predicted": _plain(chance[here].mean()),
                "won": _plain(won[here].mean()),
                "gap": _plain(gap.mean()),
                "gap_se": _plain(standard_error(gap, deal[here])),
            }


def of_late(told: Mapping[str, Any]) -> str:
    """What differs of late between said and won, in words, "" where nothing does beyond luck."""
    for each in told.get("groups", ()):
        if each["group"] == OF_LATE and abs(each["gap"]) > max(LEAST_GAP, ERRORS * (each["gap_se"] or 0.0)):
            said, came = percent(each["predicted"]), percent(each["won"])
            return f"{said} was said and {came} won of {each['deals']} deals that closed {OF_LATE}"
    return ""


def thirds(values: Floats) -> Parted:
    """By which third of the known values each one lies in."""
    known = values[~np.isnan(values)]
    edges = np.quantile(known, (1 / 3, 2 / 3)) if len(known) else np.zeros(2)
    place = np.searchsorted(edges, np.nan_to_num(values), side="right")
    return Parted(np.where(np.isnan(values), -1, place), dict(enumerate(THIRDS)))


def _plain(value: Any) -> Any:
    if isinstance(value, int):
        return value
    return round(float(value), DIGITS) if np.isfinite(value) else None
