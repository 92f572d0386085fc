"""A store's file that is damaged, and a copy of it that is taken while it is written to."""

import threading
from pathlib import Path

import pytest

from crmsync.config import StoreConfig
from crmsync.errors import CrmsyncError
from crmsync.records import Cursor
from crmsync.store import dump, pulled, runs
from crmsync.store.engine import open_store, sqlite_library
from tests.store.rows import deal, fact, pull

POSITIONS = 25  # of each kind of damage
DEALS = 400
HOLE = b"\xa5" * 512
PAGES, PER_PAGE = 60, 5


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a store with some hundreds of records."""
    file = tmp_path_factory.mktemp("whole") / "store.db"
    store = open_store(StoreConfig(url=f"sqlite:///{file}"))
    ids = [f"D{number}" for number in range(DEALS)]
    pull(store, deals=[deal(each, name="x" * 200) for each in ids], facts=[fact(each, source_id=each) for each in ids])
    store.close()
    return file.read_bytes()


def used(file: Path) -> str:
    """Opens a store, reads all of it and writes to it; gives the fault that ended it, "" if none did."""
    try:
        store = open_store(StoreConfig(url=f"sqlite:///{file}"))
    except CrmsyncError as fault:
        return str(fault)
    try:
        dump.digest(store)
        runs.begin(store, job="", step="pull", target="", now=0)
    except CrmsyncError as fault:
        return str(fault)
    finally:
        store.close()
    return ""


@pytest.mark.parametrize("place", range(POSITIONS))
def test_store_that_was_cut_off_is_told_and_left_alone(whole: bytes, tmp_path: Path, place: int) -> None:
    """A file that lost its end is refused in one line with what to do, and is afterwards what it was."""
    file = tmp_path / "store.db"
    rest = whole[: max(100, len(whole) * place // POSITIONS)]
    file.write_bytes(rest)
    told = used(file)
    assert (told.split()[0], told.count("\n"), "restore a backup" in told) == ("E303", 0, True)
    assert file.read_bytes() == rest


@pytest.mark.parametrize("place", range(POSITIONS))
def test_store_with_a_hole_ends_in_one_line(whole: bytes, tmp_path: Path, place: int) -> None:
    """Wherever its bytes were overwritten, what can't be read is one line with a code; what SQLite can still read is no fault."""
    file = tmp_path / "store.db"
    start = len(whole) * place // POSITIONS
    file.write_bytes(whole[:start] + HOLE + whole[start + len(HOLE) :])
    told = used(file)
    assert "\n" not in told
    assert told.split(" ")[0] in ("", "E303", "E399")


@pytest.fixture
def copies(tmp_path: Path) -> list[Path]:
    """Copies of a store by SQLite's own backup, taken one after the other while a pull stores pages."""
    store = open_store(StoreConfig(url=f"sqlite:///{tmp_path}/store.db"))
    library, taken = sqlite_library(), [tmp_path / f"copy{number}.db" for number in range(10)]

    def write() -> None:
        for page in range(PAGES):
            rows = [deal(f"D{page}-{number}") for number in range(PER_PAGE)]
            pull(store, run_id=page + 1, deals=rows)

    writer = threading.Thread(target=write)
    writer.start()
    for copy in taken:
        source, target = library.connect(tmp_path / "store.db"), library.connect(copy)
        source.backup(target)
        source.close()
        target.close()
    writer.join()
    store.close()
    return taken


def test_copy_that_is_taken_while_running_is_a_store(copies: list[Path]) -> None:
    """Each is whole, and has the rows of every page up to its cursor, and of no other."""
    found = []
    for copy in copies:
        store = open_store(StoreConfig(url=f"sqlite:///{copy}"))
        with store.read() as connection:
            sound = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            count = connection.exec_driver_sql("SELECT count(*) FROM deal").scalar()
        pages = (pulled.cursor(store, "main", "deals") or Cursor(0)).stamp
        found.append((sound, count == pages * PER_PAGE))
        store.close()
    assert found == [("ok", True)] * len(copies)
