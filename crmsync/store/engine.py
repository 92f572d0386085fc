"""Opens the store: one SQLite file (0600), or PostgreSQL by URL. The only place that makes connections.

One SQLite library per process, and one that is past the WAL corruption fix (3.51.3): where only an older one is present, the
journal is TRUNCATE instead of WAL. Every fault of the database becomes one line without row values.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from crmsync.config import StoreConfig
from crmsync.errors import BadConfig, CrmsyncError, RetryLater

HEAD = "0009"  # the newest migration; a test compares it with the folder
WAL_SAFE_FROM = (3, 51, 3)
BUSY_TIMEOUT_MS = 60_000
MIGRATING = 7_215_001  # the number of PostgreSQL's lock for changes of the schema
# What writers share, such as labels, one has to see as the other left it; leases keep apart all else that they write.
_WRITING = {"postgresql": {"isolation_level": "READ COMMITTED"}}


def sqlite_library() -> ModuleType:
    """The one SQLite library that this process uses: pysqlite3 where it is installed, else the one that came with Python."""
    try:
        return import_module("pysqlite3.dbapi2")
    except ImportError:
        return import_module("sqlite3.dbapi2")


class Store:
    """An open store. `read` and `write` give a connection inside one transaction; a write is durable when its block ends.

    One thread writes at a time, so that a lease that is renewed meanwhile makes no other write fail. `guards` look at each write
    before it begins and raise where it must not be made; each lease that is held is one.
    """

    def __init__(self, engine: Engine, config: StoreConfig) -> None:
        self.config = config  # to open it once more, in another process
        self._readers = engine
        self._writers = engine.execution_options(writes=True, **_WRITING.get(engine.dialect.name, {}))
        self._turn = threading.RLock()
        self._driver_fault: type[Exception] = engine.dialect.loaded_dbapi.Error
        self.guards: list[Callable[[Connection], None]] = []
        self.url = engine.url.difference_update_query(["password"]).render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent state."""
        with _translated(self.url, self._driver_fault), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection whose changes are all stored at the end, or none of them."""
        with self._turn, _translated(self.url, self._driver_fault), self._writers.begin() as connection:
            for guard in self.guards:
                guard(connection)
            yield connection

    def close(self) -> None:
        """Gives the connections back."""
        self._readers.dispose()


def open_store(config: StoreConfig, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Store:
    """Opens the store and brings its tables up to date. Raises BadConfig when it can't be, or is newer than this program.

    `busy_timeout_ms`: how long a writer waits for its turn on SQLite.
    """
    try:
        url = make_url(config.url)
        if config.password is not None:
            url = url.set(password=config.password.get_secret_value())
        engine = (
            _sqlite(url.database or "", busy_timeout_ms) if url.get_backend_name() == "sqlite" else _postgresql(url)
        )
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        remedy = 'sqlite:///FILE, or postgresql+psycopg://... (pip install "crmsync[postgres]")'
        raise BadConfig(
            "E301", f"store.url can't be used ({type(error).__name__})", where="store.url", remedy=remedy
        ) from None
    store = Store(engine, config)
    with ExitStack() as unless_opened:
        unless_opened.callback(store.close)
        _migrate(store)
        unless_opened.pop_all()
    return store


def journal_mode(store: Store) -> str:
    """How an SQLite store keeps its journal: `wal` or `truncate`."""
    with store.read() as connection:
        return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())


def _sqlite(file: str, busy_timeout_ms: int) -> Engine:
    library = sqlite_library()
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        Path(file).chmod(0o600)
    except OSError as error:
        what = f"the store's file can't be opened for writing ({error.strerror})"
        raise BadConfig("E301", what, where=file, remedy="store.url in a folder that you may write to") from None
    engine = create_engine(f"sqlite:///{file}", module=library, hide_parameters=True)
    journal = "WAL" if library.sqlite_version_info >= WAL_SAFE_FROM else "TRUNCATE"

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        for pragma in (
            f"busy_timeout={busy_timeout_ms}",
            f"journal_mode={journal}",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # A writer that began as a reader can't wait for its turn: it fails at once when another wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    return engine


def _postgresql(url: Any) -> Engine:
    engine = create_engine(url, hide_parameters=True, isolation_level="REPEATABLE READ", pool_pre_ping=True)

    @event.listens_for(engine, "handle_error")
    def _refused(fault: ExceptionContext) -> None:
        # SQLAlchemy leaves the cursor of a lost connection open, and the driver complains of that when it is collected.
        if fault.is_disconnect and fault.execution_context is not None and fault.execution_context.cursor is not None:
            fault.execution_context.cursor.close()

    return engine


@contextmanager
def _translated(url: str, driver_fault: type[Exception]) -> Iterator[None]:
    """Faults in one line, of statements that went through SQLAlchemy and of those that the driver was given itself."""
    try:
        yield
    except DBAPIError as error:
        raise _fault(str(error.orig).splitlines()[0], url) from None
    except driver_fault as error:
        raise _fault(str(error).splitlines()[0], url) from None
    except SQLAlchemyError as error:
        what = f"the store refused a statement ({type(error).__name__})"
        raise CrmsyncError("E399", what, where=url, remedy="report it with this line") from error


def _fault(words: str, url: str) -> CrmsyncError:
    """A database's own words as a fault with a remedy. Only the first line is kept: the rest may quote rows."""
    told = words.lower()
    if "could not serialize" in told or "deadlock" in told:
        return RetryLater("E302", "another program wrote at the same moment", where=url, remedy="the next run goes on")
    if "locked" in told:
        return RetryLater(
            "E302", "the store is locked by another program", where=url, remedy="close it; the next run goes on"
        )
    if "full" in told or "no space" in told:
        return RetryLater(
            "E304", "no space left for the store", where=url, remedy="free some; nothing was half-written"
        )
    if "i/o error" in told:
        remedy = "see to the disk and its quota, then crmsync verify; nothing was half-written"
        return RetryLater("E308", "the disk takes no more of the store, or fails", where=url, remedy=remedy)
    if "readonly" in told or "unable to open" in told:
        what = "the store or its folder can't be written to"
        return BadConfig("E301", what, where=url, remedy="store.url in a folder that you may write to")
    if "not a database" in told or "malformed" in told:
        return BadConfig(
            "E303", "the store's file is damaged", where=url, remedy="restore a backup, or move it away and pull anew"
        )
    if "connection failed" in told and any(word in told for word in ("does not exist", "authentication", "password")):
        what = f"the database server lets nobody in: {words.rpartition('FATAL: ')[2].strip()[:200]}"
        return BadConfig("E307", what, where=url, remedy="user, database and store.password as the server knows them")
    if any(word in told for word in ("connect", "terminat", "server closed", "refused", "resolve host")):
        return RetryLater(
            "E306", "the database server can't be reached", where=url, remedy="start it; the next run goes on"
        )
    what = f"the store refused a statement: {words[:200]}"
    return CrmsyncError("E399", what, where=url, remedy="report it with this line")


def alone(connection: Connection) -> None:
    """Waits until no other program changes the schema; until the transaction ends none does. On SQLite a writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))


def _migrate(store: Store) -> None:
    """Brings an empty or older store to HEAD; the migration tool is imported only then."""
    with store.read() as connection:
        known = inspect(connection).has_table("alembic_version")
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else None
    if revision == HEAD:
        return
    if revision is not None and revision > HEAD:
        what = f"its schema is {revision}, this program knows {HEAD}"
        raise BadConfig("E305", what, where=store.url, remedy="install the newer crmsync that wrote it")
    from crmsync.store.migrations import upgrade

    with store.write() as connection:
        alone(connection)
        upgrade(connection)
