"""Taking a push back: looked at first, then done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmsync.cli import main
from crmsync.sandbox.local import HUBSPOT
from crmsync.steps.undo import lines, preview, preview_lines
from crmsync.store import outbox, runs
from tests.story.tale import PROBABILITY, Tale, tale

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
    found = preview(pushed.store, pushed.pipeline.connect(CRM), run=run)
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
