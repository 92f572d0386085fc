"""Opening the store, and its faults in one line."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from crmsync.config import StoreConfig
from crmsync.errors import BadConfig, CrmsyncError, RetryLater
from crmsync.store import tables
from crmsync.store.engine import WAL_SAFE_FROM, Store, open_store, sqlite_library
from tests.store.rows import count, deal, fact, pull

HIDDEN = "s3cret-word"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a store's file goes."""
    return tmp_path / "store.db"


@pytest.fixture
def on_file(file: Path) -> Iterator[Store]:
    """A store in a file."""
    opened = open_store(StoreConfig(url=f"sqlite:///{file}"))
    yield opened
    opened.close()


def test_open_store_makes_a_file_for_its_owner_only(file: Path, on_file: Store) -> None:
    """Other users of the machine can't read customers' data, in the file or in its journal."""
    pull(on_file, deals=[deal()])
    modes = {stat.S_IMODE(found.stat().st_mode) for found in file.parent.glob("store.db*")}
    assert modes == {0o600}


def test_open_store_takes_others_rights_from_an_older_file(file: Path) -> None:
    """A file that was there before with wider rights is closed to others."""
    file.touch(mode=0o644)
    open_store(StoreConfig(url=f"sqlite:///{file}")).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_open_store_uses_the_write_ahead_log_only_with_a_safe_library(on_file: Store) -> None:
    """Older SQLite libraries can damage a database in that mode."""
    with on_file.read() as connection:
        mode = connection.execute(text("PRAGMA journal_mode")).scalar()
    assert mode == ("wal" if sqlite_library().sqlite_version_info >= WAL_SAFE_FROM else "truncate")


def test_open_store_guards_references_on_sqlite(on_file: Store) -> None:
    """SQLite checks foreign keys only when told to, on every connection."""
    with on_file.read() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_write_undoes_everything_when_its_block_fails(store: Store) -> None:
    """A fault of our own between two statements leaves nothing behind either."""

    def fail_halfway() -> None:
        with store.write() as connection:
            connection.execute(text("INSERT INTO label (text) VALUES ('a')"))
            raise KeyError

    with pytest.raises(KeyError):
        fail_halfway()
    assert count(store, tables.Label) == 0


def test_read_sees_one_state_while_another_writes(postgresql_url: str) -> None:
    """Two queries of one reader belong together, whatever a pull stores in between. (SQLite's snapshots are its own.)"""
    store = open_store(StoreConfig(url=postgresql_url))
    pull(store, deals=[deal()])
    with store.read() as connection:
        before = connection.execute(text("SELECT count(*) FROM deal")).scalar()
        pull(store, deals=[deal("D2")])
        assert connection.execute(text("SELECT count(*) FROM deal")).scalar() == before == 1
    store.close()


@pytest.mark.parametrize("url", ["", "nonsense", "oracle://x/y", "mongodb://x/y", "postgresql+nodriver://x/y"])
def test_open_store_refuses_an_url_that_it_cant_use(url: str) -> None:
    """The fault says which URLs can be used, also where no config has looked at it before."""
    with pytest.raises(BadConfig, match=r"E301 store.url.*sqlite:///FILE, or postgresql"):
        open_store(StoreConfig.model_construct(url=url, password=None))


def test_open_store_refuses_a_folder_that_isnt_there(tmp_path: Path) -> None:
    """The fault names the file."""
    with pytest.raises(BadConfig, match=r"E301 .*/none/store\.db: .*No such file"):
        open_store(StoreConfig(url=f"sqlite:///{tmp_path}/none/store.db"))


def test_open_store_refuses_a_file_that_is_no_database(file: Path) -> None:
    """Somebody's other file is told from a store, and stays as it was."""
    file.write_text("name,amount\n" * 1_000)
    with pytest.raises(BadConfig, match=r"E303 .*store\.db: .* -> restore a backup"):
        open_store(StoreConfig(url=f"sqlite:///{file}"))
    assert file.read_text() == "name,amount\n" * 1_000


def test_write_tells_of_a_damaged_file(file: Path, on_file: Store) -> None:
    """A file that is damaged while in use is told the same way."""
    pull(on_file, deals=[deal(f"D{number}") for number in range(1_000)])
    on_file.close()  # and with it the journal goes into the file
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xa5" * (len(whole) - 8192))
    with pytest.raises(BadConfig, match="E303"):
        pull(on_file, deals=[deal("D1", name="other")])


def test_write_gives_up_on_a_locked_file(file: Path, on_file: Store) -> None:
    """While another program writes, the fault says that the next run goes on."""
    hasty = open_store(StoreConfig(url=f"sqlite:///{file}"), busy_timeout_ms=10)
    with on_file.write(), pytest.raises(RetryLater, match=r"E302 .*locked by another program") as fault:
        pull(hasty, deals=[deal()])
    hasty.close()
    assert fault.value.exit_code == 75


def test_write_tells_a_refusal_in_one_line_without_values(store: Store) -> None:
    """The database's own words are kept as far as they hold no row."""
    with pytest.raises(CrmsyncError, match=r"E399 .*the store refused a statement") as fault:
        pull(store, deals=[deal()], facts=[fact(at=None, name=HIDDEN)])
    assert HIDDEN not in str(fault.value)
    assert "\n" not in str(fault.value)


def test_read_refuses_a_wrong_statement_as_a_fault_of_ours(store: Store) -> None:
    """A statement that can't be built is no traceback of the library's."""
    with pytest.raises(CrmsyncError, match="E399"), store.read() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))


@pytest.mark.parametrize("url", ["postgresql+psycopg://127.0.0.1:1/x", "postgresql+psycopg:///x?host=/nowhere"])
def test_open_store_tells_of_a_server_that_cant_be_reached(url: str) -> None:
    """A database that is down is a passing fault: the next run goes on."""
    with pytest.raises(RetryLater, match="E306"):
        open_store(StoreConfig(url=url))


def test_open_store_tells_of_a_database_that_isnt_there(postgresql_url: str) -> None:
    """Trying again doesn't make a database: somebody has to."""
    with pytest.raises(BadConfig, match=r"E307 .*does not exist"):
        open_store(StoreConfig(url=postgresql_url.replace("/test_", "/no_test_")))


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql+psycopg://u:{HIDDEN}@127.0.0.1:1/x",
        f"postgresql+psycopg://127.0.0.1:1/x?password={HIDDEN}",
    ],
)
def test_open_store_never_shows_a_password_of_the_url(address: str) -> None:
    """Neither the fault nor the config's own text tells it."""
    config = StoreConfig(url=address)
    with pytest.raises(CrmsyncError) as fault:
        open_store(config)
    assert HIDDEN not in f"{fault.value} {fault.value!r} {config!r} {config}"


def test_open_store_takes_the_password_by_reference(postgresql_url: str) -> None:
    """The password joins the URL only on the way to the server, and no text of the store tells it."""
    opened = open_store(StoreConfig(url=postgresql_url, password=SecretStr(HIDDEN)))
    assert HIDDEN not in opened.url
    opened.close()
