"""Binary search in many slices of one array at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmsync.forecast.facts import Ints


def first_above(values: NDArray[Any], begin: NDArray[Any], end: NDArray[Any], wanted: NDArray[Any]) -> Ints:
    """In each slice begin..end, ascending, the place of the first value above the one wanted; `end` where there is none.

    All slices are halved together, so often as the longest one needs. All of shape (m,), but for the values.
    """
    low, high = begin.astype(np.int64), end.astype(np.int64)
    for _ in range(int((high - low).max(initial=0)).bit_length()):
        middle = (low + high) // 2
        above = values[np.minimum(middle, len(values) - 1)] > wanted
        low = np.where(above | (low == high), low, middle + 1)
        high = np.where(above, middle, high)
    return low
