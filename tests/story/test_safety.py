"""Write-back that can be left alone: a shifted model is stopped, a push can be taken back, quiet nights write nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, update

from crmsync.config import GuardConfig, PushConfig
from crmsync.errors import BadConfig, Stopped
from crmsync.pipeline import Pipeline
from crmsync.records import Result
from crmsync.sandbox.local import SALESFORCE
from crmsync.store import outbox, runs, tables
from crmsync.store.runs import RunRow
from crmsync.store.upsert import table_of
from tests.story.tale import PROBABILITY, Tale, tale

CRM, OBJECT = "main", "Opportunity"
QUIET = 20  # rounds
SHIFT = 0.3
Shown = dict[str, dict[Result, str | None]]


@dataclass
class Taken:
    """A bad push that was taken back. `edited`, `deleted`: what a person did between the two."""

    tale: Tale
    stopped: Stopped
    sent_then: list[dict[str, Any]]
    bad: RunRow
    before: Shown
    after: Shown
    edited: str
    deleted: str
    undone: RunRow
    again: RunRow
    left: list[str] = field(default_factory=list)


def begin(it: Tale) -> None:
    """Up to the first push."""
    it.pipeline.pull()
    it.pipeline.train("close")
    it.plan()
    it.pipeline.push()


def guarded(it: Tale, **push: Any) -> None:
    """Gives the pipeline other limits."""
    config = it.config.model_copy(update={"push": PushConfig(first="send", **push)})
    it.pipeline = Pipeline(config, it.store, clock=it.local.clock.now)


def shift_scores(it: Tale) -> None:
    """What a fault of the model does: every probability is higher than it should be."""
    score = table_of(tables.Score)
    with it.store.write() as connection:
        higher = func.min(score.c.probability + SHIFT, 0.99)
        connection.execute(update(score).values(probability=higher))


def someone(it: Tale) -> str:
    """The id of a user of Salesforce who isn't the integration user."""
    app = it.local.salesforce
    assert app is not None
    return next(user for user in (app.org.past.user_id(place) for place in range(1, 5)) if user != app.user)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    """The story; a shifted model's plan, stopped and then let out; a person's acts; the undo, twice."""
    with tale(tmp_path_factory.mktemp("taken")) as it:
        guarded(it, guard=GuardConfig(from_deals=5))
        begin(it)
        crm = it.pipeline.connect(CRM)
        deals = sorted(it.scores(CRM))
        before = crm.read_back(deals)
        shift_scores(it)
        it.pipeline.stage(CRM)
        mark = it.mark()
        with pytest.raises(Stopped) as stopped:
            it.pipeline.push(CRM)
        sent_then = it.effects(mark)
        (bad,) = it.pipeline.push(CRM, approve=stopped.value.remedy.split()[-1])
        it.forward(60)
        wrote = sorted({row.crm_id for row in outbox.written_by(it.store, bad.run_id)})
        who, edited, deleted = someone(it), wrote[0], wrote[1]
        values = {PROBABILITY[SALESFORCE]: 99}
        it.ask("POST", f"/edit/{SALESFORCE}", {"object": OBJECT, "id": edited, "values": values, "who": who})
        it.ask("POST", f"/delete/{SALESFORCE}", {"object": OBJECT, "id": deleted, "who": who})
        (undone,), (again,) = it.pipeline.undo(bad.run_id), it.pipeline.undo(bad.run_id)
        after = crm.read_back(deals)
        yield Taken(it, stopped.value, sent_then, bad, before, after, edited, deleted, undone, again)


def test_guard_stops_a_shifted_model(taken: Taken) -> None:
    """Exit code 3 with what is wrong and the digest; nothing was sent until somebody approved exactly that plan."""
    assert (taken.stopped.code, taken.stopped.exit_code, taken.sent_then) == ("E503", 3, [])
    assert "would shift the mean probability" in taken.stopped.what
    assert (taken.bad.status, taken.bad.counts["written"]) == ("done", taken.bad.counts["planned"])


def test_undo_puts_back_every_value_but_a_persons(taken: Taken) -> None:
    """Every field is as before the push; the person's edit stands, and the deleted deal is gone."""
    told = {**taken.before, taken.edited: {**taken.before[taken.edited], Result.PROBABILITY: "99.0"}}
    del told[taken.deleted]
    assert taken.after == told


def test_undo_lists_what_it_left(taken: Taken) -> None:
    """One value of the edited deal, and all of the deleted one, with the reason."""
    left = outbox.left_by(taken.tale.store, taken.undone.run_id)
    assert [(row.result, why) for row, why in left if row.crm_id == taken.edited] == [
        (Result.PROBABILITY, "the CRM no longer shows what was there when this was planned")
    ]
    assert {(row.crm_id, why) for row, why in left if row.crm_id != taken.edited} == {
        (taken.deleted, "the deal is gone")
    }
    assert len(left) == taken.undone.counts["changed"] + taken.undone.counts["gone"]


def test_undo_twice_writes_nothing_more(taken: Taken) -> None:
    """What is back is there already, and what was left is left."""
    counts = taken.again.counts
    assert (counts["written"], counts["there"]) == (0, taken.undone.counts["written"])
    assert (counts["changed"], counts["gone"]) == (taken.undone.counts["changed"], taken.undone.counts["gone"])


def test_undo_of_what_is_no_push_is_refused(taken: Taken) -> None:
    """A run that wrote to no CRM, or that there isn't, is named."""
    pull = next(row.run_id for row in runs.after(taken.tale.store, 0) if row.step == "pull")
    for run in (pull, 9_999):
        with pytest.raises(BadConfig, match=f"run {run}") as caught:
            taken.tale.pipeline.undo(run)
        assert caught.value.code == "E504"


def test_quiet_rounds_write_nothing(tmp_path: Path) -> None:
    """Twenty rounds on a stopped clock: our own writes are pulled, move no score, and nothing is written after the first."""
    with tale(tmp_path) as it:
        begin(it)
        scores, mark = it.scores(CRM), it.mark()
        for _ in range(QUIET):
            planned = [counts["planned"] for counts in it.plan()]
            it.pipeline.push()
            assert planned == [0, 0]
        now = {crm_id: row["probability"] for crm_id, row in it.scores(CRM).items()}
        assert (it.effects(mark), now) == ([], {crm_id: row["probability"] for crm_id, row in scores.items()})


def test_deal_that_answers_our_writes_is_paused(tmp_path: Path) -> None:
    """A workflow that changes a deal after each of our writes is cut off after as many as the config allows."""
    with tale(tmp_path) as it:
        guarded(it, writes_per_day=3)
        begin(it)
        deal, who, written = min(it.scores(CRM)), someone(it), []
        for times in range(2, 6):
            it.forward(1_200)
            amount = {"Amount": 10_000 * times}
            it.ask("POST", f"/edit/{SALESFORCE}", {"object": OBJECT, "id": deal, "values": amount, "who": who})
            mark = it.mark()
            counts, _ = it.plan()
            it.pipeline.push()
            written.append((deal in {one["crm_id"] for one in it.effects(mark)}, counts.get("paused", 0) > 0))
        assert written == [(True, False), (True, False), (False, True), (False, True)]
