"""The verbs from an empty store to fields in both CRMs, and what can be asked afterwards."""

import csv
import json
import re
from pathlib import Path

from tests.verbs.conftest import STORY, Call, Said, call


def test_every_step_of_the_story_ends_well(story: dict[str, Said]) -> None:
    """A newcomer who types the verbs in their order meets no fault."""
    told = {
        step: [line for line in said.err.splitlines() if not line.startswith("so far: ")]
        for step, said in story.items()
    }
    assert {step: (said.code, told[step]) for step, said in story.items()} == dict.fromkeys(STORY, (0, []))


def test_every_step_ends_with_a_countable_line(story: dict[str, Said]) -> None:
    """Each CRM and model gets a line with counts and time."""
    for step in ("pull", "stage", "push"):
        crms = [
            re.match(rf"{step} (\w+): [\d,]+ [\w ]+, .*\d s(, run \d+)?$", line)
            for line in story[step].out.splitlines()
        ]
        assert [found and found[1] for found in crms] == ["main", "hub"]
    assert re.match(r"train close: \d+ deals, .*\d s\n$", story["train"].out)


def test_check_passes_once_the_fields_are_there(story: dict[str, Said], crmsync: Call) -> None:
    """With config, rights and fields in place nothing fails, and the counts close the list."""
    said = crmsync("check")
    assert (said.code, said.out.splitlines()[-1].endswith(", 0 failed")) == (0, True)


def test_a_second_round_writes_nothing(story: dict[str, Said], crmsync: Call) -> None:
    """With the CRMs' clocks stopped and nothing changed there is nothing to plan."""
    crmsync("pull")
    crmsync("score")
    rows = json.loads(crmsync("stage", "--json").out)
    assert [(row["target"], row["counts"]["planned"]) for row in rows] == [("main", 0), ("hub", 0)]


def test_status_finds_nothing_wrong(story: dict[str, Said], crmsync: Call) -> None:
    """After the story nothing waits and nothing failed, whatever a refused call has left in the ledger before."""
    assert [crmsync(step).code for step in ("train", "score")] == [0, 0]
    said = crmsync("status")
    assert (said.code, [line for line in said.out.splitlines() if not line.startswith("[ok]")]) == (0, [])


def test_verify_finds_the_same_deals_on_both_sides(story: dict[str, Said], crmsync: Call) -> None:
    """The ids in the store are those that the CRMs show, of deals and of steps; the dump has a digest."""
    said = crmsync("verify")
    compared = re.findall(r"^verify (\w+): .* 0 missing here, 0 missing there; \d+ months", said.out, re.MULTILINE)
    assert (said.code, compared) == (0, ["main"] * 3 + ["hub"] * 3)
    assert re.search(r"^dump [0-9a-f]{64}$", said.out, re.MULTILINE)


def test_verify_tells_what_the_store_lacks(story: dict[str, Said], workspace: Path, tmp_path: Path) -> None:
    """A store that has pulled nothing differs, which is no fault but exit code 1."""
    (tmp_path / "config.toml").write_text((workspace / "config.toml").read_text())
    said = call("verify", "--crm", "hub", "--config", str(tmp_path / "config.toml"))
    assert (said.code, said.out.startswith("[fail] hub deals: only in the CRM: 4000")) == (1, True)


def test_reconcile_tells_what_it_compared_and_verify_how_far(story: dict[str, Said], crmsync: Call) -> None:
    """Where nothing slipped the one heals nothing, counts its calls, and the other says so."""
    healed, verified = crmsync("reconcile", "--crm", "hub").out, crmsync("verify", "--crm", "hub").out
    assert re.search(r"^reconcile hub: [\d,]+ compared, 0 healed, 0 new, 0 gone, .* [\d,]+ calls", healed, re.MULTILINE)
    assert re.search(r"^verify hub: complete up to 2\S+Z, 0 healed by the last reconcile$", verified, re.MULTILINE)


def test_export_of_scores_has_every_open_deal(story: dict[str, Said], crmsync: Call) -> None:
    """stdout takes the CSV, one row for each deal that was scored."""
    rows = list(csv.DictReader(crmsync("export", "score").out.splitlines()))
    scored = re.search(r"([\d,]+) scored", story["score"].out)
    assert scored is not None
    assert len(rows) == int(scored[1])


def test_explain_adds_up_and_shows_what_the_crm_got(story: dict[str, Said], crmsync: Call) -> None:
    """The reasons of a scored deal sum to its log-odds, and its fields say done."""
    row = next(csv.DictReader(crmsync("export", "score").out.splitlines()))
    found = json.loads(crmsync("explain", row["crm_id"], "--json").out)
    added = found["base"] + sum(reason["log_odds"] for reason in found["reasons"])
    assert abs(added - found["log_odds"]) < 1e-9
    assert {field["state"] for field in found["fields"]} == {"done"}


def test_backtest_writes_each_prediction(story: dict[str, Said], crmsync: Call, tmp_path: Path) -> None:
    """The figures stand beside the baselines, and the file starts as a file of predictions."""
    out = tmp_path / "past.csv"
    span = ("--from", "2026-01-05", "--to", "2026-03-02", "--every", "28")
    said = crmsync("backtest", *span, "--out", str(out))
    assert [line.split("  ")[0] for line in said.out.splitlines()][1:4] == ["model", "stage rate", "base rate"]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert {row["as_of"][:10] for row in rows} == {"2026-01-05", "2026-02-02", "2026-03-02"}
    assert list(rows[0])[:5] == ["crm", "crm_id", "as_of", "fit_id", "probability"]


def test_learning_and_scoring_ahead_of_the_newest_pull_is_refused(story: dict[str, Said], crmsync: Call) -> None:
    """A score that is dated ahead would stand before every true one until that day comes."""
    said = [crmsync(step, "--as-of", "2026-06-01T00:00:01Z") for step in ("train", "score")]
    assert [(each.code, each.err[:14]) for each in said] == [(2, "E410 --as-of: ")] * 2


def test_backtest_leaves_out_days_that_no_pull_has_reached(story: dict[str, Said], crmsync: Call) -> None:
    """A span that ends far ahead costs no more than the days that are past."""
    found = json.loads(crmsync("backtest", "--from", "2026-05-30", "--to", "9999-12-31", "--every", "1", "--json").out)
    assert found["dates"] == 3


def test_backtest_before_any_past_is_refused(story: dict[str, Said], crmsync: Call) -> None:
    """Dates with too little to learn from are told in one line, by a guard."""
    said = crmsync("backtest", "--from", "2000-01-01", "--to", "2000-02-01")
    assert (said.code, said.err[:4]) == (3, "E409")


def test_run_takes_a_job_and_jobs_tells_of_it(story: dict[str, Said], crmsync: Call) -> None:
    """A job run by hand stands in the list as run."""
    assert crmsync("run", "pull").code == 0
    assert re.search(r"^pull +0 \* \* \* \* .* done ", crmsync("jobs").out, re.MULTILINE)


def test_run_refuses_an_unknown_job(crmsync: Call) -> None:
    """A job without a file is one line with the names that there are."""
    said = crmsync("run", "hourly")
    assert (said.code, said.err.count("\n"), said.err.split("-> ")[1]) == (
        2,
        1,
        "one of: daily, nightly, pull, weekly\n",
    )


def test_card_of_a_model_that_there_isnt_names_those_that_are(crmsync: Call) -> None:
    """A mistyped name isn't sent to be trained."""
    said = crmsync("card", "--model", "clos")
    assert (said.code, said.err.split(" -> ")[1]) == (2, "one of: close\n")


def test_explain_splits_a_change_between_two_dates(story: dict[str, Said], crmsync: Call) -> None:
    """From one day to another the causes sum to what the two printed chances differ by; a day alone is no span."""
    row = json.loads(crmsync("export", "score", "--json").out)[0]
    facts = json.loads(crmsync("explain", row["crm_id"], "--json").out)["facts"]
    found = json.loads(crmsync("explain", row["crm_id"], "--from", facts[-1]["known_at"], "--json").out)
    ends = (round(1000 * found[end]) for end in ("before", "after"))
    assert sum(part["tenths"] for part in found["parts"]) == -(next(ends) - next(ends))
    assert crmsync("explain", row["crm_id"], "--to", "2026-05-01").err.startswith("E122 --to without --from")


def test_explain_splits_changes_of_the_models_own_deals_only(
    story: dict[str, Said], crmsync: Call, workspace: Path
) -> None:
    """A deal of a CRM that a model isn't of has no score by it, so nothing that changed."""
    narrow = workspace / "models" / "narrow.toml"
    narrow.write_text((workspace / "models" / "close.toml").read_text() + '[population]\ncrms = ["main"]\n')
    deal = next(
        row["crm_id"] for row in csv.DictReader(crmsync("export", "score").out.splitlines()) if row["crm"] == "hub"
    )
    known_at = json.loads(crmsync("explain", deal, "--json").out)["facts"][-1]["known_at"]
    said = crmsync("explain", deal, "--from", known_at, "--model", "narrow")
    narrow.unlink()
    assert (said.code, said.err[:4]) == (2, "E132")


def test_explain_refuses_an_unknown_deal(crmsync: Call) -> None:
    """A deal that isn't there is one line."""
    said = crmsync("explain", "nobody")
    assert (said.code, said.out, said.err[:18]) == (2, "", "E125 no deal 'nobo")


def test_undo_takes_a_push_back(story: dict[str, Said], crmsync: Call) -> None:
    """What the story wrote is gone again, and a run that wrote nothing is refused in one line; the story is then told anew."""
    (push,) = re.findall(r"push hub: .* run (\d+)$", story["push"].out, re.MULTILINE)
    said = crmsync("undo", push)
    assert (said.code, bool(re.match(r"undo hub: [\d,]+ planned, .* run \d+$", said.out.splitlines()[-1]))) == (0, True)
    refused = crmsync("undo", "1")
    assert (refused.code, refused.err.startswith("E504 run 1 is a pull")) == (2, True)
    assert [crmsync(*step).code for step in (("pull",), ("stage",), ("push",))] == [0, 0, 0]
