"""Answers that come late or never, plans that are looked at first, CRMs that lose what they had."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hubspot.crm.deals import SimplePublicObjectInput

from crmsync.cli import main
from crmsync.crm import Crm
from crmsync.records import Answer, Result, Write
from crmsync.sandbox.local import HUBSPOT, NAMES, SALESFORCE
from crmsync.store import outbox
from crmsync.store.engine import open_store
from crmsync.store.outbox import IN_FLIGHT
from crmsync.watch import Watch
from crmsync.writeback.delivery import Delivery
from tests.story.tale import PROBABILITY, Tale, hubspot, tale

BATCH = {"path": "deals/batch/update", "method": "POST", "rate": 1.0}


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Tale]:
    """A story up to its first plan."""
    with tale(tmp_path) as told:
        told.pipeline.pull()
        told.pipeline.train("close")
        told.plan()
        yield told


class Seen:
    """A CRM that looks, from another connection, at what stands in the store when a request is about to leave."""

    def __init__(self, crm: Crm, it: Tale) -> None:
        self.name, self._crm = crm.name, crm
        self.parallel, self.ahead = crm.parallel, crm.ahead
        self.read_back, self.batches = crm.read_back, crm.batches
        self.other = open_store(it.config.store)
        self.found: list[bool] = []

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """Looks, then sends."""
        marked = {row.outbox_id for row in outbox.unsettled(self.other, self.name)}
        self.found.append(all(marked >= set(write.outbox_ids) for write in writes))
        return self._crm.push(writes)


def test_receipt_is_durable_before_its_request_leaves(it: Tale) -> None:
    """Whoever opens the store at the moment of sending finds every value of the batch marked as in flight."""
    seen = Seen(it.pipeline.connect("main"), it)
    delivery = Delivery(it.store, seen, 99, it.local.clock.now, Watch())  # type: ignore[arg-type]
    delivery.send(outbox.newest_plan(it.store, "main"))
    with seen.other.read() as connection:
        durable = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        states = connection.exec_driver_sql("SELECT state FROM receipt").scalars().all()
    seen.other.close()
    assert (set(seen.found), durable) == ({True}, 2)  # 2: FULL
    assert states.count(IN_FLIGHT) == delivery.counts["written"]


def test_write_that_lands_after_it_was_given_up_is_not_repeated(it: Tale) -> None:
    """A request that was lost on its way, read back as not applied, and carried out after all: the next plan finds it there."""
    it.ask("PUT", f"/faults/{HUBSPOT}", {"faults": [{"kind": "reset", **BATCH}]})
    it.pipeline.push("hub")
    it.ask("PUT", f"/faults/{HUBSPOT}", {"faults": []})
    lost = outbox.unsettled(it.store, "hub")
    (settled,) = it.pipeline.push("hub")
    (staged,) = it.pipeline.stage("hub")
    deal, target = lost[0].crm_id, lost[0].target
    late = SimplePublicObjectInput(properties={row.target: row.new or "" for row in lost if row.crm_id == deal})
    hubspot(it.local).crm.deals.basic_api.update(deal, simple_public_object_input=late)
    (pushed,) = it.pipeline.push("hub")
    times = Counter((one["crm_id"], one["field"]) for one in it.effects())
    assert (settled.counts["settled"], staged.counts["planned"]) == (len(lost), len(lost))
    assert (pushed.counts["there"] > 0, times[deal, target], pushed.status) == (True, 1, "done")


def test_new_plan_waits_for_what_is_unclear(it: Tale) -> None:
    """Values whose answer was lost are asked for before a newer plan is sent; what arrived isn't sent again by it."""
    it.ask("PUT", f"/faults/{HUBSPOT}", {"faults": [{"kind": "lost", **BATCH}]})
    (first,) = it.pipeline.push("hub")
    it.ask("PUT", f"/faults/{HUBSPOT}", {"faults": []})
    it.pipeline.score("close")
    it.pipeline.stage("hub")
    (second,) = it.pipeline.push("hub")
    times = Counter((one["crm_id"], one["field"]) for one in it.effects() if one["crm"] == HUBSPOT)
    marks = {field for (_, field), count in times.items() if count > 1}
    assert (first.counts["unclear"] > 0, second.counts["settled"]) == (True, first.counts["unclear"])
    assert {mark.removeprefix("crmsync_") for mark in marks} <= {"run_id", "scored_at"}


def test_dry_run_is_what_a_push_sends(it: Tale, capsys: pytest.CaptureFixture[str]) -> None:
    """It makes no request at all, and names exactly the values that arrive."""
    asked = [served.server.requests for served in it.local.served.values()]
    code = main(("push", "--dry-run", "--config", str(it.config.file)))
    now = [served.server.requests for served in it.local.served.values()]
    planned = {(row.crm_id, row.target) for name in it.config.crm for row in outbox.newest_plan(it.store, name)}
    it.pipeline.push()
    assert (code, now, {(one["crm_id"], one["field"]) for one in it.effects()}) == (0, asked, planned)
    assert capsys.readouterr().out.count("(dry run)") == len(it.config.crm)


def test_crm_that_lost_our_values_gets_them_again(it: Tale) -> None:
    """What counts is what the CRM shows, not what we remember to have written: fields that a restore emptied are filled."""
    it.pipeline.push()
    it.forward(60)
    app = it.local.salesforce
    assert app is not None
    emptied = {SALESFORCE: ("Opportunity", None, app.org.past.user_id(3)), HUBSPOT: ("deals", "", "5000001")}
    deals = {crm: min(it.scores(NAMES[crm])) for crm in emptied}
    for crm, (kind, blank, who) in emptied.items():
        values = {PROBABILITY[crm]: blank}
        it.ask("POST", f"/edit/{crm}", {"object": kind, "id": deals[crm], "values": values, "who": who})
    it.plan()
    it.pipeline.push()
    shown = {crm: it.pipeline.connect(NAMES[crm]).read_back([deals[crm]])[deals[crm]] for crm in emptied}
    scores = {crm: it.scores(NAMES[crm])[deals[crm]]["probability"] for crm in emptied}
    assert {crm: row[Result.PROBABILITY] for crm, row in shown.items()} == {
        crm: f"{100 * probability:.1f}" for crm, probability in scores.items()
    }
