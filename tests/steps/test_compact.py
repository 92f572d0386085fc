"""Compaction of a ledger: nothing that is asked of it is answered otherwise afterwards."""

import json
from pathlib import Path
from typing import Any

import pytest

from crmsync.config import RetentionConfig, StoreConfig
from crmsync.errors import BadConfig, RetryLater
from crmsync.steps import compact as step
from crmsync.steps.undo import target
from crmsync.store import deals, frames, outbox, runs, scores, tables
from crmsync.store.engine import Store, open_store
from crmsync.store.outbox import DONE, UNCLEAR
from crmsync.watch import Watch
from tests.steps.ledger import DAY, DEALS, LEDGER, Past
from tests.store.conftest import store, url
from tests.store.rows import CRM, count

__all__ = ["store", "url"]  # fixtures

RETENTION = RetentionConfig(scores_days=14, receipts_days=14)


def young(store: Store, now: int) -> list[int]:
    """The pushes and undos that began within the days that are kept."""
    since = now - RETENTION.receipts_days * DAY
    return [row.run_id for row in runs.after(store, 0) if row.step in ("push", "undo") and row.started_at > since]


def undone(store: Store, run_id: int) -> list[Any]:
    """What an undo of a run asks: what it wrote, and who wrote there last."""
    last = outbox.last_sent(store, run_id)
    return [(row, last[row.deal_id, row.result]) for row in outbox.written_by(store, run_id)]


def answers(store: Store, now: int) -> dict[str, Any]:
    """What explain, status, stage, push and undo ask, as far back as they may."""
    days = RETENTION.scores_days
    return {
        "newest": list(frames.rows(store, scores.newest_of_open(CRM))),
        "a week before": scores.before(store, now - 7 * DAY),
        "as far back as all are kept": [scores.before(store, now - day * DAY) for day in range(days)],
        "shown": outbox.shown(store, CRM),
        "overrides": outbox.overrides(store, CRM),
        "fields": [deals.written(store, number) for number in range(1, DEALS + 1)],
        "plan": outbox.newest_plan(store, CRM),
        "backlog": outbox.backlog(store, CRM),
        "unsettled": outbox.unsettled(store, CRM),
        "often": outbox.written_often(store, CRM, since=now - DAY, times=1),
        "ever": outbox.ever_written(store, CRM),
        "undo": [undone(store, one) for one in young(store, now)],
        "left": [outbox.left_by(store, one) for one in young(store, now)],
    }


def compact(store: Store, retention: RetentionConfig = RETENTION) -> dict[str, int]:
    """What a compaction counts."""
    return step.compact(store, CRM, retention, watch=Watch())


def test_compaction_changes_no_answer_and_its_preview_foretold_it(store: Store) -> None:
    """What explain, stage, push, status and undo ask is answered as before, and the rows that were foretold are gone."""
    past = Past(1).store(store)
    before, foretold = answers(store, past.now), step.preview(store, CRM, RETENTION)
    rows = [count(store, table) for table in LEDGER]
    counted = compact(store)
    assert answers(store, past.now) == before
    assert foretold == counted
    gone = [counted[name] for name in step.COUNTS]
    assert [had - less for had, less in zip(rows, gone, strict=True)] == [count(store, table) for table in LEDGER]
    assert min(counted.values()) > 0


@pytest.mark.parametrize("seed", range(8))
def test_undo_after_a_compaction_leaves_every_value_whose_it_was(seed: int, tmp_path: Path) -> None:
    """Each young push undone in turn, the newest first: ours is told from theirs as in a store that was never compacted."""
    urls = [f"sqlite:///{tmp_path / name}" for name in ("whole.db", "compacted.db")]
    whole, compacted = (open_store(StoreConfig(url=each)) for each in urls)
    past = Past(seed).store(whole).store(compacted)
    assert compact(compacted)["values"] > 0
    for number in [run for run in young(whole, past.now)[::-1] if run in past.wrote]:
        past.undo(number)
    past.store(whole).store(compacted)
    assert outbox.shown(compacted, CRM) == outbox.shown(whole, CRM)
    for each in (whole, compacted):
        each.close()


def test_second_compaction_finds_nothing(store: Store) -> None:
    """What stays, stays: the rules come to an end at once."""
    Past(2).store(store)
    compact(store)
    assert set(compact(store).values()) == {0}


def test_each_policy_stands_alone(store: Store) -> None:
    """Scores are kept where only receipts are spent, and the other way round."""
    Past(3).store(store)
    first = compact(store, RetentionConfig(scores_days=14))
    second = compact(store, RetentionConfig(receipts_days=14))
    assert (first["scores"] > 0, first["values"], first["receipts"]) == (True, 0, 0)
    assert (second["scores"], second["values"] > 0, second["receipts"] > 0) == (0, True, True)


def test_nothing_is_deleted_by_default(store: Store) -> None:
    """A config that says nothing keeps everything."""
    Past(4).store(store)
    assert set(compact(store, RetentionConfig()).values()) == {0}


class StopsAtOnce(Watch):
    """Stops at the first checkpoint."""

    stopping = True


def test_broken_off_compaction_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was stopped between two ranges of deals has lost nothing, and the next one ends where an unbroken one does."""
    past = Past(5).store(store)
    before, foretold = answers(store, past.now), step.preview(store, CRM, RETENTION)
    monkeypatch.setattr(step, "DEALS", 1)
    with pytest.raises(RetryLater, match="E602") as stopped:
        step.compact(store, CRM, RETENTION, watch=StopsAtOnce())
    assert answers(store, past.now) == before
    rest = compact(store)
    assert {name: stopped.value.counts[name] + rest[name] for name in rest} == foretold
    assert 0 < stopped.value.counts["scores"] < foretold["scores"]


def test_failed_range_is_deleted_whole_or_not_at_all(store: Store) -> None:
    """A database that refuses in the middle of a range leaves all of it."""
    Past(6).store(store)
    before = [count(store, table) for table in LEDGER]
    with store.write() as connection:  # deletes go receipts, values, scores: the last is refused
        connection.exec_driver_sql("CREATE TABLE pin (score_id INTEGER REFERENCES score (score_id))")
        connection.exec_driver_sql("INSERT INTO pin SELECT score_id FROM score")
    with pytest.raises(Exception, match="E399"):
        compact(store)
    assert [count(store, table) for table in LEDGER] == before
    with store.write() as connection:
        connection.exec_driver_sql("DROP TABLE pin")


def test_undo_of_a_run_whose_receipts_are_gone_is_refused(store: Store) -> None:
    """It says so, instead of finding nothing to put back."""
    past = Past(7).store(store)
    old = min(past.wrote)
    compact(store)
    with pytest.raises(
        BadConfig, match=rf"E504 the receipts of run {old} are no longer kept -> \[retention\] receipts_days"
    ):
        target(store, old)
    assert target(store, max(past.wrote)) == CRM


def test_undo_of_a_run_of_which_only_a_late_answer_is_left_is_refused(store: Store) -> None:
    """An answer that is found after its run's receipts are gone must not pass for all that the run wrote."""
    past = Past(7)
    for row in past.rows[tables.Run]:
        row["counts"] = json.dumps({"written": len(past.wrote.get(row["run_id"], ()))})
    past.store(store)
    lost = next(row for row in past.rows[tables.Receipt] if row["state"] == UNCLEAR and row["run_id"] in past.wrote)
    compact(store)
    past.add(tables.Receipt, **{**lost, "state": DONE, "run_id": max(past.wrote)})
    past.store(store)
    with pytest.raises(BadConfig, match="E504 the receipts of run"):
        target(store, lost["run_id"])
