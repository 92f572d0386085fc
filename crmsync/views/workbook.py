"""What an analyst opens: the store's tables as DataFrames, and dated examples with the features that the model sees.

    import crmsync
    book = crmsync.open()          # the config as every command finds it
    book.deal, book.score          # a table
    book.snapshots("age", "plan_done")
    book.backtest("2026-01-05", "2026-06-29")

Reads only. pandas is imported here and in `store.frames`, nowhere else.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmsync import config as configs
from crmsync import past, workspace
from crmsync.clock import parse_instant
from crmsync.forecast.columns import Column, Labels, Money, Names, Slopes
from crmsync.forecast.dataset import STILL_OPEN, Ends, snapshots
from crmsync.forecast.design import Table
from crmsync.forecast.history import History
from crmsync.store import frames, scores
from crmsync.store.engine import Store, open_store

DEFAULT_MODEL = "close"


class Workbook:
    """One workspace, read as frames. A table's name as an attribute gives its frame, read anew each time."""

    def __init__(self, config: configs.Config, store: Store) -> None:
        self.config, self.store = config, store

    def __getattr__(self, table: str) -> pd.DataFrame:
        try:
            return frames.frame(self.store, table)
        except KeyError:
            raise AttributeError(f"no table {table!r}") from None

    @property
    def scores(self) -> pd.DataFrame:
        """The newest score of each open deal, with the deal's name and ids: what the job wrote."""
        return pd.DataFrame(frames.rows(self.store, scores.newest_of_open()))

    @cached_property
    def history(self) -> History:
        """All facts, as the features see them."""
        return past.history(self.store)

    def snapshots(self, *features: str, model: str = DEFAULT_MODEL) -> pd.DataFrame:
        """A row for each week of each deal's open life: deal_id, at, won (1, 0, missing while open), and features as numbers.

        Features that are texts (a stage) come as texts; those with a column per name (steps done) as `feature:name`.
        """
        spec = workspace.model(self.config.file.resolve().parent, model)
        history, until = self.history, past.newest(self.store, spec.population.crms)
        found = snapshots(history, by=until, every_days=spec.population.every_days)
        won = Ends.of(history, by=until).won[found.deal].astype(float)
        table = Table(history.as_of(history.deals[found.deal], found.at))
        columns: dict[str, Any] = {
            "deal_id": history.deals[found.deal],
            "at": pd.to_datetime(found.at, unit="us", utc=True),
            "won": np.where(won == STILL_OPEN, np.nan, won),
        }
        for feature in features:
            columns.update(_as_columns(feature, table.column(feature), history))
        return pd.DataFrame(columns)

    def backtest(
        self, start: str, end: str, *, every_days: int = 7, refit_days: int = 28, model: str = DEFAULT_MODEL
    ) -> pd.DataFrame:
        """Each open deal on each past date: probability, stage rate, base rate, and how it ended as far as that is known.

        Every date is scored by a fit that saw only what was known by then, made anew when the newest is `refit_days` old.
        """
        from crmsync.forecast.backtest import Span, backtest

        spec = workspace.model(self.config.file.resolve().parent, model)
        history = self.history
        ends = Ends.of(history, by=past.newest(self.store, spec.population.crms))
        parts = []
        span = Span(parse_instant(start), parse_instant(end), every_days)
        for found in backtest(history, past.recipe(spec), span, refit_days=refit_days):
            won = ends.won[np.searchsorted(history.deals, found.deal)].astype(float)
            parts.append(
                {
                    "deal_id": found.deal,
                    "as_of": pd.to_datetime(np.full(len(found), found.as_of), unit="us", utc=True),
                    "probability": found.probability,
                    "stage_rate": found.stage_rate,
                    "base_rate": np.full(len(found), found.fit.trained.base_rate),
                    "won": np.where(won == STILL_OPEN, np.nan, won),
                }
            )
        return pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True) if parts else pd.DataFrame()


def _as_columns(feature: str, column: Column, history: History) -> Iterator[tuple[str, Any]]:
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


def open_workbook(config: str | Path | None = None) -> Workbook:
    """The workspace whose config is given, else $CRMSYNC_CONFIG, else ./config.toml. Raises BadConfig."""
    found = configs.load(None if config is None else Path(config))
    return Workbook(found, open_store(found.store))
