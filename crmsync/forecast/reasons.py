"""Why a score is what it is, in words: the parts of the log-odds, the strongest first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from crmsync.forecast.columns import Counts, Labels, Money, Names, Numbers, Slopes, Steps
from crmsync.forecast.encoding import REST
from crmsync.forecast.facts import Floats
from crmsync.forecast.feature import Feature, Unit
from crmsync.forecast.score import Scores
from crmsync.money import to_major
from crmsync.records import TEXT_LIMIT
from crmsync.words import many

MOST = 15  # reasons that a text of that length may hold
LEAST = 0.05  # log-odds: what moves a probability by about a point or less isn't told
NO_PLAN = "No plan"  # all that promises add to a deal that has none: none of them says anything by itself
COUNTED: tuple[Unit, ...] = ("number", "times")
YES_NO: dict[Unit, tuple[str, str]] = {
    "done": ("{} done", "{} not done"),
    "passed": ("{} passed", "{} not passed"),
    "planned": ("{} planned", "{} not planned"),
    "present": ("{} on the deal", "no {} on the deal"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score: what it adds to the log-odds, and how a seller reads it."""

    part: str
    log_odds: float
    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """How a part of each row reads, and how many characters that takes at least."""

    least: int
    of: Callable[[int], str]


class Reasons:
    """The reasons of a batch of scores."""

    def __init__(self, scores: Scores) -> None:
        self._scores = scores
        leads: dict[str, Feature] = {}
        for weighed in scores.fit.formula.terms:
            for part in weighed.term.parts:
                leads.setdefault(part, weighed.term.feature)
        self._leads = [leads[part] for part in scores.parts]
        self._phrases: dict[int, Phrase] = {len(self._leads): Phrase(len(NO_PLAN), lambda _row: NO_PLAN)}
        added = self._with_no_plan(scores)
        self._order = np.argsort(-np.abs(added), axis=1, kind="stable")
        self._log_odds = np.take_along_axis(added, self._order, axis=1)

    def _with_no_plan(self, scores: Scores) -> Floats:
        """What each part adds, and in one more column all that promises add to a deal without a plan."""
        promised = np.array([lead.family == "promises" for lead in self._leads], dtype=np.bool_)
        absent = (np.asarray(scores.steps) == 0)[:, None] & promised
        all_of_them = np.where(absent, scores.contributions, 0.0).sum(axis=1)
        return np.column_stack([np.where(absent, 0.0, scores.contributions), all_of_them])

    def of(self, row: int, *, most: int | None = None) -> list[Reason]:
        """The parts that aren't 0, the strongest first, equal ones in the order of the features; of a missing plan all are one."""
        parts = [*self._scores.parts, "plan"]
        ranked = zip(self._order[row, :most].tolist(), self._log_odds[row, :most].tolist(), strict=True)
        return [
            Reason(parts[place], log_odds, self._phrase(place).of(row)) for place, log_odds in ranked if log_odds != 0
        ]

    def text(self, row: int) -> str:
        """`62 %: + Security review done; - Promises overdue: 2`: as many reasons as TEXT_LIMIT takes, none cut off."""
        text, between = f"{100 * self._scores.probability[row]:.0f} %", ": "
        strongest = zip(self._order[row, :MOST].tolist(), self._log_odds[row, :MOST].tolist(), strict=True)
        for place, log_odds in strongest:
            if abs(log_odds) < LEAST:
                break
            phrase = self._phrases.get(place) or self._phrase(place)
            if len(text) + phrase.least > TEXT_LIMIT:
                continue
            more = f"{between}{'+' if log_odds > 0 else '-'} {phrase.of(row)}"
            if len(text) + len(more) <= TEXT_LIMIT:
                text, between = text + more, "; "
        return text

    def _phrase(self, place: int) -> Phrase:
        """How a part reads; made once, since a batch asks for it over and over."""
        if place not in self._phrases:
            self._phrases[place] = self._made(place)
        return self._phrases[place]

    def _made(self, place: int) -> Phrase:
        feature = self._leads[place]
        head, unit = f"{feature.sentence}: ", feature.unit
        labels = self._scores.table.asof.history.labels
        match self._scores.table.column(feature.name):
            case Names() as column:
                return self._of_name(feature, column, self._scores.parts[place].split(":", 1)[1])
            case Labels(ids) | Slopes(ids, _):
                names = ids.tolist()
                return Phrase(len(head), lambda row: head + ((labels[names[row]] if names[row] >= 0 else "") or "none"))
            case Money(minor, currency):
                return Phrase(len(head), lambda row: head + _money(float(minor[row]), int(currency[row]), labels))
            case Numbers(values) | Counts(values) | Steps(values):
                numbers = values.tolist()
                return Phrase(len(head), lambda row: head + _number(unit, numbers[row]))

    def _of_name(self, feature: Feature, column: Names, level: str) -> Phrase:
        if level == REST:
            return Phrase(len(feature.sentence), lambda _row: f"{feature.sentence}: others")
        name = self._scores.table.asof.history.label_ids.get(level)
        amounts = [0.0] * len(self._scores) if name is None else column.column(name).tolist()
        if feature.unit in YES_NO:
            yes, no = (phrase.format(level) for phrase in YES_NO[feature.unit])
            return Phrase(len(level), lambda row: yes if amounts[row] > 0 else no)
        return Phrase(len(level), lambda row: f"{level}: {many(round(amounts[row]), 'time')}")


def _money(minor: float, currency: int, labels: Sequence[str]) -> str:
    if isnan(minor):
        return "unknown"
    code = labels[currency]
    return f"{to_major(int(minor), code):,.0f} {code}".rstrip()


def _number(unit: Unit, value: float) -> str:
    """A count that can't be had isn't 0; of days and shares there may be none, such as since an act that never was."""
    if isnan(value):
        return "unknown" if unit in COUNTED else "none"
    return f"{100 * value:.0f} %" if unit == "share" else f"{value:.0f}"
