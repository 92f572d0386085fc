"""push: the newest plan of a CRM -> its fields (`writeback.delivery`), once it may go out.

The first plan of a CRM, and one that a guard stops, wait for `push --approve DIGEST`: it lets out exactly that plan.
"""

from collections.abc import Sequence

from crmsync.clock import Clock
from crmsync.config import PushConfig
from crmsync.crm import Crm
from crmsync.errors import Stopped, counting
from crmsync.store import deals, outbox, runs
from crmsync.store.engine import Store
from crmsync.store.outbox import Planned
from crmsync.watch import Watch
from crmsync.writeback import values
from crmsync.writeback.delivery import Delivery
from crmsync.writeback.guard import trips


def push(
    store: Store, crm: Crm, config: PushConfig, *, run_id: int, clock: Clock, watch: Watch, approve: str = ""
) -> dict[str, int]:
    """Sends the newest plan. Raises Stopped when it waits for approval (E501, E502, E503, E506); nothing has been sent then."""
    delivery = Delivery(store, crm, run_id, clock, watch)
    with counting(lambda: delivery.counts):
        delivery.settle()
        plan = outbox.newest_plan(store, crm.name)
        if plan:
            _look_once_more(plan)
            if approve:
                _approve(store, plan, approve, run_id=run_id, now=clock())
            _may_go_out(store, config, plan)
        elif approve and not runs.approved(store, approve):
            raise Stopped("E502", f"no plan waits for {crm.name}, so {approve} isn't one", remedy="crmsync stage")
        delivery.send(plan)
    return dict(delivery.counts)


def _approve(store: Store, plan: Sequence[Planned], digest: str, *, run_id: int, now: int) -> None:
    crm, present = plan[0].crm, plan[0].digest
    if digest != present:
        what = f"the plan for {crm} is {present} now, not {digest}"
        raise Stopped("E502", what, remedy=f"crmsync push --crm {crm} --dry-run, then approve {present}")
    runs.approve(store, digest, run_id=run_id, now=now)


def _may_go_out(store: Store, config: PushConfig, plan: Sequence[Planned]) -> None:
    crm, digest = plan[0].crm, plan[0].digest
    if runs.approved(store, digest):
        return
    look = f"crmsync push --crm {crm} --dry-run, then crmsync push --crm {crm} --approve {digest}"
    if config.first == "approve" and not outbox.ever_written(store, crm):
        size = f"{len(plan)} values in {len({row.crm_id for row in plan})} deals"
        raise Stopped("E501", f"the first plan for {crm} waits for approval: {size}", remedy=look)
    if tripped := trips(plan, config.guard, open_deals=deals.count_open(store, crm)):
        raise Stopped("E503", f"plan {digest} for {crm} {', '.join(tripped)}", remedy=look)


def _look_once_more(plan: Sequence[Planned]) -> None:
    """Raises Stopped E506 for a value that no score gives, whatever put it into the plan."""
    for row in plan:
        if wrong := values.impossible(row.result, row.new):
            what = f"{row.result.value} of {row.crm_id} would become {row.new!r}, and {wrong}; nothing was sent"
            raise Stopped("E506", what, where=row.crm, remedy="report it with this line, then crmsync score")
