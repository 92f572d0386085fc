"""The plan that a push would send, before it is sent."""

from collections import Counter
from dataclasses import asdict, dataclass

from crmsync.config import Config
from crmsync.steps.push import stops
from crmsync.store import outbox
from crmsync.store.engine import Store
from crmsync.store.outbox import Planned
from crmsync.words import many
from crmsync.writeback import digest

SHOWN = 20  # rows in a terminal


@dataclass(frozen=True, slots=True)
class Plan:
    """The newest plan of a CRM, as far as it is still to be sent. `digest` is "" when nothing is.

    `outdated`: it was made by other rules than the config's, so that a push refuses it; `stopped`: why a push asks for approval.
    """

    crm: str
    digest: str
    deals: int
    rows: list[Planned]
    outdated: bool
    stopped: str


def plan(store: Store, config: Config, crm: str) -> Plan:
    """What a push to a CRM would send now, by the present config."""
    rows = outbox.newest_plan(store, crm)
    if not rows:
        return Plan(crm, "", 0, [], outdated=False, stopped="")
    named, whole = rows[0].digest, outbox.planned_by(store, rows[0].run_id)
    outdated = named != digest.of(map(asdict, whole), digest.rules(config.crm[crm], config.push))
    fault = stops(store, config.push, rows)
    return Plan(crm, named, len({row.crm_id for row in rows}), rows, outdated, fault.what if fault else "")


def lines(found: Plan) -> list[str]:
    """The first rows, the number of values by field, and what sends them."""
    told = [f"{row.crm_id}  {row.target}: {_shown(row.old)} -> {_shown(row.new)}" for row in found.rows[:SHOWN]]
    if len(found.rows) > SHOWN:
        told.append(f"... and {len(found.rows) - SHOWN:,} more; --json shows all")
    told += [f"{target}: {many(count, 'value')}" for target, count in Counter(row.target for row in found.rows).items()]
    if not found.rows:
        return [f"push {found.crm} (dry run): nothing waits"]
    size = f"push {found.crm} (dry run): {many(len(found.rows), 'value')} in {many(found.deals, 'deal')}"
    if found.outdated:
        return [*told, f"{size}, planned by another config: a push refuses it -> crmsync stage --crm {found.crm}"]
    send = f"crmsync push --crm {found.crm}"
    if found.stopped:
        return [*told, f"{size}; {found.stopped} -> {send} --approve {found.digest}"]
    return [*told, f"{size} -> {send}"]


def _shown(value: str | None) -> str:
    return "(blank)" if value is None else value
