"""The parts of scores: as bytes for the store, as JSON for people.

In JSON they stand in log-odds, and beside it in tenths of a percentage point; both sum to the score. It is written out as
`json.dumps` would, by columns instead of by deals: a number's text is the dear part, and of the values of a part most stand in
many deals.
"""

import json
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.logistic import sigmoid
from crmsync.forecast.points import points, tenths

Texts = NDArray[np.object_]
KEPT = np.dtype("<f8")


def as_bytes(contributions: Floats) -> list[bytes]:
    """What each part adds to each score, a row of numbers for each."""
    return [row.tobytes() for row in contributions.astype(KEPT, copy=False)]


def from_bytes(rows: Sequence[bytes], parts: int) -> Floats:
    """The same as before, shape (rows, parts)."""
    return np.frombuffer(b"".join(rows), KEPT).reshape(len(rows), parts)


def as_json(base: float, names: Sequence[str], contributions: Floats) -> list[str]:
    """Of each score: the base, and each part that isn't 0."""
    keys = [f"{json.dumps(name)}:" for name in names]
    base_tenths = int(tenths(sigmoid(np.array([base])))[0])
    head, between = f'{{"base":{base!r},"parts":{{', f'}},"base_tenths":{base_tenths},"tenths":{{'
    told = points(base, contributions)
    log_odds, shown = [], []
    for key, added, tenth in zip(keys, contributions.T, told.T, strict=True):
        some = added != 0
        log_odds.append(np.where(some, _numbers(key, added), ""))
        shown.append(np.where(some, _tenths(key, tenth), ""))
    both = zip(_joined(log_odds, len(told)), _joined(shown, len(told)), strict=True)
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
