"""Binary search in many slices at once."""

import numpy as np

from crmsync.forecast.search import first_above


def test_first_above_is_what_each_slice_says_by_itself() -> None:
    """As numpy finds it slice by slice, with repeated values, empty slices, and values beyond both ends."""
    rng = np.random.default_rng(1)
    sizes = rng.integers(0, 9, size=300)
    end = np.cumsum(sizes)
    begin = end - sizes
    values = np.concatenate([np.sort(rng.integers(0, 6, size=size)) for size in sizes])
    wanted = rng.integers(-1, 7, size=300)
    rows = zip(begin, end, wanted, strict=True)
    expected = [low + np.searchsorted(values[low:high], each, side="right") for low, high, each in rows]
    assert first_above(values, begin, end, wanted).tolist() == expected


def test_first_above_of_nothing_is_nothing() -> None:
    """No values, and no slices."""
    nothing = np.zeros(0, dtype=np.int64)
    assert first_above(nothing, np.zeros(2), np.zeros(2), np.ones(2)).tolist() == [0, 0]
    assert first_above(nothing, nothing, nothing, nothing).tolist() == []
