"""Report cards: what fields of the CRM say of a deal's chance, graded beside crmsync on the very same deals and dates."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crmsync.forecast.dataset import STILL_OPEN, examples, snapshots
from crmsync.forecast.evaluate import Quality, quality
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.history import History
from crmsync.forecast.incumbents import SAID, Reading, readings
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.score import Scores

MAPPED, AS_SAID = "as rates learnt before", "taken as a chance"


@dataclass(frozen=True, slots=True)
class Card:
    """One field's figures, and crmsync's own on the snapshots of which the field said something."""

    field: str
    how: str  # MAPPED or AS_SAID
    theirs: Quality
    ours: Quality


class Known:
    """What several forecasters said of the same deals whose end is known, date by date."""

    def __init__(self) -> None:
        self._deal: list[Ints] = []
        self._won: list[Floats] = []
        self._said: dict[str, list[Floats]] = {}

    def add(self, deal: Ints, won: Ints, said: Mapping[str, Floats]) -> None:
        """A date's, by forecaster. Deals that are open, or of which one of them says nothing (nan), are left out."""
        known = (won != STILL_OPEN) & ~np.isnan([*said.values()]).any(axis=0)
        self._deal.append(deal[known])
        self._won.append(won[known].astype(np.float64))
        for name, chance in said.items():
            self._said.setdefault(name, []).append(chance[known])

    def figures(self) -> dict[str, Quality]:
        """Each forecaster's, none when no end is known."""
        if not any(map(len, self._won)):
            return {}
        deal, won = np.concatenate(self._deal), np.concatenate(self._won)
        return {name: quality(np.concatenate(said), won, deal) for name, said in self._said.items()}


class Grading:
    """Grades every field that speaks of chances. A date's rates are learnt from the deals that had closed by then."""

    def __init__(self, history: History, recipe: Recipe, *, until: int) -> None:
        self._history, self._known = history, defaultdict[tuple[str, str], Known](Known)
        self._before: list[Reading] = []
        if len(history.rows(SAID)):
            self._found = snapshots(history, by=until, every_days=recipe.every_days, created_from=recipe.created_from)
            self._before = readings(history.as_of(history.deals[self._found.deal], self._found.at))

    def add(self, scores: Scores, won: Ints) -> None:
        """The scores of a date and how the deals ended, as far as is known."""
        if not self._before:
            return
        sample = examples(self._history, self._found, by=scores.as_of)
        by_field = {each.field: each for each in readings(scores.table.asof)}
        for before in self._before:
            now = by_field[before.field]
            whole = _joined(before.take(sample.rows), now)
            early, late = np.arange(len(sample)), np.arange(len(sample), len(sample) + len(scores))
            rates = whole.rates(early, sample.won, sample.weight, late)
            for how, said in ((MAPPED, rates), (AS_SAID, whole.chance[late])):
                self._known[before.field, how].add(scores.deal, won, {"theirs": said, "ours": scores.probability})

    def cards(self) -> list[Card]:
        """The figures of every field of which something is known."""
        found = ((field, how, known.figures()) for (field, how), known in self._known.items())
        return [Card(field, how, **figures) for field, how, figures in found if figures]


def _joined(before: Reading, now: Reading) -> Reading:
    word, number = (np.concatenate([getattr(each, name) for each in (before, now)]) for name in ("word", "number"))
    return Reading(before.field, word, number)
