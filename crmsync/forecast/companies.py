"""Which deals are one buyer's."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from crmsync.forecast.facts import Ints


@dataclass(frozen=True, slots=True)
class Companies:
    """The number of the buyer's company of each deal of which it is known."""

    deal: Ints  # ascending
    number: Ints  # from 1 on

    @classmethod
    def unknown(cls) -> Self:
        """Of no deal."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))

    def of(self, deals: Ints) -> Ints:
        """The number of each deal's company; deals of which it isn't known stand each for one, below 0."""
        place = np.searchsorted(self.deal, deals)
        known = np.append(self.deal, -1)[place] == deals
        return np.where(known, np.append(self.number, 0)[place], -1 - deals)
