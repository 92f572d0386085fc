"""The plan that a push would send, before it is sent."""

from collections import Counter
from dataclasses import dataclass

from crmsync.store import outbox
from crmsync.store.engine import Store
from crmsync.store.outbox import Planned

SHOWN = 20  # rows in a terminal


@dataclass(frozen=True, slots=True)
class Plan:
    """The newest plan of a CRM, as far as it is still to be sent. `digest` is "" when nothing is."""

    crm: str
    digest: str
    deals: int
    rows: list[Planned]


def plan(store: Store, crm: str) -> Plan:
    """What a push to a CRM would send now."""
    rows = outbox.newest_plan(store, crm)
    return Plan(crm, rows[0].digest if rows else "", len({row.crm_id for row in rows}), rows)


def lines(found: Plan) -> list[str]:
    """The first rows, the number of values by field, and the digest to approve."""
    told = [f"{row.crm_id}  {row.target}: {_shown(row.old)} -> {_shown(row.new)}" for row in found.rows[:SHOWN]]
    if len(found.rows) > SHOWN:
        told.append(f"... and {len(found.rows) - SHOWN:,} more; --json shows all")
    told += [f"{target}: {count:,} values" for target, count in Counter(row.target for row in found.rows).items()]
    if not found.rows:
        return [f"push {found.crm} (dry run): nothing waits"]
    approve = f"crmsync push --crm {found.crm} --approve {found.digest}"
    return [*told, f"push {found.crm} (dry run): {len(found.rows):,} values in {found.deals:,} deals; {approve}"]


def _shown(value: str | None) -> str:
    return "(blank)" if value is None else value
