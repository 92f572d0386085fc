"""Sums that fade with time, exact however long the past is."""

import numpy as np

from crmsync.forecast.facts import Floats, Ints, Rows

FAST_DAYS, SLOW_DAYS = 7.0, 21.0  # a week and a month's working days: the two paces at which freshness fades


def running_decay(group: Rows, at: Ints, tau: float) -> Floats:
    """Sum of exp(-(at[i] - at[k]) / tau) over k <= i of the same group, for rows ascending by (group, at).

    A doubling scan (Hillis and Steele 1986): no differences of large sums, hence exact to rounding, and the value at i
    depends on nothing after i.
    """
    sums = np.ones(len(at))
    fade = np.zeros(len(at))
    same = group[1:] == group[:-1]
    fade[1:] = np.where(same, np.exp(np.where(same, at[:-1] - at[1:], 0) / tau), 0.0)
    shift = 1
    while shift < len(at) and fade[shift:].any():
        sums[shift:] += fade[shift:] * sums[:-shift].copy()
        fade[shift:] *= fade[:-shift].copy()
        shift *= 2
    return sums
