"""The category that is proposed for each open deal, beside the one that people keep in the CRM."""

from dataclasses import dataclass

import numpy as np

from crmsync.forecast.history import NO_NAME, History
from crmsync.forecast.incumbents import readings
from crmsync.records import WORD_AFTER
from crmsync.store import frames, scores
from crmsync.store.engine import Store


@dataclass(frozen=True, slots=True)
class Proposed:
    """A deal's newest score and its category, and the word that stood in a `graded` field of the CRM at that instant."""

    deal_id: int
    probability: float
    proposed: str
    field: str
    said: str


def proposed(store: Store, history: History) -> list[Proposed]:
    """A row for each open deal and field that says a word of it. A score by rules proposes nothing."""
    rows = [row for row in frames.rows(store, scores.newest_of_open()) if row["category"]]
    deals, instants = (np.array([row[name] for row in rows], dtype=np.int64) for name in ("deal_id", "as_of"))
    return [
        Proposed(row["deal_id"], row["probability"], row["category"], reading.field, _word(history, word))
        for reading in readings(history.as_of(deals, instants))
        for row, word in zip(rows, reading.word.tolist(), strict=True)
        if word != NO_NAME
    ]


def _word(history: History, label: int) -> str:
    return history.labels[label].partition(WORD_AFTER)[2]
