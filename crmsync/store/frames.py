"""The store as numpy arrays for the forecast, and as DataFrames for analysts (pandas is imported only there)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, Select, cast, select
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


BITS = 8  # of a kind, a phase and a side
# Kind, phase, side and name come as one number: on the way here each number of each fact is an object of its own.
_packed = cast(_fact.c.name, BigInteger)
for _small in ("side", "phase", "kind"):
    _packed = _packed * 2**BITS + _fact.c[_small]
_COLUMNS = [*(_fact.c[name] for name in ("deal_id", "at", "known_at", "value", "person_id", "milestone_id")), _packed]


class FactReader:
    """Facts as they stood at one moment, read as columns: those that the CRMs knew by an instant, or of some CRMs only."""

    def __init__(self, connection: Connection, known_by: int | None, crms: Sequence[str]) -> None:
        self._connection, self._known_by = connection, known_by
        self._deals = select(_deal.c.deal_id).where(_deal.c.crm.in_(crms)) if crms else None
        query = select(_label.c.text, _label.c.label_id)
        labels = {label_id: text for text, label_id in connection.execute(query)}
        self._labels = tuple(labels.get(number, "") for number in range(max(labels, default=0) + 1))

    def facts(self, *, kinds: Sequence[int] = (), deals: Sequence[int] | None = None) -> FactColumns:
        """All of them, or those of some kinds, or of some deals, by their numbers."""
        query = select(*_COLUMNS).order_by(*_fact.primary_key.columns)
        if self._known_by is not None:
            query = query.where(_fact.c.known_at <= self._known_by)
        some = self._deals if deals is None else deals
        if some is not None:
            query = query.where(_fact.c.deal_id.in_(some))
        if kinds:
            query = query.where(_fact.c.kind.in_(kinds))
        parts = [np.zeros((0, len(_COLUMNS)), dtype=np.int64), *self._tables(query)]
        columns = (np.concatenate(column) for column in zip(*(part.T for part in parts), strict=True))
        deal, at, known_at, value, person, step, packed = columns
        kind, phase, side = ((packed >> place * BITS).astype(np.uint8).astype(np.int8) for place in range(3))
        name = (packed >> 3 * BITS).astype(np.int32)
        return FactColumns(deal, at, known_at, kind, phase, side, name, value, person, step, self._labels)

    def deals(self) -> NDArray[np.int64]:
        """The deals' numbers, in order."""
        query = select(_deal.c.deal_id).order_by(_deal.c.deal_id)
        if self._deals is not None:
            query = query.where(_deal.c.deal_id.in_(self._deals))
        return np.fromiter(self._connection.execute(query).scalars(), np.int64)

    def _tables(self, query: Select[Any]) -> Iterator[NDArray[np.int64]]:
        """Rows of whole numbers, some at a time; on SQLite from the driver itself, which makes plain tuples of them."""
        plain = self._connection.dialect.name == "sqlite"
        result = self._connection.execution_options(stream_results=not plain).execute(query)
        source: Any = result.cursor if plain else result
        while rows := source.fetchmany(FETCH):
            yield np.fromiter(chain.from_iterable(rows), np.int64, len(rows) * len(_COLUMNS)).reshape(len(rows), -1)
        result.close()


@contextmanager
def reading(store: Store, *, known_by: int | None = None, crms: Sequence[str] = ()) -> Iterator[FactReader]:
    """Reads facts piece by piece as they stood at one moment."""
    with store.read() as connection:
        yield FactReader(connection, known_by, crms)


def facts(store: Store, *, known_by: int | None = None, crms: Sequence[str] = ()) -> FactColumns:
    """All facts, or those that the CRMs knew by an instant, or those of some CRMs only."""
    with reading(store, known_by=known_by, crms=crms) as reader:
        return reader.facts()


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
