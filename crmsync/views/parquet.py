"""A table as Parquet: instants as UTC timestamps, days as dates. The only file that imports pyarrow, an optional dependency."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Float, Integer

from crmsync.errors import BadConfig
from crmsync.store.frames import FETCH
from crmsync.views.cells import is_day, is_instant
from crmsync.views.files import replaced


def to_file(out: Path, columns: Sequence[ColumnElement[Any]], rows: Iterator[dict[str, Any]]) -> int:
    """Writes rows to a file and gives their number. Raises BadConfig E124 where pyarrow isn't installed."""
    try:
        arrow, writing = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        remedy = 'pip install "crmsync[parquet]", or name the file .csv'
        raise BadConfig("E124", "Parquet needs pyarrow, which isn't installed", where=str(out), remedy=remedy) from None
    schema = arrow.schema([(str(column.key), _type(arrow, column)) for column in columns])
    count = 0
    with replaced(out) as file, writing.ParquetWriter(file, schema) as writer:
        for part in _parts(rows):
            writer.write_table(arrow.table(_columns(arrow, part, schema), schema=schema))
            count += len(part)
    return count


def _columns(arrow: ModuleType, part: list[dict[str, Any]], schema: Any) -> list[Any]:
    return [_array(arrow, [row[field.name] for row in part], field.type) for field in schema]


def _array(arrow: ModuleType, values: list[Any], wanted: Any) -> Any:
    """Micros and days are what Arrow's timestamps and dates hold inside."""
    if arrow.types.is_timestamp(wanted):
        return arrow.array(values, arrow.int64()).cast(wanted)
    if arrow.types.is_date32(wanted):
        return arrow.array(values, arrow.int32()).cast(wanted)
    return arrow.array(values, wanted)


def _type(arrow: ModuleType, column: Any) -> Any:
    if is_instant(column.key):
        return arrow.timestamp("us", tz="UTC")
    if is_day(column.key):
        return arrow.date32()
    if isinstance(column.type, Boolean):
        return arrow.bool_()
    if isinstance(column.type, Float):
        return arrow.float64()
    return arrow.int64() if isinstance(column.type, Integer | BigInteger) else arrow.string()


def _parts(found: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while part := list(islice(found, FETCH)):
        yield part
