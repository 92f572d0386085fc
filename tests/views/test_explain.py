"""Why a deal has its score."""

import json

import numpy as np
import pytest

from crmsync.errors import BadConfig
from crmsync.forecast.features import FEATURES
from crmsync.forecast.points import points
from crmsync.store import outbox
from crmsync.store.engine import Store
from crmsync.views.explain import explain
from crmsync.views.explained import SHOWN, lines
from tests.store.rows import T0, deal, fact, gone, pull, save, score
from tests.views.conftest import DAY, REASONS


def test_explain_reasons_sum_to_the_log_odds(told: Store) -> None:
    """Base and reasons add up to what the probability is made of, the strongest reason first."""
    found = explain(told, "D1")
    assert found.log_odds == found.base + sum(reason.log_odds for reason in found.reasons) == 0.75
    assert [reason.part for reason in found.reasons] == ["step_done:Security review", "age"]


def test_explain_lines_show_points_that_sum_to_the_printed_score(told: Store) -> None:
    """What a reader adds up, from where a usual deal stands, is the score to its last digit."""
    shown = lines(explain(told, "D1"))
    begun = shown.index("why (percentage points, which add up)") + 1
    told_points = [float(line.split()[0]) for line in shown[begun : begun + 4]]
    assert told_points == [26.9, 35.1, 5.9, 67.9]
    assert shown[begun + 3].endswith("= 67.9 %")


def test_explain_of_a_score_by_rules_shows_points_that_add_up(told: Store) -> None:
    """Points, their rules, and nothing that could be read as a probability."""
    reasons = json.dumps({"start": 50, "points": {"plan_done": 10, "idle": -15}})
    row = score(
        1, as_of=T0 + 3 * DAY, kind="rules", probability=None, points=45, reasons=reasons, text="45 of 100 points"
    )
    save(told, row)
    shown = "\n".join(lines(explain(told, "D1")))
    assert shown.index("45 of 100 points by stated rules (no probability") < shown.index("-15  nobody did anything")
    assert "%" not in shown


def test_explain_says_a_reason_in_the_words_of_its_feature(told: Store) -> None:
    """A seller reads a sentence and the step's name, not the name of a function."""
    assert explain(told, "D1").reasons[0].text.endswith(": Security review")


def test_explain_calls_the_rest_of_a_part_others(told: Store) -> None:
    """What is rare or new to the fit stands together, in the word of the text that a seller reads."""
    save(told, score(1, as_of=T0 + 3 * DAY, reasons=_body({"stage:": 0.25})))
    assert explain(told, "D1").reasons[0].text == f"{FEATURES['stage'].sentence}: others"


@pytest.mark.parametrize(("steps", "parts"), [(0, ["plan", "age"]), (1, ["step:Legal", "age", "buyer_moves"])])
def test_explain_tells_a_missing_plan_as_one_reason(told: Store, steps: int, parts: list[str]) -> None:
    """Dates that nobody could move are no reason of their own; the sum stays the same."""
    body = _body({"age": 0.25, "step:Legal": -0.5, "buyer_moves": 0.125})
    save(told, score(1, as_of=T0 + 3 * DAY, milestones_total=steps, reasons=body))
    found = explain(told, "D1")
    assert [reason.part for reason in found.reasons] == parts
    assert found.base + sum(reason.log_odds for reason in found.reasons) == found.log_odds
    assert found.base_tenths + sum(reason.tenths for reason in found.reasons) == 593  # the sigmoid of 0.375


def test_explain_marks_what_wasnt_known_at_the_score(told: Store) -> None:
    """A fact after the as-of instant is shown, and told apart."""
    facts = explain(told, "D1").facts
    assert [fact.counts for fact in facts] == [False, True, True, True, True]
    assert facts[0].what == "meeting done (seller)"


def test_explain_shows_values_as_their_kinds_mean_them(told: Store) -> None:
    """Money in its currency, promises as dates, stages as people call them."""
    words = {fact.what for fact in explain(told, "D1").facts}
    assert {"stage Proposal (seller)", "amount 12,500.00 EUR (seller)"} <= words
    assert "milestone planned Security review for 2024-11-13 (buyer)" in words


def test_explain_counts_how_often_a_promise_moved(told: Store) -> None:
    """A step tells its first promise, the present one, and the moves between."""
    (step,) = explain(told, "D1").promises
    assert (step.first_on, step.due_on, step.moves, step.side) == (20_040, 20_050, 1, "buyer")


def test_explain_tells_when_a_promise_will_be_kept(told: Store) -> None:
    """An open step has its range, and the step that decides stands beside the word on the CRM's own date."""
    promise = {"step": 1, "name": "Security review", "from_on": 20_048, "likely_on": 20_055, "until_on": 20_080}
    plan = {"deciding_step": "Security review", "deciding_step_on": 20_055, "on_time": 0.1, "on_time_text": "Unlikely."}
    plan |= {"won_in_period": 0.125, "won_next_period": 0.25}
    save(told, score(1, as_of=T0 + 3 * DAY, reasons=REASONS, promises=json.dumps([promise]), **plan))
    found = explain(told, "D1")
    assert [(step.from_on, step.likely_on, step.until_on) for step in found.promises] == [(20_048, 20_055, 20_080)]
    text = "\n".join(lines(found))
    assert "open, likely done 2024-11-28 (80 %: 2024-11-21 to 2024-12-23)" in text
    assert "won in this fiscal quarter 12.5 %, in the next 25.0 %" in text
    assert "Unlikely.\nthe promise that decides: Security review, likely kept 2024-11-28" in text


def test_explain_tells_what_became_of_a_value(told: Store) -> None:
    """A value that waits, and then one that was written, stands beside what the CRM showed."""
    assert [(field.planned, field.state, field.shown) for field in explain(told, "D1").fields] == [
        ("67.9", "waiting", None)
    ]
    outbox.note(told, [(1, outbox.FAILED, "locked")], run_id=1, now=T0)
    assert "failed (locked)" in "\n".join(lines(explain(told, "D1")))


def test_explain_finds_a_deal_by_either_id(told: Store) -> None:
    """Our number and the CRM's id mean the same deal."""
    assert explain(told, "1") == explain(told, "D1")


def test_explain_lists_the_deals_of_an_ambiguous_name(told: Store) -> None:
    """A name that two deals bear is refused, with the ids of both."""
    with pytest.raises(BadConfig, match=r"E126.*main D1, main D2"):
        explain(told, "Ten seats")


def test_explain_follows_a_merge_to_the_deal_that_lives_on(told: Store) -> None:
    """The id of a deal that was merged away still finds its facts' new home."""
    pull(told, gone=[{**gone("D2"), "survivor": "D1"}])
    assert explain(told, "D2").deal["crm_id"] == "D1"


def test_explain_refuses_a_deal_that_isnt_there(told: Store) -> None:
    """An unknown deal is told with a remedy."""
    with pytest.raises(BadConfig, match="E125 no deal 'D9' ->"):
        explain(told, "D9")


def test_explain_of_an_empty_store_says_what_to_do(store: Store) -> None:
    """Where there is no deal at all, no other name helps."""
    with pytest.raises(BadConfig, match="E125 no deal 'D1' -> crmsync pull"):
        explain(store, "D1")


def test_explain_lines_of_a_deal_without_a_score_say_what_to_do(told: Store) -> None:
    """A deal that was never scored is shown all the same."""
    assert lines(explain(told, "D2"))[1] == "not scored yet -> crmsync score"


@pytest.mark.parametrize(
    ("left", "why"), [(False, "never scored: it is closed"), (True, "never scored: it has left the CRM")]
)
def test_explain_lines_of_a_deal_that_is_never_scored_say_why(told: Store, why: str, *, left: bool) -> None:
    """No scoring would give it a score: only open deals get one."""
    pull(told, deals=[deal("D2", closed_at=T0 + DAY, won=True)], gone=[gone("D2")] if left else [])
    assert lines(explain(told, "D2"))[1] == f"{why}, and only open deals are scored"


def test_explain_lines_cap_the_facts_unless_all_are_wanted(told: Store) -> None:
    """A long past is cut, and says so."""
    facts = [fact("D2", at=T0 + number, known_at=T0 + number, source_id=f"C{number}") for number in range(SHOWN + 5)]
    pull(told, deals=[deal("D2")], facts=facts)
    found = explain(told, "D2")
    assert lines(found)[-1] == "  ... and 5 more; --all shows them"
    assert len(lines(found, everything=True)) == len(lines(found)) + 4


def test_explain_lines_sum_up_slight_reasons_unless_all_are_wanted(told: Store) -> None:
    """What no digit of the score shows is one line."""
    body = _body({"age": 0.5, "idle": 0.0004, "acts": 0.0003})
    save(told, score(1, as_of=T0 + 3 * DAY, reasons=body))
    found = explain(told, "D1")
    assert "   +0.0  2 more, each less than 0.1; --all shows them" in lines(found)
    assert len(lines(found, everything=True)) == len(lines(found)) + 1


def _body(log_odds: dict[str, float]) -> str:
    """The reasons of a score, as they are stored."""
    tenths = dict(zip(log_odds, points(0.5, np.array([[*log_odds.values()]]))[0].tolist(), strict=True))
    return json.dumps({"base": 0.5, "parts": log_odds, "base_tenths": 622, "tenths": tenths})
