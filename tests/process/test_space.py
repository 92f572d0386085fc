"""A disk that is full, a folder that can't be written to, a store that somebody else keeps."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import pytest

from crmsync.config import StoreConfig
from crmsync.errors import RetryLater
from crmsync.store import dump, outbox, runs
from crmsync.store.engine import journal_mode, open_store
from tests.processes import python
from tests.story.tale import Tale, tale

ROOT = Path(__file__).parents[2]
NOBODY = 65_534  # a user without rights, on any system
READERS_RUNS = 100
NOTEBOOK = """
import sys
from crmsync.store.engine import sqlite_library
connection = sqlite_library().connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
connection.execute("SELECT count(*) FROM run").fetchall()
print("holds", flush=True)
sys.stdin.read()
"""
POWERLESS = f"""
import os, sys
from crmsync.config import StoreConfig
from crmsync.errors import CrmsyncError
from crmsync.store.engine import open_store
if os.geteuid() == 0:
    os.seteuid({NOBODY})
try:
    open_store(StoreConfig(url=sys.argv[1]))
except CrmsyncError as fault:
    print(fault.exit_code, fault)
"""


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Tale]:
    """A new workspace."""
    with tale(tmp_path) as told:
        yield told


def pages(it: Tale, most: int) -> None:
    """Lets the store's file grow to so many pages and no further, as a full disk does; 0 takes the limit away."""
    with it.store.read() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={most or 2**31}")


def test_full_disk_ends_a_pull_that_goes_on_later(it: Tale, tmp_path: Path) -> None:
    """It says so in one line with exit code 75, nothing is changed in a CRM, and with space again the pull ends as any other."""
    with it.store.read() as connection:
        size = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    pages(it, size + 60)
    with pytest.raises(RetryLater) as full:
        it.pipeline.pull()
    stored, effects = dump.digest(it.store), it.effects()
    pages(it, 0)
    it.pipeline.pull()
    with tale(tmp_path / "wide") as wide:
        wide.pipeline.pull()
        assert dump.digest(it.store) == dump.digest(wide.store) != stored
    assert (full.value.code, full.value.exit_code, effects) == ("E304", 75, [])


def test_full_disk_in_a_push_loses_and_repeats_nothing(it: Tale) -> None:
    """Where a receipt has no space its batch isn't sent; with space again the rest arrives, each value once."""
    it.pipeline.pull()
    it.pipeline.train("close")
    it.plan()
    with it.store.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    pages(it, size)
    with pytest.raises(RetryLater, match="E304"):
        it.pipeline.push()
    sent = len(it.effects())
    pages(it, 0)
    it.pipeline.push()
    places = [(one["crm"], one["crm_id"], one["field"]) for one in it.effects()]
    assert sent < len(places) == len(set(places))
    assert [outbox.backlog(it.store, name)[0] for name in it.config.crm] == [0, 0]


def test_folder_without_the_right_to_write_is_told(tmp_path: Path) -> None:
    """The path and the right that is needed come in one line, with exit code 2."""
    closed = tmp_path / "closed"
    closed.mkdir()
    for folder in (closed, *closed.parents[:-2]):
        folder.chmod(0o555 if folder == closed else 0o755)
    told = python("-c", POWERLESS, f"sqlite:///{closed}/store.db", at=ROOT).stdout
    assert told.startswith("2 E301 ")
    assert (f"{closed}/store.db" in told, "Permission denied" in told, told.count("\n")) == (True, True, 1)


@contextmanager
def notebook(file: Path, begins: str) -> Iterator[None]:
    """Another program that holds a transaction open on a store."""
    command = [sys.executable, "-c", NOTEBOOK, str(file), begins]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as other:  # noqa: S603
        assert cast(IO[str], other.stdout).readline() == "holds\n"
        yield
        other.kill()


def test_store_that_a_notebook_locks_is_waited_for_and_told(it: Tale) -> None:
    """After its patience the run ends with 75 and says why; once the notebook is closed the next one goes on."""
    file = it.pipeline.root / "crmsync.db"
    hasty = open_store(StoreConfig(url=f"sqlite:///{file}"), busy_timeout_ms=50)
    with notebook(file, "BEGIN IMMEDIATE"), pytest.raises(RetryLater, match="locked by another program") as locked:
        runs.begin(hasty, job="", step="pull", target="main", now=0)
    assert (locked.value.code, locked.value.exit_code) == ("E302", 75)
    assert runs.begin(hasty, job="", step="pull", target="main", now=0) > 0
    hasty.close()


def test_long_reader_stops_nobody_and_the_log_shrinks_after_it(tmp_path: Path) -> None:
    """A hundred runs are stored beside a reader who keeps a snapshot open; after it the write-ahead log gives its space back."""
    file = tmp_path / "store.db"
    store = open_store(StoreConfig(url=f"sqlite:///{file}"))
    assert journal_mode(store) == "wal"
    log = file.with_name("store.db-wal")
    with notebook(file, "BEGIN"):
        for number in range(READERS_RUNS):
            runs.begin(store, job="x" * 1_000, step="pull", target="main", now=number)
        grown = log.stat().st_size
    store.close()
    again = open_store(StoreConfig(url=f"sqlite:///{file}"))
    left = log.stat().st_size if log.exists() else 0
    assert (len(runs.after(again, 0)), left < grown) == (READERS_RUNS, True)
    again.close()


def test_files_stay_as_few_as_they_were(it: Tale) -> None:
    """Pulls and pushes one after the other leave no file or socket open."""
    it.pipeline.pull()
    it.pipeline.train("close")
    counts = []
    for _ in range(6):
        it.plan()
        it.pipeline.push()
        counts.append(len(os.listdir("/proc/self/fd")))
    assert max(counts[1:]) <= counts[1]
