"""Why a score is what it is, in words: the parts of the log-odds, the strongest first."""

from dataclasses import dataclass

import numpy as np

from crmsync.forecast.columns import Labels, Money, Names, Numbers, Slopes, Steps
from crmsync.forecast.encoding import REST
from crmsync.forecast.facts import Ints
from crmsync.forecast.feature import Feature, Unit
from crmsync.forecast.score import Scores
from crmsync.money import to_major

TEXT_LIMIT = 255  # characters that a plain text field takes in both CRMs
MOST = 15  # reasons that a text of that length may hold
LEAST = 0.05  # log-odds: what moves a probability by about a point or less isn't told
NO_PLAN = "No plan"  # all that promises add to a deal that has none: none of them says anything by itself
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


class Reasons:
    """The reasons of a batch of scores."""

    def __init__(self, scores: Scores) -> None:
        self._scores = scores
        leads: dict[str, Feature] = {}
        for weighed in scores.fit.formula.terms:
            for part in weighed.term.parts:
                leads.setdefault(part, weighed.term.feature)
        self._leads = [leads[part] for part in scores.parts]
        self._promised = np.array([lead.family == "promises" for lead in self._leads], dtype=np.bool_)

    def of(self, row: int, *, most: int | None = None) -> list[Reason]:
        """The parts that aren't 0, the strongest first, equal ones in the order of the features; of a missing plan all are one."""
        added, absent = self._scores.contributions[row], 0.0
        if self._scores.steps[row] == 0:
            absent = float(added[self._promised].sum())
            added = np.where(self._promised, 0.0, added)
        order: Ints = np.argsort(-np.abs(added), kind="stable")
        told = [
            Reason(self._scores.parts[place], float(added[place]), self._phrase(int(place), row))
            for place in order[:most]
            if added[place] != 0
        ]
        told += [Reason("plan", absent, NO_PLAN)] if absent else []
        return sorted(told, key=lambda reason: -abs(reason.log_odds))[:most]

    def text(self, row: int) -> str:
        """`62 %: + Security review done; - Promises overdue: 2`: as many reasons as TEXT_LIMIT takes, none cut off."""
        text, between = f"{100 * self._scores.probability[row]:.0f} %", ": "
        for reason in self.of(row, most=MOST):
            more = f"{between}{'+' if reason.log_odds > 0 else '-'} {reason.text}"
            if abs(reason.log_odds) >= LEAST and len(text) + len(more) <= TEXT_LIMIT:
                text, between = text + more, "; "
        return text

    def _phrase(self, place: int, row: int) -> str:
        feature = self._leads[place]
        labels = self._scores.table.asof.history.labels
        match self._scores.table.column(feature.name):
            case Names() as column:
                return self._of_name(feature, column, self._scores.parts[place].split(":", 1)[1], row)
            case Labels(ids) | Slopes(ids, _):
                label = labels[ids[row]] if ids[row] >= 0 else ""
                return f"{feature.sentence}: {label or 'none'}"
            case Money(minor, currency):
                if np.isnan(minor[row]):
                    return f"{feature.sentence}: unknown"
                code = labels[currency[row]]
                return f"{feature.sentence}: {to_major(int(minor[row]), code):,.0f} {code}".rstrip()
            case Numbers(values) | Steps(values):
                return f"{feature.sentence}: {_number(feature.unit, float(values[row]))}"

    def _of_name(self, feature: Feature, column: Names, level: str, row: int) -> str:
        if level == REST:
            return f"{feature.sentence}: others"
        name = self._scores.table.asof.history.label_ids.get(level)
        amount = float(column.column(name)[row]) if name is not None else 0.0
        if feature.unit in YES_NO:
            return YES_NO[feature.unit][0 if amount > 0 else 1].format(level)
        return f"{level}: {amount:.0f} {'time' if f'{amount:.0f}' == '1' else 'times'}"


def _number(unit: Unit, value: float) -> str:
    if np.isnan(value):
        return "none"
    return f"{100 * value:.0f} %" if unit == "share" else f"{value:.0f}"
