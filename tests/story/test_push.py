"""Pushing: the first plan waits for somebody, and an answer that was lost is settled without a second write."""

from collections import Counter
from pathlib import Path

import pytest
import stamina
from sqlalchemy import text

from crmsync.checks import findings
from crmsync.errors import BadConfig, RetryLater, Stopped
from crmsync.pipeline import Pipeline
from crmsync.records import Result
from crmsync.sandbox.local import HUBSPOT, SALESFORCE
from crmsync.store import accounts, outbox
from crmsync.views.plan import lines, plan
from crmsync.watch import Watch
from crmsync.workspace import JobSpec
from tests.store.rows import run
from tests.story.tale import MODEL, Tale, tale

BATCH_UPDATE = {SALESFORCE: ("POST", "/composite$"), HUBSPOT: ("POST", "deals/batch/update")}
NAMES = {SALESFORCE: "main", HUBSPOT: "hub"}


def prepare(it: Tale) -> None:
    """Up to the first plan."""
    it.pipeline.pull()
    it.pipeline.train("close")
    it.plan()


def test_first_plan_waits_for_approval(tmp_path: Path) -> None:
    """Exit code 3 with the plan's digest, and nothing is sent; a wrong digest is refused; the right one sends exactly that plan."""
    with tale(tmp_path, first="approve") as it:
        prepare(it)
        with pytest.raises(Stopped) as waits:
            it.pipeline.push("main")
        digest = waits.value.remedy.split()[-1]
        with pytest.raises(Stopped) as wrong:
            it.pipeline.push("main", approve="0" * 16)
        sent_before = it.effects()
        (row,) = it.pipeline.push("main", approve=digest)
        assert [(fault.code, fault.exit_code) for fault in (waits.value, wrong.value)] == [("E501", 3), ("E502", 3)]
        assert (sent_before, row.status, row.counts["written"]) == ([], "done", len(it.effects()))


def test_lost_answers_are_settled_without_a_second_write(tmp_path: Path) -> None:
    """The CRM is read back: what it shows is done, and its log has each value once."""
    with tale(tmp_path) as it:
        prepare(it)
        for crm, (method, path) in BATCH_UPDATE.items():
            fault = {"kind": "lost", "method": method, "path": path, "rate": 1.0}
            it.ask("PUT", f"/faults/{crm}", {"faults": [fault]})
        lost = [(row.status, row.counts["unclear"], row.counts["planned"]) for row in it.pipeline.push()]
        for crm in BATCH_UPDATE:
            it.ask("PUT", f"/faults/{crm}", {"faults": []})
        settled = [row.counts for row in it.pipeline.push()]
        values = Counter((one["crm_id"], one["field"]) for one in it.effects())
        assert [(status, unclear) for status, unclear, planned in lost] == [
            ("partial", row["settled"]) for row in settled
        ]
        assert [unclear for _, unclear, _ in lost] == [planned for *_, planned in lost]
        assert set(values.values()) == {1}
        assert [outbox.unsettled(it.store, name) for name in ("main", "hub")] == [[], []]


def test_both_crms_down_are_told_in_one_line(tmp_path: Path) -> None:
    """The first fault is raised, and its words say that another one stands in the ledger."""
    with tale(tmp_path) as it, stamina.set_testing(True, attempts=1):
        for crm in (SALESFORCE, HUBSPOT):
            it.ask("PUT", f"/faults/{crm}", {"faults": [{"kind": "status", "status": 503, "rate": 1.0}]})
        with pytest.raises(RetryLater, match="1 more failed, see crmsync status") as caught:
            it.pipeline.pull()
    assert "main" in caught.value.where


def test_words_of_one_fault_stay_as_they_are(tmp_path: Path) -> None:
    """Where only one CRM is down the other is pulled, and nothing is said of more."""
    with tale(tmp_path) as it, stamina.set_testing(True, attempts=1):
        it.ask("PUT", f"/faults/{SALESFORCE}", {"faults": [{"kind": "status", "status": 503, "rate": 1.0}]})
        with pytest.raises(RetryLater) as caught:
            it.pipeline.pull()
        assert it.statuses() == [("pull", "main", "later"), ("pull", "hub", "done")]
    assert "more failed" not in str(caught.value)


def test_stop_on_request_is_no_failure_of_the_rest(tmp_path: Path) -> None:
    """What wasn't begun any more isn't counted as failed."""
    with tale(tmp_path) as it:
        watch = Watch()
        watch.stopping = True
        with pytest.raises(RetryLater) as caught:
            Pipeline(it.config, it.store, watch=watch).pull()
    assert (caught.value.code, "more failed" in str(caught.value)) == ("E602", False)


def test_approval_of_what_does_not_wait_is_refused(tmp_path: Path) -> None:
    """Without a plan a digest names nothing; the digest of a plan that has gone out is no fault."""
    with tale(tmp_path, first="approve") as it:
        with pytest.raises(Stopped, match="E502"):
            it.pipeline.push("main", approve="0" * 16)
        prepare(it)
        digest = outbox.newest_plan(it.store, "main")[0].digest
        counts = [it.pipeline.push("main", approve=digest)[0].counts["written"] for _ in range(2)]
    assert (counts[0] > 0, counts[1]) == (True, 0)


def test_job_with_a_wrong_model_runs_nothing(tmp_path: Path) -> None:
    """The names of a job are looked up before its first step, so that no half of it runs."""
    spec = JobSpec(
        name="odd", file=tmp_path / "odd.toml", schedule="0 * * * *", steps=("pull", "score"), model="nosuch"
    )
    with tale(tmp_path) as it:
        with pytest.raises(BadConfig, match="E110"):
            it.pipeline.run(spec)
        assert it.statuses() == [("job", "odd", "failed")]


def test_training_that_comes_too_early_lets_the_job_go_on_by_rules(tmp_path: Path) -> None:
    """Where too few deals have closed there is nothing to mend: the open ones get points, and nothing turns red."""
    with tale(tmp_path) as it:
        (it.pipeline.root / "models" / "close.toml").write_text(f"{MODEL}[gate]\nmin_closed = 1000\n")
        spec = JobSpec(name="all", file=tmp_path / "all.toml", schedule="0 * * * *", steps=("pull", "train", "score"))
        shown = [(row.step, row.status) for row in it.pipeline.run(spec)][-2:]
        told = [(step, status) for step, target, status in it.statuses() if target in ("close", "all")]
        kinds = {score["kind"] for score in it.scores("main").values()}
    assert (told, kinds) == ([("job", "done"), *shown], {"rules"})
    assert shown == [("train", "early"), ("score", "done")]


def test_a_value_that_no_score_gives_stops_the_push(tmp_path: Path) -> None:
    """Whatever put it into the plan: exit code 3, and neither this value nor any other is sent."""
    spoil = text("UPDATE outbox SET new = :new WHERE outbox_id = :row AND result = 'probability'")
    with tale(tmp_path) as it:
        prepare(it)
        row = outbox.newest_plan(it.store, "hub")[0]
        for value in ("nan", "-0.0", "101.0"):
            with it.store.write() as connection:
                assert connection.execute(spoil, {"new": value, "row": row.outbox_id}).rowcount == 1
            with pytest.raises(Stopped, match=f"E506 hub: probability of {row.crm_id} would become {value!r}"):
                it.pipeline.push("hub")
        assert it.effects() == []


@pytest.mark.parametrize("part", ["fields", "policy"])
def test_plan_of_another_config_is_refused_until_it_is_planned_anew(tmp_path: Path, part: str) -> None:
    """A result that goes elsewhere by now, or a field that is whose it wasn't: nothing is sent, and the dry run says so too."""
    with tale(tmp_path) as it:
        prepare(it)
        crm, push = it.config.crm["hub"], it.config.push
        if part == "fields":
            fewer = {result: target for result, target in crm.fields.items() if result is not Result.RISK}
            crm = crm.model_copy(update={"fields": fewer})
        else:
            push = push.model_copy(update={"policy": {Result.PROBABILITY: "propose"}})
        config = it.config.model_copy(update={"crm": {**it.config.crm, "hub": crm}, "push": push})
        other = Pipeline(config, it.store, clock=it.local.clock.now)
        with pytest.raises(Stopped, match=r"E507 the plan .* for hub was made by another config"):
            other.push("hub")
        seen = plan(it.store, config, "hub")
        assert (it.effects(), seen.outdated) == ([], True)
        assert lines(seen)[-1].endswith("a push refuses it -> crmsync stage --crm hub")
        other.stage("hub")
        (row,) = other.push("hub")
        assert row.counts["written"] > 0


def test_another_account_is_refused_before_anything_is_read_or_written(tmp_path: Path) -> None:
    """A config that reaches another portal than the one in the store: pull and push name both and do nothing, and so does check."""
    with tale(tmp_path) as it:
        prepare(it)
        ours = accounts.known(it.store, "hub")
        assert it.local.hubspot is not None
        it.local.hubspot.portal.portal_id = 999
        other = Pipeline(it.config, it.store, clock=it.local.clock.now)
        for step in (other.pull, other.push, other.reconcile):
            with pytest.raises(BadConfig, match=f"E207 hub: account 999 answers, but the store holds deals of {ours}"):
                step("hub")
        assert it.effects() == []
        told = {finding.code: finding for finding in findings(it.config.file) if "hub" in finding.what}
        assert (told["C109"].level, told["C110"].level, "pull 27 x" in told["C110"].what) == ("fail", "ok", True)


def test_check_measures_a_step_by_its_newest_run_that_ended_well(tmp_path: Path) -> None:
    """A pull that failed since doesn't make the jobs' calls unmeasured; steps that never ended well are named."""
    with tale(tmp_path) as it:
        prepare(it)
        (good,) = it.pipeline.pull("hub")
        run(it.store, "pull", target="hub", status="failed")
        told = next(each.what for each in findings(it.config.file) if each.code == "C110" and "hub" in each.what)
        assert f"pull 27 x {good.counts['calls']}," in told
        assert "; reconcile, push: no run has ended well yet" in told
