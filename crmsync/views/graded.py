"""Report cards: what fields of the CRM say of a deal's chance, graded beside crmsync on the very same deals and dates."""

from collections.abc import Iterator
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class _Said:
    """Predictions whose outcome is known, date by date."""

    deal: list[Ints] = field(default_factory=list)
    won: list[Floats] = field(default_factory=list)
    theirs: list[Floats] = field(default_factory=list)
    ours: list[Floats] = field(default_factory=list)


class Grading:
    """Grades every field that speaks of chances. A date's rates are learnt from the deals that had closed by then."""

    def __init__(self, history: History, recipe: Recipe, *, until: int) -> None:
        self._history, self._known = history, dict[tuple[str, str], _Said]()
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
                self._keep(before.field, how, said, scores, won)

    def _keep(self, name: str, how: str, said: Floats, scores: Scores, won: Ints) -> None:
        both = ~np.isnan(said) & (won != STILL_OPEN)
        kept = self._known.setdefault((name, how), _Said())
        kept.deal.append(scores.deal[both])
        kept.won.append(won[both].astype(np.float64))
        kept.theirs.append(said[both])
        kept.ours.append(scores.probability[both])

    def cards(self) -> list[Card]:
        """The figures of every field of which something is known."""
        return [card for (name, how), kept in self._known.items() for card in _card(name, how, kept)]


def _joined(before: Reading, now: Reading) -> Reading:
    word, number = (np.concatenate([getattr(each, name) for each in (before, now)]) for name in ("word", "number"))
    return Reading(before.field, word, number)


def _card(name: str, how: str, kept: _Said) -> Iterator[Card]:
    deal, won = np.concatenate(kept.deal), np.concatenate(kept.won)
    theirs, ours = np.concatenate(kept.theirs), np.concatenate(kept.ours)
    if len(won):
        yield Card(name, how, quality(theirs, won, deal), quality(ours, won, deal))
