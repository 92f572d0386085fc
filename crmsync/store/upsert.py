"""Insert-or-update in bulk, the same on SQLite and PostgreSQL: one statement, many rows, each driver's own way for many."""

from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Connection, Table, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

Rows = Sequence[dict[str, Any]]
Names = tuple[str, ...]
MANY = 200  # rows from which PostgreSQL's COPY is less work than an INSERT each (`python -m bench.copy`)
DIALECTS = {"sqlite": sqlite, "postgresql": postgresql}


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a class of `tables`."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


def upsert(
    connection: Connection, model: type[SQLModel], rows: Rows, *, key: Sequence[str], silent: Sequence[str] = ()
) -> int:
    """Inserts rows, or updates those whose key is there and whose values differ. Gives how many rows that touched.

    `silent` columns are updated along but don't make a row differ by themselves.
    """
    if not rows:
        return 0
    return _touched(
        connection, _upsert(connection.dialect.name, model, tuple(rows[0]), tuple(key), tuple(silent)), rows
    )


def insert_all(connection: Connection, model: type[SQLModel], rows: Rows) -> None:
    """Inserts rows, all with the keys of the first, by the driver's own way for many."""
    if not rows:
        return
    table, names = table_of(model).name, list(rows[0])
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
        return
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names
    connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])


def insert_new(connection: Connection, model: type[SQLModel], rows: Rows) -> int:
    """Inserts the rows whose primary key isn't there yet and gives how many they were."""
    if not rows:
        return 0
    if connection.dialect.name == "postgresql" and len(rows) >= MANY:
        return _copy_new(connection, table_of(model).name, rows)
    return _touched(connection, _insert_new(connection.dialect.name, model, tuple(rows[0])), rows)


def _copy(connection: Connection, table: str, rows: Rows) -> None:
    """Inserts rows by PostgreSQL's COPY, for which SQLAlchemy has no words."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(rows[0])}) FROM STDIN") as stream:
        for row in rows:
            stream.write_row(tuple(row.values()))


def _copy_new(connection: Connection, table: str, rows: Rows) -> int:
    """COPY knows no conflicts, so the rows come by way of a table that only this connection sees."""
    names, coming = ", ".join(rows[0]), f"coming_{table}"
    made = f"CREATE TEMP TABLE IF NOT EXISTS {coming} AS SELECT {names} FROM {table} WITH NO DATA"  # noqa: S608 - our own names
    connection.exec_driver_sql(made)
    _copy(connection, coming, rows)
    inserted = f"INSERT INTO {table} ({names}) SELECT {names} FROM {coming} ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
    count = connection.exec_driver_sql(inserted).rowcount
    connection.exec_driver_sql(f"TRUNCATE {coming}")
    return count


@cache
def _upsert(dialect: str, model: type[SQLModel], names: Names, key: Names, silent: Names) -> Any:
    table = table_of(model)
    insert = DIALECTS[dialect].insert(table)
    given = [name for name in names if name not in key]
    differs = or_(*(table.c[name].is_distinct_from(insert.excluded[name]) for name in given if name not in silent))
    statement = insert.on_conflict_do_update(
        index_elements=list(key), set_={name: insert.excluded[name] for name in given}, where=differs
    )
    return _prepared(dialect, statement, names)


@cache
def _insert_new(dialect: str, model: type[SQLModel], names: Names) -> Any:
    return _prepared(dialect, DIALECTS[dialect].insert(table_of(model)).on_conflict_do_nothing(), names)


def _prepared(dialect: str, statement: Any, names: Names) -> Any:
    """SQLite takes texts, numbers and nothing else, so its rows may go to the driver as they are: a third of the time."""
    if dialect != "sqlite":
        return statement
    compiled = statement.compile(dialect=sqlite.dialect(), column_keys=list(names))
    first, *others = compiled.positiontup
    return str(compiled), itemgetter(first, *others) if others else lambda row: (row[first],)


def _touched(connection: Connection, prepared: Any, rows: Rows) -> int:
    """Runs a statement for each row and gives how many rows it touched; PostgreSQL forgets that unless asked to keep it."""
    if isinstance(prepared, tuple):
        text, values = prepared
        return connection.exec_driver_sql(text, list(map(values, rows))).rowcount
    return connection.execute(prepared, list(rows), execution_options={"preserve_rowcount": True}).rowcount
