"""Insert-or-update in bulk, the same on SQLite and PostgreSQL: one statement, many rows, each driver's own way for many."""

from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Connection, MetaData, Table, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import DropTable
from sqlmodel import SQLModel

Rows = Sequence[dict[str, Any]]
Names = tuple[str, ...]
Values = Sequence[tuple[Any, ...]]
Columns = dict[str, list[Any]]  # rows side by side, each a value of every column
MANY = 200  # rows from which PostgreSQL's COPY is less work than an INSERT each (`python -m bench.rows`)
TEMPORARY = "TEMPORARY"  # PostgreSQL's name of the right
DIALECTS = {"sqlite": sqlite, "postgresql": postgresql}
KEEPING_COUNT = {"preserve_rowcount": True}  # of the rows touched, which PostgreSQL else forgets


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


def insert_all(connection: Connection, model: type[SQLModel], columns: Columns) -> None:
    """Inserts rows that are given by their columns."""
    names, values = tuple(columns), list(zip(*columns.values(), strict=True))
    if not values:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table_of(model).name, names, values)
    else:
        connection.exec_driver_sql(_insert(connection, model, names), values)


def insert_new(connection: Connection, model: type[SQLModel], rows: Rows) -> int:
    """Inserts the rows whose key isn't there yet, all with the keys of the first, and gives how many they were."""
    return insert_new_values(connection, model, tuple(rows[0]), [tuple(row.values()) for row in rows]) if rows else 0


def insert_new_values(connection: Connection, model: type[SQLModel], names: Names, rows: Values) -> int:
    """The same, where each row is its values under these names."""
    if not rows:
        return 0
    if connection.dialect.name == "postgresql" and len(rows) >= MANY and _has_temporary(connection):
        return _copy_new(connection, table_of(model).name, names, rows)
    statement = f"{_insert(connection, model, names)} ON CONFLICT DO NOTHING"
    return connection.exec_driver_sql(statement, list(rows), execution_options=KEEPING_COUNT).rowcount


def _insert(connection: Connection, model: type[SQLModel], names: Names) -> str:
    """A statement that takes the values of one row, in the driver's own words."""
    marks = ["?" if connection.dialect.name == "sqlite" else "%s"] * len(names)
    return f"INSERT INTO {table_of(model).name} ({', '.join(names)}) VALUES ({', '.join(marks)})"  # noqa: S608 - our own names


def _copy(connection: Connection, table: str, names: Names, rows: Values) -> None:
    """Inserts rows by PostgreSQL's COPY, for which SQLAlchemy has no words."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as stream:
        for row in rows:
            stream.write_row(row)


def _has_temporary(connection: Connection) -> bool:
    """Whether its user may make tables that only it sees, as everybody may where nobody took that right away."""
    if TEMPORARY not in connection.info:
        may = select(func.has_database_privilege(func.current_database(), TEMPORARY))
        connection.info[TEMPORARY] = connection.execute(may).scalar_one()
    return bool(connection.info[TEMPORARY])


def _copy_new(connection: Connection, table: str, names: Names, rows: Values) -> int:
    """COPY knows no conflicts, so the rows come by way of a table that only this connection sees."""
    named, coming = ", ".join(names), f"coming_{table}"
    made = f"CREATE TEMP TABLE {coming} AS SELECT {named} FROM {table} WITH NO DATA"  # noqa: S608 - our own names
    connection.exec_driver_sql(made)
    _copy(connection, coming, names, rows)
    inserted = f"INSERT INTO {table} ({named}) SELECT {named} FROM {coming} ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
    count = connection.exec_driver_sql(inserted).rowcount
    connection.execute(DropTable(Table(coming, MetaData())))
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


def _prepared(dialect: str, statement: Any, names: Names) -> Any:
    """SQLite takes texts, numbers and nothing else, so its rows may go to the driver as they are: a third of the time."""
    if dialect != "sqlite":
        return statement
    compiled = statement.compile(dialect=sqlite.dialect(), column_keys=list(names))
    first, *others = compiled.positiontup
    return str(compiled), itemgetter(first, *others) if others else lambda row: (row[first],)


def _touched(connection: Connection, prepared: Any, rows: Rows) -> int:
    """Runs a statement for each row and gives how many rows it touched."""
    if isinstance(prepared, tuple):
        text, values = prepared
        return connection.exec_driver_sql(text, list(map(values, rows))).rowcount
    return connection.execute(prepared, list(rows), execution_options=KEEPING_COUNT).rowcount
