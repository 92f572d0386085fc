"""Is the CRM's own close date still possible? A chance, and a sentence that names what stands in its way."""

from dataclasses import dataclass

import numpy as np

from crmsync.clock import MICROS_PER_DAY, to_date
from crmsync.forecast.facts import Floats
from crmsync.forecast.score import Scores

# below these chances
WORDS = ((0.02, "out of reach"), (0.2, "unlikely"), (0.5, "doubtful"), (0.8, "possible"), (1.1, "likely"))


@dataclass(frozen=True, slots=True)
class Promise:
    """A promised step of an open deal; days since 1970."""

    name: str
    due_on: int
    likely_on: int  # the middle of its range


def on_time(scores: Scores, close_on: Floats) -> Floats:
    """The share of the ways of winning in which each deal is won by the end of its CRM's close date; nan without one."""
    days = close_on + 1 - scores.as_of / MICROS_PER_DAY
    return np.where(np.isnan(days), np.nan, scores.curve.within(np.nan_to_num(days)) / scores.probability)


def sentence(close_on: int, chance: float, *, today: int, decides: Promise | None) -> str:
    """What a person reads. `decides`: the promise that most likely is kept last, None for a plan without open ones."""
    date = to_date(close_on).isoformat()
    if close_on < today:
        return f"The CRM's close date, {date}, has passed."
    word = next(word for below, word in WORDS if chance < below)
    told = f"The CRM's close date, {date}, is {word}: {100 * chance:.0f} of 100 ways of winning end by then."
    if decides is None or decides.likely_on <= close_on:
        return told
    due, likely = to_date(decides.due_on).isoformat(), to_date(decides.likely_on).isoformat()
    return f"{told} {decides.name}, promised for {due}, will rather be done by {likely}."
