"""Made-up records of a small CRM, each complete, to be changed by name."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import insert, select

from crmsync.records import (
    DEAL_SOURCE,
    Cursor,
    DealRecord,
    FactRecord,
    GoneRecord,
    HeldRecord,
    Kind,
    MilestoneRecord,
    Page,
    PersonRecord,
    Phase,
    Result,
    Side,
    StageRecord,
)
from crmsync.store import pulled, runs, scores
from crmsync.store.engine import Store
from crmsync.store.numbers import Numbers
from crmsync.store.upsert import table_of

CRM = "main"
SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND  # when the made-up past begins


def deal(crm_id: str = "D1", **different: Any) -> DealRecord:
    """An open deal."""
    row = {
        "crm_id": crm_id,
        "name": "Ten seats",
        "account": "A1",
        "owner": "P1",
        "pipeline": "default",
        "segment": "",
        "stage": "proposal",
        "amount_minor": 1_250_000,
        "currency": "EUR",
        "close_on": 20_100,
        "created_at": T0,
        "modified_at": T0,
        "closed_at": None,
        "won": None,
    }
    return cast(DealRecord, row | different)


def fact(deal_id: str = "D1", **different: Any) -> FactRecord:
    """A call about a deal."""
    row = {
        "deal": deal_id,
        "at": T0 + SECOND,
        "known_at": T0 + 2 * SECOND,
        "source": "Task",
        "source_id": "C1",
        "kind": Kind.CALL,
        "phase": Phase.HAPPENED,
        "name": "",
        "value": 0,
        "side": Side.SELLER,
        "person": "",
    }
    return cast(FactRecord, row | different)


def milestone(crm_id: str = "M1", **different: Any) -> MilestoneRecord:
    """A step of deal D1's plan."""
    row = {
        "source": "Milestone__c",
        "crm_id": crm_id,
        "deal": "D1",
        "name": "Security review",
        "side": Side.BUYER,
        "due_on": 20_050,
        "done_at": None,
        "created_at": T0,
        "modified_at": T0,
    }
    return cast(MilestoneRecord, row | different)


def person(crm_id: str = "P1", **different: Any) -> PersonRecord:
    """An owner."""
    row = {"crm_id": crm_id, "role": "owner", "name": "Owner One", "email": "one@example.com", "active": True}
    return cast(PersonRecord, row | different)


def stage(crm_id: str = "proposal", **different: Any) -> StageRecord:
    """A stage of the only pipeline."""
    row = {
        "pipeline": "default",
        "crm_id": crm_id,
        "label": "Proposal",
        "position": 3,
        "closed": False,
        "won": False,
        "probability": 0.6,
    }
    return cast(StageRecord, row | different)


def held(value: str | None, **different: Any) -> HeldRecord:
    """What the CRM shows as deal D1's probability."""
    row = {"deal": "D1", "result": Result.PROBABILITY, "value": value, "set_by": "", "set_at": 0}
    return cast(HeldRecord, row | different)


def gone(crm_id: str = "D1", **different: Any) -> GoneRecord:
    """A deal that was deleted."""
    row = {"source": DEAL_SOURCE, "crm_id": crm_id, "gone_at": T0 + 9 * SECOND, "survivor": ""}
    return cast(GoneRecord, row | different)


def pull(
    store: Store,
    *,
    run_id: int = 1,
    crm: str = CRM,
    stream: str = "deals",
    numbers: Numbers | None = None,
    **rows: Any,
) -> pulled.Stored:
    """Stores one page; its cursor is the number of the run."""
    return pulled.save_page(store, crm, Page(stream, Cursor(run_id, "x"), **rows), run_id=run_id, numbers=numbers)


def count(store: Store, table: type[Any]) -> int:
    """How many rows a table has."""
    return len(all_of(store, table))


def all_of(store: Store, table: type[Any]) -> Sequence[Any]:
    """All rows of a table."""
    with store.read() as connection:
        return connection.execute(select(table_of(table))).all()


def run(store: Store, step: str, *, target: str = CRM, status: str = "done", message: str = "") -> int:
    """The id of a run of a step that has ended."""
    number = runs.begin(store, job="", step=step, target=target, now=T0)
    runs.end(store, number, status=status, counts={}, message=message, now=T0)
    return number


def score(deal_id: int = 1, **different: Any) -> dict[str, Any]:
    """A score row of a deal."""
    row: dict[str, Any] = {
        "deal_id": deal_id,
        "run_id": 1,
        "fit_id": None,
        "model": "close",
        "kind": "model",
        "as_of": T0,
        "pull_run_id": 1,
        "probability": 0.5,
        "points": None,
        "close_p20": None,
        "close_p50": None,
        "close_p80": None,
        "won_28d": None,
        "won_in_period": None,
        "risk": "low",
        "category": "Pipeline",
        "expected_minor": None,
        "currency": "EUR",
        "milestones_done": 0,
        "milestones_total": 0,
        "next_step": "",
        "next_step_on": None,
        "deciding_step": None,
        "deciding_step_on": None,
        "reasons": "{}",
        "text": "",
    }
    return row | different


def columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows side by side."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def save(store: Store, *told: dict[str, Any]) -> None:
    """Stores scores as one run does."""
    scores.save(store, [columns(told)])


def add(store: Store, table: type[Any], *rows: dict[str, Any]) -> None:
    """Puts rows into a table as they are."""
    with store.write() as connection:
        connection.execute(insert(table_of(table)), list(rows))
