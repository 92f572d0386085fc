"""The list of jobs."""

from pathlib import Path

from crmsync.store import runs
from crmsync.store.engine import Store
from crmsync.views.agenda import agenda, table
from crmsync.workspace import JobSpec
from tests.store.rows import T0
from tests.views.conftest import DAY


def test_agenda_tells_last_and_next_run_the_soonest_first(store: Store) -> None:
    """A job that ran is told with its end; one that never did says so."""
    specs = {name: JobSpec(name=name, file=Path(), schedule="0 * * * *", steps=("pull",)) for name in ("late", "soon")}
    number = runs.begin(store, job="soon", step="pull", target="main", now=T0)
    runs.end(store, number, status="done", counts={}, message="", now=T0)
    found = table(agenda(store, specs, {"late": T0 + DAY, "soon": T0 + 1}))[1:]
    assert [(row[0], *row[4:6]) for row in found] == [("soon", "2023-11-14T22:13:20Z", "done"), ("late", "never", "")]
