"""An explanation as a person reads it, the score first."""

from collections.abc import Mapping
from typing import Any

from crmsync.clock import iso, to_date
from crmsync.forecast.rules import SENTENCES, START
from crmsync.records import RULES
from crmsync.views.cells import document
from crmsync.views.explain import Explanation, Promise, Reason, Written
from crmsync.words import many, percent

SHOWN = 20  # facts, unless all are asked for


def lines(found: Explanation, *, everything: bool = False) -> list[str]:
    """All of it; of facts and reasons the newest and strongest, unless everything is asked for."""
    deal = found.deal
    told = [f"{deal['name'] or '(no name)'}  {deal['crm']} {deal['crm_id']}, deal {deal['deal_id']}, {_state(deal)}"]
    told += _score_lines(found, everything=everything)
    told += ["", "plan", *map(_promise_line, found.promises)] if found.promises else ["", "no plan yet"]
    told += ["", "fields in the CRM"] + [_field_line(each) for each in found.fields] if found.fields else []
    shown = found.facts if everything else found.facts[:SHOWN]
    told += ["", "facts, newest first"]
    told += [f"  {iso(fact.at)}  {fact.what}{'' if fact.counts else '  (not known then)'}" for fact in shown]
    if len(shown) < len(found.facts):
        told.append(f"  ... and {len(found.facts) - len(shown):,} more; --all shows them")
    return told


def _state(deal: Mapping[str, Any]) -> str:
    if deal["gone_at"] is not None:
        return f"left the CRM at {iso(deal['gone_at'])}"
    if deal["closed_at"] is None:
        return "open"
    return f"{'won' if deal['won'] else 'lost'} at {iso(deal['closed_at'])}"


def _score_lines(found: Explanation, *, everything: bool) -> list[str]:
    if found.score is None:
        return [_unscored(found.deal)]
    score = document(found.score)
    if score["kind"] == RULES:
        return _rule_lines(score, found.rules)
    days = f"{score['close_p20']} to {score['close_p80']}"
    return [
        f"{percent(score['probability'], places=1)} ({score['kind']}), closing {score['close_p50']} ({days}), risk {score['risk']}",
        f"as of {score['as_of']}, fit {score['fit_id']}, run {score['run_id']}",
        f"a seller reads: {score['text']}",
        f"proposed category {score['category']}{_in_the_crm(found.says)}",
        *_plan_lines(score),
        "",
        "why (percentage points, which add up)",
        f"  {found.base_tenths / 10:5.1f}  where a usual deal stands",
        *_reason_lines(found.reasons, everything=everything),
        f"  {_reached(found) / 10:5.1f}  = {percent(score['probability'], places=1)}",
    ]


def _in_the_crm(says: Mapping[str, str]) -> str:
    return f"; in the CRM: {', '.join(f'{field} {value}' for field, value in says.items())}" if says else ""


def _unscored(deal: Mapping[str, Any]) -> str:
    """Why a deal has no score: only one that is open and there gets one."""
    if deal["gone_at"] is not None:
        return "never scored: it has left the CRM, and only open deals are scored"
    if deal["closed_at"] is not None:
        return "never scored: it is closed, and only open deals are scored"
    return "not scored yet -> crmsync score"


def _plan_lines(score: Mapping[str, Any]) -> list[str]:
    """The chances of two periods, what becomes of the CRM's own date, and the promise that decides."""
    told = []
    if score["won_next_period"] is not None:
        told.append(
            f"won in this fiscal quarter {percent(score['won_in_period'], places=1)}"
            f", in the next {percent(score['won_next_period'], places=1)}"
        )
    told += [] if score["on_time_text"] is None else [score["on_time_text"]]
    if score["deciding_step"] is not None:
        told.append(f"the promise that decides: {score['deciding_step']}, likely kept {score['deciding_step_on']}")
    return told


def _rule_lines(score: Mapping[str, Any], rules: Mapping[str, int]) -> list[str]:
    """A score by rules, which has points and no probability."""
    return [
        f"{score['points']} of 100 points by stated rules (no probability: too few deals have closed), risk {score['risk']}",
        f"as of {score['as_of']}, run {score['run_id']}",
        f"a seller reads: {score['text']}",
        "",
        "why (points, which add up)",
        f"  {START:+3}  where every deal begins",
        *(f"  {points:+3}  {SENTENCES[name]}" for name, points in rules.items()),
        f"  {score['points']:3}  points",
    ]


def _reason_lines(reasons: list[Reason], *, everything: bool) -> list[str]:
    """A line for each reason, the strongest first, and one for all that no digit shows, unless all are asked for."""
    told = [reason for reason in reasons if everything or reason.tenths]
    lines = [f"  {reason.tenths / 10:+5.1f}  {reason.text}" for reason in told]
    if left := len(reasons) - len(told):
        lines.append(f"  {0:+5.1f}  {left} more, each less than 0.1; --all shows them")
    return lines


def _reached(found: Explanation) -> int:
    """Tenths of a point: the base and all reasons, which is the score as it is printed."""
    return found.base_tenths + sum(reason.tenths for reason in found.reasons)


def _promise_line(step: Promise) -> str:
    due = "no date" if step.due_on is None else f"due {to_date(step.due_on).isoformat()}"
    moved = (
        f", first {to_date(step.first_on).isoformat()}, moved {many(step.moves, 'time')}"
        if step.first_on and step.moves
        else ""
    )
    done = _still_open(step) if step.done_at is None else f"done {iso(step.done_at)}"
    return f"  {step.name} ({step.side}): {due}{moved}; {done}"


def _still_open(step: Promise) -> str:
    if step.from_on is None or step.likely_on is None or step.until_on is None:
        return "open"
    begin, likely, end = (to_date(day).isoformat() for day in (step.from_on, step.likely_on, step.until_on))
    return f"open, likely done {likely} (80 %: {begin} to {end})"


def _field_line(field: Written) -> str:
    shown = "(blank)" if field.shown is None else field.shown
    if not field.target:
        return f"  {field.result}: the CRM shows {shown}, set by {field.set_by or 'somebody'}"
    error = f" ({field.error})" if field.error else ""
    planned = "(blank)" if field.planned is None else field.planned
    return f"  {field.result} -> {field.target}: {planned}, {field.state}{error}; at the last pull: {shown}"
