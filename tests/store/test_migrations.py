"""The schema that the migrations make, and which stores this program opens."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import SQLModel

from crmsync.config import StoreConfig
from crmsync.errors import BadConfig
from crmsync.store import engine, migrations, tables
from crmsync.store.engine import Store, open_store
from tests.store.rows import count, deal, pull


def test_migrations_make_the_tables_that_the_code_knows(store: Store) -> None:
    """What the migrations make and what `tables` declares are the same, types included."""
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_head_is_the_newest_migration() -> None:
    """The shortcut that spares an up-to-date store the migration tool names the newest file."""
    folder = Path(migrations.__file__).parent / "versions"
    newest = max(file.name.split("_")[0] for file in folder.glob("[0-9]*.py"))
    assert engine.HEAD == newest == ScriptDirectory.from_config(migrations.settings()).get_current_head()


def test_open_store_keeps_what_is_there(url: str, store: Store) -> None:
    """Opening a store again changes nothing in it."""
    pull(store, deals=[deal()])
    again = open_store(StoreConfig(url=url))
    assert count(again, tables.Deal) == 1
    again.close()


def test_open_store_refuses_a_newer_store(url: str, store: Store) -> None:
    """A program that doesn't know a schema doesn't touch it, and says what to do."""
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(BadConfig, match=r"E305 .*its schema is 9999, this program knows .* -> install"):
        open_store(StoreConfig(url=url))


def test_open_store_brings_all_tables_or_none(url: str) -> None:
    """A migration that fails leaves the database as it was."""
    opened = open_store(StoreConfig(url=url))
    with opened.write() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("DROP TABLE alias"))
    with pytest.raises(Exception, match="E399"):  # its other tables are there already
        open_store(StoreConfig(url=url))
    with opened.read() as connection:
        assert not connection.dialect.has_table(connection, "alias")
    opened.close()
