"""push: the newest plan of a CRM -> its fields (`writeback.delivery`), once it may go out.

The first plan of a CRM, and one that a guard stops, wait for `push --approve DIGEST`: it lets out exactly that plan.
"""

from collections.abc import Sequence
from dataclasses import asdict

from crmsync.clock import Clock
from crmsync.config import Config, PushConfig
from crmsync.crm import Crm
from crmsync.errors import Stopped, counting
from crmsync.store import deals, outbox, runs
from crmsync.store.engine import Store
from crmsync.store.outbox import Planned
from crmsync.watch import Watch
from crmsync.words import many
from crmsync.writeback import digest, values
from crmsync.writeback.delivery import Delivery
from crmsync.writeback.guard import trips


def push(
    store: Store, crm: Crm, config: Config, *, run_id: int, clock: Clock, watch: Watch, approve: str = ""
) -> dict[str, int]:
    """Sends the newest plan. Raises Stopped when it may not go out (E501, E502, E503, E506, E507); nothing has been sent then."""
    delivery = Delivery(store, crm, run_id, clock, watch)
    with counting(lambda: delivery.counts):
        delivery.settle()
        plan = outbox.newest_plan(store, crm.name)
        if plan:
            _look_once_more(plan)
            _made_by_these_rules(store, config, plan)
            if approve:
                _approve(store, plan, approve, run_id=run_id, now=clock())
            _may_go_out(store, config.push, plan)
        elif approve and not runs.approved(store, approve):
            raise Stopped("E502", f"no plan waits for {crm.name}, so {approve} isn't one", remedy="crmsync stage")
        delivery.send(plan)
    return dict(delivery.counts)


def _made_by_these_rules(store: Store, config: Config, plan: Sequence[Planned]) -> None:
    """Raises Stopped E507 for a plan that the present config would send elsewhere, or over somebody's value."""
    crm, named = plan[0].crm, plan[0].digest
    whole = outbox.planned_by(store, plan[0].run_id)  # part of it may have gone out
    if named != digest.of(map(asdict, whole), digest.rules(config.crm[crm], config.push)):
        what = f"the plan {named} for {crm} was made by another config: other fields, or another [push.policy]"
        raise Stopped("E507", what, remedy=f"crmsync stage --crm {crm}")


def _approve(store: Store, plan: Sequence[Planned], named: str, *, run_id: int, now: int) -> None:
    crm, present = plan[0].crm, plan[0].digest
    if named != present:
        what = f"the plan for {crm} is {present} now, not {named}"
        raise Stopped("E502", what, remedy=f"crmsync push --crm {crm} --dry-run, then approve {present}")
    runs.approve(store, named, run_id=run_id, now=now)


def _may_go_out(store: Store, policy: PushConfig, plan: Sequence[Planned]) -> None:
    if stopped := stops(store, policy, plan):
        raise stopped


def stops(store: Store, policy: PushConfig, plan: Sequence[Planned]) -> Stopped | None:
    """What keeps a plan from going out without approval: E501 it is the CRM's first, E503 a guard; None for nothing."""
    crm, named = plan[0].crm, plan[0].digest
    if runs.approved(store, named):
        return None
    look = f"crmsync push --crm {crm} --dry-run, then crmsync push --crm {crm} --approve {named}"
    if policy.first == "approve" and not outbox.ever_written(store, crm):
        size = f"{many(len(plan), 'value')} in {many(len({row.crm_id for row in plan}), 'deal')}"
        return Stopped("E501", f"the first plan for {crm} waits for approval: {size}", remedy=look)
    if tripped := trips(plan, policy.guard, open_deals=deals.count_open(store, crm)):
        return Stopped("E503", f"plan {named} for {crm} {', '.join(tripped)}", remedy=look)
    return None


def _look_once_more(plan: Sequence[Planned]) -> None:
    """Raises Stopped E506 for a value that no score gives, whatever put it into the plan."""
    for row in plan:
        if wrong := values.impossible(row.result, row.new):
            what = f"{row.result.value} of {row.crm_id} would become {row.new!r}, and {wrong}; nothing was sent"
            raise Stopped("E506", what, where=row.crm, remedy="report it with this line, then crmsync score")
