"""Taking a push back: looked at first, then done."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import text

from crmsync.cli import main
from crmsync.errors import RetryLater
from crmsync.records import Result
from crmsync.sandbox.local import HUBSPOT
from crmsync.steps.undo import lines, preview, preview_lines
from crmsync.store import outbox, runs
from crmsync.watch import Watch
from tests.story.tale import PROBABILITY, TWO_WEEKS_S, Tale, tale

CRM, WHO = "hub", "5000001"


@pytest.fixture
def pushed(tmp_path: Path) -> Iterator[Tale]:
    """A story up to its first push, after which a person edited one deal and deleted another."""
    with tale(tmp_path) as it:
        it.pipeline.pull()
        it.pipeline.train("close")
        it.plan()
        it.pipeline.push()
        it.forward(60)
        edited, deleted, *_ = sorted(it.scores(CRM))
        values = {PROBABILITY[HUBSPOT]: "99"}
        it.ask("POST", f"/edit/{HUBSPOT}", {"object": "deals", "id": edited, "values": values, "who": WHO})
        it.ask("POST", f"/delete/{HUBSPOT}", {"object": "deals", "id": deleted, "who": WHO})
        yield it


def push_of(it: Tale) -> int:
    """The run of HubSpot's push."""
    return next(row.run_id for row in runs.after(it.store, 0) if (row.step, row.target) == ("push", CRM))


def test_preview_of_an_undo_foretells_it_and_changes_nothing(pushed: Tale) -> None:
    """What it says would be put back is what the undo writes, and what it says would be left is what that lists."""
    run, mark = push_of(pushed), pushed.mark()
    found = preview(pushed.store, pushed.pipeline.connect(CRM), pushed.config.crm[CRM].fields, run=run)
    before = (pushed.effects(mark), runs.newest_id(pushed.store))
    (row,) = pushed.pipeline.undo(run)
    left = outbox.left_by(pushed.store, row.run_id)
    foretold = preview_lines(run, found)
    assert before == ([], row.run_id - 1)
    assert row.counts["written"] == sum(not why for _, why in found) > 0
    assert [line for line in foretold if line.startswith("left ")] == lines(left) != []
    assert foretold[-1] == f"undo {run} (dry run): {row.counts['written']:,} values to put back, {len(left)} to leave"


def test_undo_dry_run_shows_old_and_new(pushed: Tale, capsys: pytest.CaptureFixture[str]) -> None:
    """The verb tells each value with what would stand there, and sends nothing."""
    mark = pushed.mark()
    code = main(("undo", str(push_of(pushed)), "--dry-run", "--config", str(pushed.config.file)))
    told = capsys.readouterr().out.splitlines()
    assert (code, told[0].endswith(" -> (blank)"), pushed.effects(mark)) == (0, True, [])
    assert told[-1].startswith(f"undo {push_of(pushed)} (dry run): ")


class StoppedOnceBegun(Watch):
    """Asks an undo to stop as soon as it has begun."""

    def event(self, name: str, facts: Mapping[str, object]) -> None:  # noqa: ARG002 - as a Watch is told
        """A row of the ledger."""
        self.stopping = name == "undo"


def test_undo_that_is_broken_off_keeps_what_it_counted(pushed: Tale) -> None:
    """The ledger says how many values went back before it was stopped."""
    pushed.pipeline.watch = StoppedOnceBegun()
    with pytest.raises(RetryLater, match="E602"):
        pushed.pipeline.undo(push_of(pushed))
    row = runs.last(pushed.store, "undo", CRM)
    assert row is not None
    assert (row.status, row.counts["written"] > 0) == ("later", True)


def pushed_again(it: Tale) -> int:
    """The run of a second push, two weeks later."""
    it.forward(TWO_WEEKS_S)
    it.plan()
    return next(row.run_id for row in it.pipeline.push() if row.target == CRM)


def test_undo_leaves_what_a_later_run_wrote(pushed: Tale) -> None:
    """Also where that run wrote the very same value: then the CRM shows what the older one wrote, and it is the later one's."""
    older, later = push_of(pushed), pushed_again(pushed)
    first = {(row.deal_id, row.result): row for row in outbox.written_by(pushed.store, older)}
    again = [row for row in outbox.written_by(pushed.store, later) if first.get((row.deal_id, row.result))]
    same = next(row for row in again if row.result is Result.PROBABILITY)
    value = first[same.deal_id, same.result].new
    with pushed.store.write() as connection:
        rewrite = text("UPDATE outbox SET new = :value WHERE outbox_id = :row")
        connection.execute(rewrite, {"value": value, "row": same.outbox_id})
    edit = {"object": "deals", "id": same.crm_id, "values": {PROBABILITY[HUBSPOT]: value}, "who": WHO}
    pushed.ask("POST", f"/edit/{HUBSPOT}", edit)
    mark = pushed.mark()
    (row,) = pushed.pipeline.undo(older)
    left = outbox.left_by(pushed.store, row.run_id)
    whys = {(planned.deal_id, planned.result): why for planned, why in left}
    assert {whys[each.deal_id, each.result] for each in again} == {
        f"run {later} has written it since: undo that one first"
    }
    assert row.counts["left"] == len(again)
    assert not {(each.crm_id, each.target) for each in again} & {
        (one["crm_id"], one["field"]) for one in pushed.effects(mark)
    }


def test_undo_writes_to_no_other_field_than_the_push_did(pushed: Tale) -> None:
    """A result that goes to another field by now is left, with the field that was written."""
    crm = pushed.config.crm[CRM]
    renamed = crm.model_copy(update={"fields": {**crm.fields, Result.PROBABILITY: "crmsync_kind", Result.KIND: "x"}})
    found = preview(pushed.store, pushed.pipeline.connect(CRM), renamed.fields, run=push_of(pushed))
    whys = {why for row, why in found if row.result is Result.PROBABILITY}
    assert whys == {"probability goes to crmsync_kind now: name crmsync_probability in the config for the undo"}
