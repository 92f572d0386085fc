"""A compaction in the story over both CRMs: what people read, and what comes next, is as it would have been without it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmsync.cli import main
from crmsync.clock import iso
from crmsync.steps.undo import preview
from crmsync.store import dump, fits, runs
from crmsync.views.explain import explain
from crmsync.views.waterfall import between
from crmsync.views.workbook import Workbook
from tests.story.tale import Tale, tale

DAY_S = 86_400.0
DAY = 86_400_000_000
ROUNDS = 8
RETENTION = "[retention]\nscores_days = 14\nreceipts_days = 14\n"


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Tale]:
    """Eight rounds over four weeks, each with a push, the first of which has been undone."""
    with tale(tmp_path) as it:
        it.pipeline.pull()
        it.pipeline.train("close")
        for number in range(ROUNDS):
            it.plan()
            it.pipeline.push()
            if not number:
                it.pipeline.undo(pushes(it)[0])
            it.forward(3.5 * DAY_S)
        it.plan()
        yield it


def pushes(it: Tale) -> list[int]:
    """HubSpot's pushes."""
    return [row.run_id for row in runs.after(it.store, 0) if (row.step, row.target) == ("push", "hub")]


def read(it: Tale) -> dict[str, Any]:
    """What people ask of the store."""
    book = Workbook(it.config, it.store)
    now = int(book.scores.as_of.max())
    spec = it.pipeline._model("close")
    undo = preview(it.store, it.pipeline.connect("hub"), it.config.crm["hub"].fields, run=pushes(it)[-1])
    days = [iso(now - days * DAY)[:10] for days in (56, 28)]
    return {
        "explain": [explain(it.store, crm_id) for crm in ("main", "hub") for crm_id in it.scores(crm)],
        "undo": undo,
        "waterfall": between(it.store, spec, book.history, from_at=now - 20 * DAY, to_at=now),
        "track": book.track(periods=2).to_csv(),
        "backtest": book.backtest(*days, every_days=28).to_csv(),
        "fit": fits.newest_used(it.store, "close"),
        "dump": dump.digest(it.store),
        "plan": [row.counts for row in it.pipeline.stage()],
    }


def test_what_people_read_is_as_it_was(told: Tale, capsys: pytest.CaptureFixture[str]) -> None:
    """Explain, undo, waterfall, track, backtest and the next plan are the same, and the verb foretells what it does."""
    before = read(told)
    with told.config.file.open("a") as config:
        config.write(RETENTION)
    verb = ("compact", "--config", str(told.config.file))
    assert main((*verb, "--dry-run")) == 0
    foretold = [line.removesuffix(" to delete") for line in capsys.readouterr().out.splitlines()]
    assert main(verb) == 0
    done = capsys.readouterr().out.splitlines()
    assert [line.replace(" (dry run)", "") for line in foretold] == [line.rpartition(",")[0] for line in done]
    assert [row.counts["scores"] > 0 for row in runs.after(told.store, 0) if row.step == "compact"] == [True, True]
    after = read(told)
    assert {name for name in before if before[name] != after[name]} == set()
