"""How the databases find what is asked for often: by an index, however much there is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from crmsync.store import compaction, deals, fits, listing, notices, outbox, pulled, runs, scores
from crmsync.store.engine import Store
from tests.store.rows import CRM, deal, fact, gone, held, milestone, person, pull


def spent(store: Store) -> compaction.Spent:
    """As a compaction asks for it."""
    with store.read() as connection:
        return compaction.find(connection, CRM, (1, 1), compaction.Until(scores=1, values=1))


HOT: dict[str, Callable[[Store], object]] = {
    "the last run of a step": lambda store: runs.last(store, "pull", CRM),
    "the last good run of a step": lambda store: runs.last(store, "pull", CRM, statuses=runs.GOOD),
    "the last run of a job": lambda store: runs.last_of_job(store, "hourly"),
    "the runs of a job since another": lambda store: runs.after(store, 1, job="hourly"),
    "a lease": lambda store: runs.lease_holder(store, "crm main"),
    "a cursor": lambda store: pulled.cursor(store, CRM, "deals"),
    "the deals of a CRM": lambda store: listing.live(store, CRM, "deal"),
    "how many deals are open": lambda store: deals.count_open(store, CRM),
    "the facts of a deal": lambda store: deals.facts(store, 1),
    "the steps of a deal": lambda store: deals.milestones(store, 1),
    "what a CRM shows of a deal": lambda store: deals.held(store, 1),
    "what we wrote to a deal": lambda store: deals.written(store, 1),
    "what is spent of a deal": lambda store: spent(store),
    "the newest score of a deal": lambda store: scores.newest(store, 1),
    "what a run planned": lambda store: outbox.planned_by(store, 1),
    "the plan to send": lambda store: outbox.newest_plan(store, CRM),
    "the fit in use": lambda store: fits.newest_used(store, "close"),
    "what people were told": lambda store: notices.told(store, "hourly"),
    "storing a page": lambda store: pull(
        store,
        deals=[deal(), deal("D2")],
        milestones=[milestone()],
        people=[person()],
        facts=[fact(), fact("D2")],
        held=[held("63.2")],
        gone=[gone("D2")],
    ),
}


@contextmanager
def asked(store: Store) -> Iterator[list[str]]:
    """The plans of what the block asks, in the database's words."""
    plans: list[str] = []
    explain = (
        ["EXPLAIN QUERY PLAN "] if store.url.startswith("sqlite") else ["SET LOCAL enable_seqscan = off", "EXPLAIN "]
    )

    def explained(_connection: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            one = parameters[0] if isinstance(parameters, list) else parameters
            for setting in explain[:-1]:
                cursor.execute(setting)  # type: ignore[attr-defined]
            cursor.execute(f"{explain[-1]}{statement}", one)  # type: ignore[attr-defined]
            plans.extend(str(row[-1]) for row in cursor.fetchall())  # type: ignore[attr-defined]

    engines = (store._readers, store._writers)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", explained)
    try:
        yield plans
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", explained)


def scans(plans: list[str]) -> list[str]:
    """The lines that read a table from end to end."""
    return [line for line in plans if line.lstrip(" ->").startswith(("SCAN ", "Seq Scan"))]


@pytest.mark.parametrize("what", HOT)
def test_what_is_asked_often_is_found_by_an_index(store: Store, what: str) -> None:
    """No table is read from end to end; PostgreSQL is told to do so only where no index serves."""
    pull(store, deals=[deal()], milestones=[milestone()], people=[person()], facts=[fact()])
    staged = runs.begin(store, job="hourly", step="stage", target=CRM, now=0)
    runs.end(store, staged, status="done", counts={}, message="", now=0)
    with asked(store) as plans:
        HOT[what](store)
    assert plans
    assert scans(plans) == []


def test_lost_runs_are_found_by_an_index(store: Store) -> None:
    """Whoever takes a lease looks for them: the leases are read whole, of which there are few, and the ledger isn't."""
    with asked(store) as plans:
        runs.lose(store, now=0)
    assert [line for line in scans(plans) if " on run" in line or line.startswith("SCAN run")] == []
    assert any("ix_run_status" in line for line in plans)
