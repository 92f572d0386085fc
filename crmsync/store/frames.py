"""The store as numpy arrays for the forecast, and as DataFrames for analysts (pandas is imported only there)."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    Select,
    any_,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
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


DEALS = 1_000  # of which facts are fetched at a time
BITS, WORD = 8, 32  # of a kind, a phase and a side; of our numbers, of which two make one column


def _packed(*small: ColumnElement[int], bits: int) -> ColumnElement[int]:
    """Small numbers as one, the first the highest."""
    return reduce(lambda whole, each: whole * 2**bits + each, small[1:], cast(small[0], BigInteger))


def _bytes(numbers: Sequence[ColumnElement[int]]) -> ColumnElement[bytes]:
    """Numbers as PostgreSQL sends them."""
    first, *others = map(func.int8send, numbers)
    return reduce(lambda whole, each: whole.op("||")(each), others, first)


# A fact as five whole numbers of 64 bits. The facts of a deal come as one text or string of bytes: a row for each fact, and an
# object for each of its numbers, would take twice as long. SQLite meets them in the order in which they are clustered.
_NUMBERS = (
    *(_fact.c[name] for name in ("at", "known_at", "value")),
    _packed(_fact.c.person_id, _fact.c.milestone_id, bits=WORD),
    _packed(*(_fact.c[name] for name in ("name", "side", "phase", "kind")), bits=BITS),
)
_NUMBER = np.dtype(">i8")
_OF_A_DEAL: dict[str, ColumnElement[Any]] = {
    "sqlite": func.group_concat(func.printf("%016x" * len(_NUMBERS), *_NUMBERS), ""),
    "postgresql": func.string_agg(
        _bytes(_NUMBERS), aggregate_order_by(literal(b"", LargeBinary), *_fact.primary_key.columns)
    ),
}


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
        query = select(_fact.c.deal_id, _OF_A_DEAL[self._connection.dialect.name])
        query = query.group_by(_fact.c.deal_id).order_by(_fact.c.deal_id)
        if self._known_by is not None:
            query = query.where(_fact.c.known_at <= self._known_by)
        if deals is not None:
            query = query.where(self._are(deals))
        elif self._deals is not None:
            query = query.where(_fact.c.deal_id.in_(self._deals))
        if kinds:
            query = query.where(_fact.c.kind.in_(kinds))
        nothing = np.zeros(0, np.int64), np.zeros((0, len(_NUMBERS)), np.int64)
        deal, numbers = map(np.concatenate, zip(nothing, *self._some(query), strict=True))
        at, known_at, value, both, packed = numbers.T
        kind, phase, side = ((packed >> place * BITS).astype(np.uint8).astype(np.int8) for place in range(3))
        name, person, step = (packed >> 3 * BITS).astype(np.int32), both >> WORD, both & (2**WORD - 1)
        return FactColumns(deal, at, known_at, kind, phase, side, name, value, person, step, self._labels)

    def deals(self) -> NDArray[np.int64]:
        """The deals' numbers, in order."""
        query = select(_deal.c.deal_id).order_by(_deal.c.deal_id)
        if self._deals is not None:
            query = query.where(_deal.c.deal_id.in_(self._deals))
        return np.fromiter(self._connection.execute(query).scalars(), np.int64)

    def _are(self, deals: Sequence[int]) -> ColumnElement[bool]:
        """Whether a fact is one of these deals': their numbers go as one value, since five thousand take as long as their facts."""
        if self._connection.dialect.name == "sqlite":
            listed = func.json_each(json.dumps(deals)).table_valued("value")
            return _fact.c.deal_id.in_(select(listed.c.value))
        return _fact.c.deal_id == any_(literal(deals, ARRAY(Integer)))

    def _some(self, query: Select[Any]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Of some deals at a time: the deal of each fact, and its numbers."""
        result = self._connection.execution_options(stream_results=True).execute(query)
        for rows in result.partitions(DEALS):
            deals, told = zip(*rows, strict=True)
            facts = [each if isinstance(each, bytes) else bytes.fromhex(each) for each in told]
            numbers = np.frombuffer(b"".join(facts), _NUMBER).astype(np.int64).reshape(-1, len(_NUMBERS))
            yield np.repeat(deals, [len(each) // (_NUMBER.itemsize * len(_NUMBERS)) for each in facts]), numbers


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


def companies(store: Store) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The deals that name the buyer's company, in order, and its number for each."""
    query = select(_deal.c.deal_id, _deal.c.crm, _deal.c.account).where(_deal.c.account != "")
    with store.read() as connection:
        rows = connection.execute(query.order_by(_deal.c.deal_id)).all()
    numbers: dict[tuple[str, str], int] = {}
    found = [(deal, numbers.setdefault((crm, account), len(numbers) + 1)) for deal, crm, account in rows]
    deal, number = np.array(found, dtype=np.int64).reshape(-1, 2).T
    return deal, number


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
