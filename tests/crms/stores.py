"""A store of its own, and the steps that fill it, as the pipeline calls them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crmsync.config import StoreConfig
from crmsync.crm import Crm
from crmsync.steps.pull import pull
from crmsync.steps.reconcile import reconcile
from crmsync.store import runs
from crmsync.store.engine import Store, open_store
from crmsync.watch import Watch


@contextmanager
def opened(folder: Path, name: str = "store") -> Iterator[Store]:
    """A store of its own."""
    store = open_store(StoreConfig(url=f"sqlite:///{folder / name}.db"))
    yield store
    store.close()


def pull_into(store: Store, crm: Crm, *, watch: Watch | None = None) -> dict[str, int]:
    """The step."""
    run_id = runs.begin(store, job="", step="pull", target=crm.name, now=0)
    return pull(store, crm, run_id=run_id, watch=watch or Watch())


def reconcile_into(store: Store, crm: Crm) -> dict[str, int]:
    """The step."""
    run_id = runs.begin(store, job="", step="reconcile", target=crm.name, now=0)
    return reconcile(store, crm, run_id=run_id, watch=Watch())
