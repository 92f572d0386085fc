"""Many rows at once, by each driver's own way."""

from contextlib import closing

import psycopg
import pytest
from sqlalchemy import func, select

from crmsync.config import StoreConfig
from crmsync.errors import CrmsyncError, RetryLater
from crmsync.records import FactRecord
from crmsync.store import tables
from crmsync.store.engine import Store, open_store
from crmsync.store.upsert import MANY, insert_all, insert_new
from tests.store.rows import all_of, columns, count, deal, fact, pull, save, score

AWKWARD = ("tab\there", "line\nbreak", "back\\slash", "\\N", '"quoted", and more', "emoji 🤝", "")


def facts(first: int, number: int) -> list[FactRecord]:
    """So many facts of one deal, numbered from the first on."""
    return [fact(source_id=f"C{place}") for place in range(first, first + number)]


def test_facts_that_come_again_add_nothing(store: Store) -> None:
    """Of a long page that overlaps with another, and repeats itself, each new fact is stored once and counted once."""
    first = pull(store, deals=[deal()], facts=facts(0, 2 * MANY)).facts
    again = pull(store, facts=[*facts(MANY, 2 * MANY), *facts(2 * MANY, MANY)]).facts
    assert (first, again, count(store, tables.Fact)) == (2 * MANY, MANY, 3 * MANY)


def test_facts_come_in_without_the_right_to_temporary_tables(postgresql_url: str) -> None:
    """A user from whom somebody took that right, as careful administrators do, stores long pages in the plain way."""
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE ROLE careful")
        connection.execute("GRANT ALL ON SCHEMA public TO careful")
        connection.execute(f"REVOKE TEMPORARY ON DATABASE {connection.info.dbname} FROM PUBLIC")
        with closing(open_store(StoreConfig(url=f"{postgresql_url}&options=-c%20role%3Dcareful"))) as store:
            assert pull(store, deals=[deal()], facts=facts(0, 2 * MANY)).facts == 2 * MANY
        connection.execute("DROP OWNED BY careful")
        connection.execute("DROP ROLE careful")


def test_two_long_pages_of_one_transaction_are_both_stored(store: Store) -> None:
    """What the first brought doesn't come again with the second."""
    rows = [{"text": f"word {number}"} for number in range(2 * MANY)]
    with store.write() as connection:
        counts = [insert_new(connection, tables.Label, part) for part in (rows[:MANY], rows[MANY:], rows)]
    assert (counts, count(store, tables.Label)) == ([MANY, MANY, 0], 2 * MANY)


def test_awkward_texts_come_back_as_they_went(store: Store) -> None:
    """No text is mistaken for the signs by which a driver parts its columns, or for nothing."""
    pull(store, deals=[deal()])
    texts = [text * (number % 2 + 1) for number in range(MANY) for text in AWKWARD]
    save(store, *(score(text=text) for text in texts))
    assert [row.text for row in all_of(store, tables.Score)] == texts


def test_one_row_that_is_refused_takes_the_others_along(store: Store) -> None:
    """A fault of the driver's own way is one line too, and quotes no row."""
    pull(store, deals=[deal()])
    with pytest.raises(CrmsyncError, match="E399") as fault:
        save(store, *[score(text="hidden")] * MANY, score(text="hidden", risk=None))
    assert ("hidden" in str(fault.value), count(store, tables.Score)) == (False, 0)


def lose_the_server(store: Store) -> None:
    """Stores a score over a connection that ends meanwhile."""
    with store.write() as connection, store.read() as other:
        ours = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        other.execute(select(func.pg_terminate_backend(ours, 5_000)))
        insert_all(connection, tables.Score, columns([score()]))


def test_server_that_goes_away_meanwhile_is_tried_later(postgresql_url: str) -> None:
    """The connection is lost between two statements: one line that says so, and the next write has a new one."""
    store = open_store(StoreConfig(url=postgresql_url))
    pull(store, deals=[deal()])
    with pytest.raises(RetryLater, match="E306"):
        lose_the_server(store)
    save(store, score())
    assert count(store, tables.Score) == 1
    store.close()
