"""What has to be known of all deals to score some of them: written page by page, each of some whole deals."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from crmsync.forecast.facts import Ints
from crmsync.forecast.history import History
from crmsync.forecast.load import LIFE, Load, Outcomes, outcome_events, owner_events
from crmsync.forecast.slips import Kept, Record, Slips
from crmsync.forecast.spells import spells
from crmsync.records import Kind

KINDS = (*LIFE, Kind.MILESTONE)  # of the facts that a page is written of


@dataclass(frozen=True, slots=True)
class Page:
    """Of some deals: which had not ended by an instant, what changed their owners' numbers, what came of their promises."""

    first: int  # of the deals
    left: Ints
    owned: tuple[Ints, ...]
    closed: tuple[Ints, ...]
    record: Record | None

    @classmethod
    def of(cls, history: History, deals: Ints, slips: Slips | None, *, by: int) -> Self:
        """From facts of KINDS; `deals`: all of them in order, since one may have no facts."""
        ended = history.deals[history.as_of(history.deals, by).has_ended]
        return cls(
            int(deals[0]) if len(deals) else 0,
            np.setdiff1d(deals, ended, assume_unique=True),
            owner_events(history.facts, history.seen_at),
            outcome_events(history.facts, history.seen_at),
            None if slips is None else slips.record(spells(history, by=by), history),
        )


@dataclass(frozen=True, slots=True)
class Book:
    """The deals that had not ended, and what was known of all at the instant."""

    deals: Ints
    load: Load
    outcomes: Outcomes
    kept: Kept | None

    @classmethod
    def of(cls, pages: Iterable[Page], slips: Slips | None) -> Self:
        """Pages in whatever order they come: sums are made in the order of deals, so that they are the same to the last bit."""
        told = sorted(pages, key=lambda page: page.first)
        load = Load(*map(np.concatenate, zip(*(page.owned for page in told), strict=True)))
        outcomes = Outcomes(*map(np.concatenate, zip(*(page.closed for page in told), strict=True)))
        records = [page.record for page in told if page.record is not None]
        kept = None if slips is None else slips.kept(Record.together(records))
        return cls(np.concatenate([page.left for page in told]), load, outcomes, kept)

    def batches(self, at_once: int) -> list[list[int]]:
        """The deals, so many at a time."""
        return [self.deals[start : start + at_once].tolist() for start in range(0, len(self.deals), at_once)]
