"""The store as numpy arrays for the forecast, and as DataFrames for analysts (pandas is imported only there)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select
from sqlmodel import SQLModel

from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.upsert import table_of

if TYPE_CHECKING:
    import pandas as pd

_fact, _label, _deal = table_of(tables.Fact), table_of(tables.Label), table_of(tables.Deal)
_milestone = table_of(tables.Milestone)
FETCH = 50_000  # rows at a time


@dataclass(frozen=True, slots=True)
class FactColumns:
    """Facts as columns, sorted by (deal, at). Labels by their id stand in `labels`."""

    deal: NDArray[np.int64]
    at: NDArray[np.int64]
    known_at: NDArray[np.int64]
    kind: NDArray[np.int8]
    phase: NDArray[np.int8]
    side: NDArray[np.int8]
    name: NDArray[np.int32]
    value: NDArray[np.int64]
    person: NDArray[np.int64]
    step: NDArray[np.int64]
    labels: tuple[str, ...]


_WIDTHS: dict[str, Any] = {
    "deal_id": np.int64,
    "at": np.int64,
    "known_at": np.int64,
    "kind": np.int8,
    "phase": np.int8,
    "side": np.int8,
    "name": np.int32,
    "value": np.int64,
    "person_id": np.int64,
    "milestone_id": np.int64,
}


def facts(store: Store, *, known_by: int | None = None, crms: Sequence[str] = ()) -> FactColumns:
    """All facts, or those that the CRMs knew by an instant, or those of some CRMs only."""
    query = select(*(_fact.c[name] for name in _WIDTHS)).order_by(
        _fact.c.deal_id, _fact.c.at, _fact.c.kind, _fact.c.phase, _fact.c.source, _fact.c.source_id, _fact.c.value
    )
    if known_by is not None:
        query = query.where(_fact.c.known_at <= known_by)
    if crms:
        query = query.where(_fact.c.deal_id.in_(select(_deal.c.deal_id).where(_deal.c.crm.in_(crms))))
    parts: list[list[NDArray[Any]]] = [[np.zeros(0, dtype=width) for width in _WIDTHS.values()]]
    with store.read() as connection:
        labels = {label_id: text for text, label_id in connection.execute(select(_label.c.text, _label.c.label_id))}
        result = connection.execution_options(stream_results=True).execute(query)
        for rows in result.partitions(FETCH):
            columns = zip(*rows, strict=True)
            parts.append(
                [np.array(column, dtype=width) for column, width in zip(columns, _WIDTHS.values(), strict=True)]
            )
    whole: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    whole.append(tuple(labels.get(number, "") for number in range(max(labels, default=0) + 1)))
    return FactColumns(*whole)


def open_deals(store: Store) -> NDArray[np.int64]:
    """The ids of the deals that their CRMs show as open, in order."""
    query = (
        select(_deal.c.deal_id).where(_deal.c.closed_at.is_(None), _deal.c.gone_at.is_(None)).order_by(_deal.c.deal_id)
    )
    with store.read() as connection:
        return np.array(connection.execute(query).scalars().all(), dtype=np.int64)


def rows(store: Store, query: Select[Any]) -> Iterator[dict[str, Any]]:
    """The rows of a query as dictionaries, streamed."""
    with store.read() as connection:
        result = connection.execution_options(stream_results=True).execute(query)
        for part in result.mappings().partitions(FETCH):
            yield from (dict(row) for row in part)


def frame(store: Store, table: str) -> "pd.DataFrame":
    """A whole table as a DataFrame, instants as aware times and days as dates. Raises KeyError for an unknown table."""
    import pandas as pd

    with store.read() as connection:
        found = pd.read_sql(select(*SQLModel.metadata.tables[table].c), connection)
    for name in found.columns:
        if name in ("at", "as_of") or name.endswith("_at"):
            found[name] = pd.to_datetime(found[name].astype("Int64"), unit="us", utc=True)
        elif name.endswith("_on") or name in ("close_p20", "close_p50", "close_p80"):
            found[name] = pd.to_datetime(found[name].astype("Int64"), unit="D")
    return found
