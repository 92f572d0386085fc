"""The parts of scores as JSON: in log-odds, and beside it in tenths of a percentage point. Both sum to the score.

Written out here as `json.dumps` would, by columns instead of by deals: a number's text is the dear part, and of the values of a
part most stand in many deals.
"""

import json
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.logistic import sigmoid
from crmsync.forecast.points import points, tenths
from crmsync.forecast.score import Scores

Texts = NDArray[np.object_]


def as_json(found: Scores) -> list[str]:
    """Of each deal: the base, and each part that isn't 0."""
    keys = [f"{json.dumps(part)}:" for part in found.parts]
    base_tenths = int(tenths(sigmoid(np.array([found.base])))[0])
    head, between = f'{{"base":{found.base!r},"parts":{{', f'}},"base_tenths":{base_tenths},"tenths":{{'
    told = points(found.base, found.contributions)
    log_odds, shown = [], []
    for key, added, tenth in zip(keys, found.contributions.T, told.T, strict=True):
        some = added != 0
        log_odds.append(np.where(some, _numbers(key, added), ""))
        shown.append(np.where(some, _tenths(key, tenth), ""))
    both = zip(_joined(log_odds, len(found)), _joined(shown, len(found)), strict=True)
    return [f"{head}{values}{between}{rounded}}}}}" for values, rounded in both]


def _numbers(key: str, values: Floats) -> Texts:
    """The key with each value, of which every text is made once."""
    different, place = np.unique(values, return_inverse=True)
    return np.array([f"{key}{value!r}" for value in different.tolist()], dtype=np.object_)[place]


def _tenths(key: str, values: Ints) -> Texts:
    """The same for small whole numbers, which need no sorting."""
    least, most = int(values.min(initial=0)), int(values.max(initial=0))
    return np.array([f"{key}{value}" for value in range(least, most + 1)], dtype=np.object_)[values - least]


def _joined(columns: Iterable[Texts], rows: int) -> Iterable[str]:
    """What the columns hold in each row, but for what is empty."""
    nothing = [""] * rows  # so that there are rows without any column
    return (",".join(filter(None, row)) for row in zip(nothing, *(each.tolist() for each in columns), strict=True))
