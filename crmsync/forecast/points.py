"""Reasons in percentage points that add up to the printed digit.

The log-odds of a score are a sum over its parts, the probability isn't. Along the straight way from the base to the score every
part gets the share of the change in probability that it has in the change of log-odds (Aumann and Shapley's rule for a
function of a sum):

    points of a part = its log-odds * (probability - base probability) / (log-odds - base log-odds)

The parts are then rounded to tenths of a point by largest remainder, so that they sum to the printed score less the printed base.
"""

import numpy as np

from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.logistic import sigmoid

TENTHS = 1000  # of a percentage point in a probability of 1
SMALL = 1e-9  # log-odds: below it the slope stands for the quotient


def tenths(probability: Floats) -> Ints:
    """A probability as tenths of a percentage point, as it is printed."""
    return np.floor(probability * TENTHS + 0.5).astype(np.int64)


def points(base: float, contributions: Floats) -> Ints:
    """Tenths of points by part, shape (m, parts); each row sums to `tenths(score) - tenths(base)`."""
    total = contributions.sum(axis=1)
    low, high = sigmoid(np.full(len(total), base)), sigmoid(base + total)
    near = np.abs(total) < SMALL
    slope = np.where(near, low * (1 - low), (high - low) / np.where(near, 1.0, total))
    return largest_remainder(contributions * (slope * TENTHS)[:, None], tenths(high) - tenths(low))


def largest_remainder(values: Floats, totals: Ints) -> Ints:
    """Whole numbers near the values whose rows sum to the totals; what is 0 stays 0 wherever that can be."""
    lower = np.floor(values).astype(np.int64)
    if not values.shape[1]:
        return lower
    left = totals - lower.sum(axis=1)
    remainder = np.where(values != 0, values - lower, -1.0)
    rank = np.argsort(np.argsort(-remainder, axis=1, kind="stable"), axis=1, kind="stable")
    width = np.maximum((values != 0).sum(axis=1), 1)
    whole, rest = np.divmod(left, width)
    lower += np.where(rank < width[:, None], whole[:, None], 0)
    return np.asarray(lower + (rank < rest[:, None]))
