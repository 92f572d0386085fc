"""Where things stand."""

import json
from pathlib import Path

from crmsync.forecast.challenge import WAITING
from crmsync.forecast.features import FEATURES
from crmsync.forecast.grades import OF_LATE
from crmsync.store import fits, notices, outbox, runs, tables
from crmsync.store.engine import Store
from crmsync.store.lease import NAME
from crmsync.views.status import AGAIN, Status, is_red, lines, status
from crmsync.workspace import JobSpec
from tests.store.rows import CRM, T0, add, held, pull, run
from tests.views.conftest import DAY

JOB = JobSpec(name="nightly", file=Path("nightly.toml"), schedule="30 3 * * *", steps=("pull",))


def seen(store: Store, *, now: int = T0, wrong: str = "") -> Status:
    """The status of a store with one CRM, one model and one job."""
    return status(store, crms=[CRM], models=["close"], jobs=[JOB], writes_per_day=2, wrong=wrong, now=now)


def line(store: Store, start: str, *, now: int = T0) -> str:
    """The only line that begins so, its mark left out."""
    (found,) = [each for each in lines(seen(store, now=now)) if each.partition("] ")[2].startswith(start)]
    return found


def test_status_of_an_empty_store_says_what_to_do(store: Store) -> None:
    """A newcomer is told to pull and to train."""
    assert "[warn] data main: nothing pulled yet -> crmsync pull --crm main" in lines(seen(store))
    assert "[warn] fit close: none yet -> crmsync train --model close" in lines(seen(store))


def test_status_tells_how_old_the_data_is(told: Store) -> None:
    """Fresh data is fine; data of some days is worth a warning."""
    assert line(told, "data", now=T0).startswith("[ok] data main: complete up to 2023-11-20T22:13:20Z, pulled 0 s ago")
    assert line(told, "data", now=T0 + 3 * DAY).startswith("[warn]")


def test_status_names_what_waits_to_be_sent(told: Store) -> None:
    """A plan that waits is told with its digest and the command to look at it."""
    assert line(told, "outbox") == "[warn] outbox main: 1 value waits, plan d1 -> crmsync push --crm main --dry-run"


def test_status_names_values_whose_answer_was_lost(told: Store) -> None:
    """What was sent without an answer is told."""
    outbox.note(told, [(1, outbox.UNCLEAR, "reset")], run_id=1, now=T0)
    assert line(told, "outbox").startswith("[warn] outbox main: 1 sent without an answer")


def test_status_shows_a_failed_step_with_its_reason(store: Store) -> None:
    """The last run of a step counts, and says why it failed."""
    number = runs.begin(store, job="", step="push", target=CRM, now=T0)
    runs.end(store, number, status="failed", counts={}, message="E202 refused", now=T0)
    assert (
        line(store, "push") == f"[fail] push main: failed, 0.0 s, run 1, 0 s ago, never done: E202 refused -> {AGAIN}"
    )


def test_status_tells_a_run_that_was_broken_off_from_one_at_work(store: Store) -> None:
    """A run without an end is at work only while its own holder has the lease."""
    runs.begin(store, job="", step="pull", target=CRM, now=T0, holder="process 1 on here")
    assert line(store, "pull").startswith("[warn]")
    runs.take_lease(store, NAME, holder="process 2 on here", now=T0, until=T0 + DAY)
    assert "its process ended without a word" in line(store, "pull")
    runs.give_lease_back(store, NAME, holder="process 2 on here")
    runs.take_lease(store, NAME, holder="process 1 on here", now=T0, until=T0 + DAY)
    assert line(store, "pull").endswith("by process 1 on here")


def test_status_tells_a_lost_run_until_one_does_its_work(store: Store) -> None:
    """It is a warning with its reason, neither a failure nor forgotten."""
    runs.begin(store, job="", step="pull", target=CRM, now=T0)
    runs.lose(store, now=T0)
    assert line(store, "pull").startswith("[warn] pull main: lost, 0 s ago, never done: its process ended")
    run(store, "pull", target=CRM)
    assert line(store, "pull").startswith("[ok]")


def test_status_counts_what_was_set_aside(store: Store) -> None:
    """Records that can't be used are told with a reason."""
    bad = {"crm": CRM, "source": "Task", "reason": "no date", "run_id": 1}
    add(store, tables.Quarantine, {**bad, "crm_id": "T1"}, {**bad, "crm_id": "T2"})
    assert line(store, "set aside").startswith("[warn] set aside main: 2 of Task: no date -> ")


def test_status_tells_the_fit_in_use_from_one_held_back(store: Store) -> None:
    """The gate's words on both are shown."""
    row = {"model": "close", "run_id": 1, "as_of": T0, "digest": "d", "body": '{"gate":{"kind":"prior"}}'}
    fits.save(store, **row, used=True, verdict="better")
    fits.save(store, **row, used=False, verdict="worse")
    assert [each for each in lines(seen(store)) if "fit close" in each] == [
        "[ok] fit close: fit 1 (prior), as of 2023-11-14T22:13:20Z: better",
        "[warn] fit close: a newer one was held back: worse -> crmsync backtest --model close",
    ]


def test_status_says_why_no_fit_may_score(store: Store) -> None:
    """Too short a past, or a first fit that was held back: neither is mended by training again."""
    run(store, "train", target="close", status="early", message="E401 too few closed deals to learn from: 21 of 30")
    assert not is_red(seen(store))
    assert (
        line(store, "fit")
        == "[ok] fit close: none yet, too few deals have closed; scores go by stated rules, as points"
    )
    fits.save(store, model="close", run_id=1, as_of=T0, digest="d", body="{}", used=False, verdict="no better")
    assert line(store, "fit") == (
        "[warn] fit close: none may score, the newest was held back: no better -> crmsync card --model close"
    )


def test_status_tells_a_challenger_from_one_held_back(store: Store) -> None:
    """A fit that waits beside the one in use, as the model's TOML has it, is nothing that somebody has to look at."""
    row = {"model": "close", "run_id": 1, "as_of": T0, "digest": "d", "body": '{"gate":{"kind":"model"}}'}
    fits.save(store, **row, used=True, verdict="better")
    fits.save(store, **row, used=False, verdict=f"{WAITING}better still")
    assert [each for each in lines(seen(store)) if "fit close" in each][1:] == [
        "[ok] fit close: beside it stands a challenger: better still"
    ]


def test_status_names_what_had_drifted_at_the_newest_training(store: Store) -> None:
    """A fit that the gate held back knows more of the present than the one in use."""
    row = {"model": "close", "run_id": 1, "as_of": T0, "digest": "d"}
    fits.save(store, **row, body='{"gate":{"kind":"model","drift":{"age":0.3}}}', used=True, verdict="better")
    fits.save(store, **row, body='{"gate":{"kind":"model","drift":{"stage":0.9}}}', used=False, verdict="worse")
    (drift,) = (each for each in lines(seen(store)) if each.startswith("[warn] drift close"))
    assert f"differ from those of the year before: '{FEATURES['stage'].sentence}' (index 0.90) ->" in drift


def test_status_names_what_has_drifted(store: Store) -> None:
    """Inputs in the words of their features, and outcomes, as warnings of their own."""
    late = {"by": "closed", "group": OF_LATE, "deals": 80, "predicted": 0.4, "won": 0.1, "gap": 0.3, "gap_se": 0.04}
    gate = {"kind": "model", "drift": {"age": 0.31, "score": 0.4}, "grades": {"groups": [late]}}
    row = {"model": "close", "run_id": 1, "as_of": T0, "digest": "d", "body": json.dumps({"gate": gate})}
    fits.save(store, **row, used=True, verdict="better")
    inputs, outcomes = (each for each in lines(seen(store)) if each.startswith("[warn] drift close"))
    assert f"'{FEATURES['age'].sentence}' (index 0.31), the score (index 0.40)" in inputs
    assert "40 % was said and 10 % won" in outcomes


def test_status_lists_steps_in_the_order_of_the_story(store: Store) -> None:
    """Pull comes before push, whichever ran last."""
    for step in ("undo", "push", "stage", "train", "reconcile", "pull"):
        run(store, step)
    assert [step.run.step for step in seen(store).steps] == ["pull", "reconcile", "train", "stage", "push", "undo"]


def test_status_says_which_jobs_run_next_or_what_is_wrong(store: Store) -> None:
    """A job is told first, with its time; broken ones with their fault."""
    first = "[ok] job nightly: hasn't run yet; next at 2023-11-15T03:30:00Z"
    assert lines(seen(store))[0] == first
    assert lines(seen(store, wrong="E112 bad"))[0] == "[fail] jobs: E112 bad"


def test_status_is_red_when_nothing_ran(told: Store) -> None:
    """With no run at all, and nobody having looked, a store that was fine turns red after its job's time and grace."""
    assert [is_red(seen(told, now=T0 + span)) for span in (0, DAY, 2 * DAY)] == [False, True, True]


def test_status_is_red_for_a_step_that_failed_until_it_does_its_work(store: Store) -> None:
    """What failed is told with the last time that it didn't."""
    run(store, "push")
    run(store, "push", status="failed")
    assert (is_red(seen(store)), "last done 0 s ago" in line(store, "push")) == (True, True)
    run(store, "push", status="partial")
    assert not is_red(seen(store))


def test_status_says_nothing_of_questions_about_the_past(store: Store) -> None:
    """Training as of a day with too few deals fails for whoever asked; the model at work is as it was."""
    run(store, "train", target="close")
    run(store, "train", target=runs.target_of("close", T0 - 400 * DAY), status="stopped")
    assert [step.run.target for step in seen(store).steps] == ["close"]
    assert not is_red(seen(store))


def test_status_counts_what_nobody_was_told(store: Store) -> None:
    """A notice or ping that no address took is counted for seven days."""
    notices.add(store, notices.Notice("nightly", "failing", T0, 0, 2, "E202"))
    assert (
        line(store, "told") == "[warn] told nightly: 2 notices in 7 days: no address took them -> see [alerts], [ping]"
    )
    assert not [each for each in lines(seen(store, now=T0 + 8 * DAY)) if "told" in each]


def test_status_names_a_deal_that_is_paused(told: Store) -> None:
    """A deal that was written too often in 24 hours is named, and comes back by itself."""
    for _ in range(2):
        outbox.note(told, [(1, outbox.DONE, "")], run_id=run(told, "push"), now=T0)
    assert line(told, "paused").startswith("[warn] paused main: D1 was written 2 times in 24 hours ->")
    assert not [each for each in lines(seen(told, now=T0 + DAY)) if "paused" in each]


def test_status_says_what_to_do_wherever_somebody_is_needed(told: Store) -> None:
    """No line is a warning or a failure without a remedy."""
    add(told, tables.Quarantine, {"crm": CRM, "source": "Task", "reason": "no date", "run_id": 1, "crm_id": "T1"})
    notices.add(told, notices.Notice("nightly", "failing", T0, 0, 1, "E202"))
    row = {"model": "close", "run_id": 1, "as_of": T0, "digest": "d", "body": "{}", "verdict": "worse"}
    fits.save(told, **row, used=False)
    for step, status_of in (("pull", "failed"), ("push", "partial"), ("train", "later"), ("undo", "waiting")):
        run(told, step, target=CRM, status=status_of)
    runs.begin(told, job="", step="score", target="close", now=T0)
    run(told, "job", target="nightly", status="failed")
    found = [each for now in (T0, T0 + 3 * DAY) for each in lines(seen(told, now=now)) if not each.startswith("[ok]")]
    assert len({each.split(" ")[1] for each in found}) > 8
    assert [each for each in found if " -> " not in each] == []


def test_status_counts_a_persons_values(told: Store) -> None:
    """What a person put into our fields is left alone, and said."""
    pull(told, held=[held("40.0")], run_id=1)
    assert line(told, "overrides").startswith(
        "[ok] overrides main: 1 value of people stands in our fields, such as in D1"
    )
