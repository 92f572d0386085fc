"""The schema that the migrations make, and which stores this program opens."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url, text
from sqlmodel import SQLModel

from crmsync.config import StoreConfig
from crmsync.errors import BadConfig
from crmsync.store import engine, migrations, tables
from crmsync.store.engine import Store, open_store
from tests.store.rows import all_of, count, deal, pull, score

OLD_DEAL = {**deal(), "crm": "main", "deal_id": 1}
YOUNGER = ("points", "deciding_step", "deciding_step_on")
OLD_SCORE = {**{name: value for name, value in score(probability=0.25).items() if name not in YOUNGER}, "score_id": 1}
OLD_PLAN = {"digest": "d", "run_id": 1, "score_id": 1, "deal_id": 1, "crm": "main", "crm_id": "D1", "old": None}
OLD_PLAN |= {"result": "probability", "target": "P__c", "new": "25.0", "reason": "first"}


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


def test_scores_of_an_older_store_keep_their_probability(url: str) -> None:
    """A score that a plan refers to is there after the column was made anew, with no points."""
    older = create_engine(make_url(url))
    with older.begin() as connection:
        command.upgrade(migrations.settings(connection), "0002")
        for table, row in (("deal", OLD_DEAL), ("score", OLD_SCORE), ("outbox", OLD_PLAN)):
            columns = ", ".join(row)
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES (:{', :'.join(row)})"), row)  # noqa: S608
    older.dispose()
    store = open_store(StoreConfig(url=url))
    (score,) = all_of(store, tables.Score)
    assert (score.probability, score.points) == (0.25, None)
    store.close()


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
