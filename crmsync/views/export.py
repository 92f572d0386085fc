"""Tables as CSV or Parquet. Of scores the newest one of each open deal, of other tables everything."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlmodel import SQLModel

from crmsync.errors import BadConfig
from crmsync.store import frames, scores
from crmsync.store.engine import Store
from crmsync.views import reasons
from crmsync.views.files import csv_file, ending, write_csv

# What every file of predictions starts with.
PREDICTION = ("crm", "crm_id", "as_of", "fit_id", "probability", "close_p20", "close_p50", "close_p80", "won_28d")


def names() -> list[str]:
    """The tables that can be exported."""
    return sorted(SQLModel.metadata.tables)


def query(table: str) -> Select[Any]:
    """What an export of a table reads. Raises BadConfig E123 for an unknown one."""
    if table not in names():
        raise BadConfig("E123", f"no table {table!r}", remedy=f"one of: {', '.join(names())}")
    if table != "score":
        whole = SQLModel.metadata.tables[table]
        return select(*whole.c).order_by(*whole.primary_key.columns)
    found = scores.newest_of_open()
    by_name = {str(column.key): column for column in found.selected_columns}
    rest = [name for name in by_name if name not in PREDICTION]
    return found.with_only_columns(*(by_name[name] for name in (*PREDICTION, *rest)))


def columns(table: str) -> list[ColumnElement[Any]]:
    """The columns of a file, in order: those of the query, but for what is told as another one. Raises BadConfig E123."""
    hidden = reasons.KEPT if table == "score" else ()
    return [column for column in query(table).selected_columns if column.key not in hidden]


def rows(store: Store, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table."""
    found = frames.rows(store, query(table))
    return reasons.told(store, found) if table == "score" else found


def to_file(store: Store, table: str, out: Path) -> int:
    """Writes a table to a file, CSV or Parquet by the name's ending; gives the number of rows. Raises BadConfig, RetryLater."""
    head = columns(table)
    if ending(out, (".csv", ".parquet")) == ".parquet":
        from crmsync.views import parquet

        return parquet.to_file(out, head, rows(store, table))
    return csv_file(out, _names(head), rows(store, table))


def to_stdout(store: Store, table: str) -> int:
    """Writes a table to stdout as CSV; gives the number of rows."""
    return write_csv(sys.stdout, _names(columns(table)), rows(store, table))


def _names(head: Sequence[ColumnElement[Any]]) -> list[str]:
    return [str(column.key) for column in head]
