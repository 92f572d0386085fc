"""The lives of some deals as they are drawn: what each kind of process needs to know of the others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.cast import ROLES, contact_of
from crmsync.sandbox.columns import Ints
from crmsync.sandbox.fact_rows import FactRows
from crmsync.sandbox.laws import Law
from crmsync.sandbox.rates import Rates
from crmsync.sandbox.working_time import Floats

_HANDED_OVER = 0.0015  # per working day: a deal gets another owner, whatever its class


@dataclass(frozen=True, slots=True)
class DealLives:
    """Deals from creation to closing on the working clock, and who acts in them when."""

    classes: Ints
    created: Floats
    closed: Floats
    account: Ints
    first_owner: Ints
    next_owner: Ints
    handed_over: Floats  # when the next owner takes over, often after the closing
    joined: Floats  # by deal and role: when that person of the buyer joins, often after the closing
    owners: int
    rows: FactRows

    def owner_at(self, deal: Ints, moment: Floats) -> Ints:
        """Who owns deals at some moments."""
        return np.where(moment < self.handed_over[deal], self.first_owner[deal], self.next_owner[deal])

    def person(self, deal: Ints, role: Ints) -> Ints:
        """The buyer's person in a role."""
        return contact_of(self.account[deal], role, owners=self.owners)

    def buyer_at(self, rng: np.random.Generator, deal: Ints, moment: Floats) -> Ints:
        """Who of the buyer's people that have joined acts: any of them, the first one most often."""
        role = rng.integers(len(ROLES), size=len(deal))
        return self.person(deal, np.where(self.joined[deal, role] <= moment, role, 0))


def draw_lives(
    rng: np.random.Generator, rates: Rates, *, law: Law, rows: FactRows, owners: int, **known: NDArray[Any]
) -> DealLives:
    """Draws who takes part. `known` are classes, created, closed, account and first_owner."""
    classes, created = known["classes"], known["created"]
    count = len(classes)
    joining = rates.table[classes, rates.joins : rates.joins + len(law.joins)]
    with np.errstate(divide="ignore"):
        later = created[:, None] + rng.standard_exponential(joining.shape) / joining
    return DealLives(
        **known,
        next_owner=rng.integers(owners, size=count),
        handed_over=created + rng.standard_exponential(count) / _HANDED_OVER,
        joined=np.concatenate([created[:, None], later], axis=1),
        owners=owners,
        rows=rows,
    )
