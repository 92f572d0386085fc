"""Records and features as what pandas takes."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from crmsync.forecast.columns import Column, Labels, Money, Names, Slopes
from crmsync.forecast.history import History


def frame(told: Sequence[Any]) -> pd.DataFrame:
    """Records of one kind as rows, instants as aware times."""
    found = pd.DataFrame([asdict(each) for each in told])
    if "as_of" in found:
        found["as_of"] = pd.to_datetime(found["as_of"], unit="us", utc=True)
    return found


def feature_columns(feature: str, column: Column, history: History) -> Iterator[tuple[str, Any]]:
    """A feature as columns of numbers or texts; one with a column per name as `feature:name`."""
    match column:
        case Names():
            everyone = np.arange(len(column.asof))
            labels = sorted((history.labels[number], number) for number in column.deals_by_name(everyone))
            yield from ((f"{feature}:{label}", column.column(number)) for label, number in labels)
        case Labels(ids) | Slopes(ids, _):
            yield feature, np.array([*history.labels, ""], dtype=object)[ids]
        case Money(minor, _):
            yield feature, minor
        case _:
            yield feature, column.values
