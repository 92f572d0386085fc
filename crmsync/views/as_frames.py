"""Records and features as what pandas takes."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from crmsync.forecast.channels import CLOSE_ON
from crmsync.forecast.columns import Column, Labels, Money, Names, Slopes
from crmsync.forecast.dataset import STILL_OPEN, Ends
from crmsync.forecast.history import History
from crmsync.forecast.score import Scores
from crmsync.views.cells import DAY_COLUMNS


def frame(told: Sequence[Any]) -> pd.DataFrame:
    """Records of one kind as rows, instants as aware times."""
    found = pd.DataFrame([asdict(each) for each in told])
    if "as_of" in found:
        found["as_of"] = pd.to_datetime(found["as_of"], unit="us", utc=True)
    return found


def forecasts(found: Scores, ends: Ends) -> pd.DataFrame:
    """What was forecast of each deal at an instant, and how it ended: `won` and `closed_at` are missing while that isn't known."""
    place = np.searchsorted(found.table.asof.history.deals, found.deal)
    closed = ends.won[place] != STILL_OPEN
    close_on = found.table.asof.of(CLOSE_ON).latest("value", missing=0)
    return pd.DataFrame(
        {
            "deal_id": found.deal,
            "as_of": pd.to_datetime(np.full(len(found), found.as_of), unit="us", utc=True),
            "probability": found.probability,
            "stage_rate": found.stage_rate,
            "base_rate": np.full(len(found), found.fit.trained.base_rate),
            **{name: pd.to_datetime(getattr(found, name), unit="D") for name in DAY_COLUMNS},
            "close_on": pd.to_datetime(np.where(close_on > 0, close_on, np.nan), unit="D"),
            "won": np.where(closed, ends.won[place], np.nan),
            "closed_at": pd.to_datetime(np.where(closed, ends.closed_at[place], np.nan), unit="us", utc=True),
        }
    )


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
