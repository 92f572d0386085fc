"""What a score says of a deal's plan: when each promise will be kept, which one decides, whether the CRM's date holds."""

import json
from collections import defaultdict
from typing import Any

import numpy as np

from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.channels import CLOSE_ON
from crmsync.forecast.history import History
from crmsync.forecast.on_time import on_time, sentence
from crmsync.forecast.outlook import Promise, outlook
from crmsync.forecast.score import Scores
from crmsync.forecast.slips import Kept

DECIMALS = 3


class Plans:
    """Of the scored deals."""

    def __init__(self, scores: Scores, history: History, kept: Kept | None = None) -> None:
        self._today = scores.as_of // MICROS_PER_DAY
        self._deal = scores.deal.tolist()
        self._close_on = scores.table.asof.of(CLOSE_ON).latest_value()
        self._chance = on_time(scores, self._close_on)
        self._promises: dict[int, list[Promise]] = defaultdict(list)
        for promise in outlook(history, scores, kept).promises(history):
            self._promises[promise.deal].append(promise)

    def told(self, place: int) -> dict[str, Any]:
        """The columns of table `score` for the deal at this place of the scores."""
        promises = self._promises[self._deal[place]]
        decides = max(promises, key=lambda promise: promise.decides, default=None)
        return {
            **self._on_time(place, decides),
            "deciding_step": None if decides is None else decides.name,
            "deciding_step_on": None if decides is None else decides.likely_on,
            "promises": json.dumps([_brief(promise) for promise in promises], separators=(",", ":")),
        }

    def _on_time(self, place: int, decides: Promise | None) -> dict[str, Any]:
        if np.isnan(self._close_on[place]):
            return {"on_time": None, "on_time_text": None}
        close_on, chance = int(self._close_on[place]), float(self._chance[place])
        text = sentence(close_on, chance, today=self._today, decides=decides)
        return {"on_time": chance, "on_time_text": text}


def _brief(promise: Promise) -> dict[str, Any]:
    """What isn't known of the step from its own row."""
    return {
        "step": promise.step,
        "from_on": promise.from_on,
        "likely_on": promise.likely_on,
        "until_on": promise.until_on,
        "chance": round(promise.chance, DECIMALS),
        "decides": round(promise.decides, DECIMALS),
    }
