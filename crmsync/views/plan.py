"""The plan that a push would send, before it is sent."""

from collections import Counter
from dataclasses import asdict, dataclass

from crmsync.store import outbox
from crmsync.store.engine import Store
from crmsync.store.outbox import Planned
from crmsync.words import many
from crmsync.writeback import digest

SHOWN = 20  # rows in a terminal


@dataclass(frozen=True, slots=True)
class Plan:
    """The newest plan of a CRM, as far as it is still to be sent. `digest` is "" when nothing is.

    `outdated`: it was made by other rules than the config's, so that a push refuses it.
    """

    crm: str
    digest: str
    deals: int
    rows: list[Planned]
    outdated: bool


def plan(store: Store, crm: str, *, rules: str) -> Plan:
    """What a push to a CRM would send now. `rules`: what `writeback.digest` makes of the present config."""
    rows = outbox.newest_plan(store, crm)
    if not rows:
        return Plan(crm, "", 0, [], outdated=False)
    named, whole = rows[0].digest, outbox.planned_by(store, rows[0].run_id)
    outdated = named != digest.of(map(asdict, whole), rules)
    return Plan(crm, named, len({row.crm_id for row in rows}), rows, outdated)


def lines(found: Plan) -> list[str]:
    """The first rows, the number of values by field, and the digest to approve."""
    told = [f"{row.crm_id}  {row.target}: {_shown(row.old)} -> {_shown(row.new)}" for row in found.rows[:SHOWN]]
    if len(found.rows) > SHOWN:
        told.append(f"... and {len(found.rows) - SHOWN:,} more; --json shows all")
    told += [f"{target}: {many(count, 'value')}" for target, count in Counter(row.target for row in found.rows).items()]
    if not found.rows:
        return [f"push {found.crm} (dry run): nothing waits"]
    size = f"push {found.crm} (dry run): {many(len(found.rows), 'value')} in {many(found.deals, 'deal')}"
    if found.outdated:
        return [*told, f"{size}, planned by another config: a push refuses it -> crmsync stage --crm {found.crm}"]
    return [*told, f"{size}; crmsync push --crm {found.crm} --approve {found.digest}"]


def _shown(value: str | None) -> str:
    return "(blank)" if value is None else value
