"""A disk that takes no more."""

from pathlib import Path

from crmsync.config import StoreConfig
from crmsync.store import runs
from crmsync.store.engine import open_store
from tests.processes import python

ROOT = Path(__file__).parents[2]
FILLING = """
import resource, signal, sys
from crmsync.config import StoreConfig
from crmsync.errors import CrmsyncError
from crmsync.store import runs
from crmsync.store.engine import open_store

store = open_store(StoreConfig(url=sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
for number in range(1_000):
    try:
        runs.begin(store, job="x" * 10_000, step="pull", target="", now=number)
    except CrmsyncError as fault:
        print(number, fault.code, fault.exit_code)
        break
"""


def test_a_write_that_the_disk_refuses_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    """Where a file may grow no more the fault is told by its code, and everything before it is there, whole."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    number, *told = python("-c", FILLING, url, at=ROOT).stdout.split()
    store = open_store(StoreConfig(url=url))
    with store.read() as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
    assert (told, found, len(runs.after(store, 0))) == (["E308", "75"], "ok", int(number))
    store.close()
