"""PostgreSQL that drops its connections in the middle of a transaction, and comes back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event

from crmsync.errors import RetryLater
from crmsync.store import dump, outbox
from tests.postgres import database
from tests.story.tale import Tale, tale

DROP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
STEPS = ("pull", "train", "score", "stage", "push")


@contextmanager
def dropped(url: str, at: int) -> Iterator[None]:
    """Before statement number `at` every connection to a database ends, as with a restart or a fail-over of the server."""
    number, address = count(1), url.replace("+psycopg", "")

    def happens(*_: object) -> None:
        if next(number) == at:
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute(DROP)

    event.listen(Engine, "before_cursor_execute", happens)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", happens)


@contextmanager
def noted(said: list[str]) -> Iterator[None]:
    """Notes the code of a fault that passes; a drop while the lease is taken is no fault: it is taken again."""
    try:
        yield
    except RetryLater as fault:
        said.append(fault.code)


def tell(it: Tale, url: str, at: int) -> list[str]:
    """The story, in which each step meets a drop and is run again; gives what was said."""
    said: list[str] = []
    for step in STEPS:
        model = ("close",) if step in ("train", "score") else ()
        with dropped(url, at), noted(said):
            getattr(it.pipeline, step)(*model)
        getattr(it.pipeline, step)(*model)
    return said


@pytest.mark.parametrize("at", [13, 17, 30])
def test_dropped_connections_cost_nothing_but_a_run(
    tmp_path: Path, postgresql_address: str, new_name: Callable[[], str], at: int
) -> None:
    """What a drop stops is told to be tried later; run again, all of it ends as on a store that was never dropped."""
    with database(postgresql_address, new_name()) as url, tale(tmp_path / "dropped", url=url) as it:
        said = tell(it, url, at)
        found = dump.digest(it.store)
        written = [(one["crm"], one["crm_id"], one["field"]) for one in it.effects()]
        left = [outbox.unsettled(it.store, name) for name in it.config.crm]
    with tale(tmp_path / "whole") as whole:
        whole.pipeline.pull()
        assert (dump.digest(whole.store), left, set(said)) == (found, [[], []], {"E306"})
    assert len(written) == len(set(written)) > 0
