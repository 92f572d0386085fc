"""Why a deal has its score: the reasons, the dated facts behind them, the promises of its plan, and what stands in the CRM."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import Row

from crmsync.clock import iso, to_date
from crmsync.forecast.feature import FEATURES, Feature
from crmsync.forecast.features import ALL
from crmsync.forecast.reasons import NO_PLAN
from crmsync.forecast.rules import SENTENCES, START
from crmsync.money import to_major
from crmsync.records import RULES, SAID_SCALE, WORD_AFTER, Kind, Phase, Side
from crmsync.store import deals, pulled, scores
from crmsync.store.engine import Store
from crmsync.views.cells import document
from crmsync.words import many, percent

SHOWN = 20  # facts, unless all are asked for
SLIGHT = 0.005  # of log-odds, about a tenth of a percentage point: what moves a score less is told as one sum, unless all are


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score; base and all parts sum to `log_odds` of the score."""

    part: str
    text: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class DatedFact:
    """A fact as a person reads it. `counts`: the CRM showed it by the score's as-of instant."""

    at: int
    known_at: int
    what: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """A step of the plan: first promised for, promised for now, how often that moved, when it was done or likely will be."""

    name: str
    side: str
    first_on: int | None
    due_on: int | None
    moves: int
    done_at: int | None
    from_on: int | None  # the range of 80 % of an open step, and its middle
    likely_on: int | None
    until_on: int | None


@dataclass(frozen=True, slots=True)
class Written:
    """One of our fields: what we planned last, what became of it, and what the CRM showed at the newest pull."""

    result: str
    target: str
    planned: str | None
    state: str  # "waiting", or that of the newest receipt
    error: str
    shown: str | None
    set_by: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it. `score` is None for a deal that has none yet; `base` and `log_odds` are 0 then, and of a score by rules."""

    deal: dict[str, Any]
    score: dict[str, Any] | None
    base: float
    log_odds: float
    reasons: list[Reason]
    promises: list[Promise]
    facts: list[DatedFact]
    fields: list[Written]
    rules: dict[str, int]  # points by rule, of a score by rules; START and they sum to its points


def explain(store: Store, name: str) -> Explanation:
    """Looks a deal up by its CRM's id, ours, or its exact name. Raises BadConfig E125 when there is none, E126 when several."""
    deal = deals.one(store, name)
    row = scores.newest(store, deal.deal_id)
    body: dict[str, Any] = {} if row is None else json.loads(row.reasons)
    parts: dict[str, float] = body.get("parts", {})
    labels = pulled.stage_labels(store)
    facts = deals.facts(store, deal.deal_id)
    as_of = None if row is None else row.as_of
    ahead = {} if row is None else {each["step"]: each for each in json.loads(row.promises or "[]")}
    return Explanation(
        deal=dict(deal._mapping),
        score=None
        if row is None
        else {key: value for key, value in row._mapping.items() if key not in ("reasons", "promises")},
        base=body.get("base", 0.0),
        log_odds=body.get("base", 0.0) + sum(parts.values()),
        reasons=_reasons(parts, labels, planned=row is not None and row.milestones_total > 0),
        promises=[_promise(step, facts, ahead) for step in deals.milestones(store, deal.deal_id)],
        facts=[_fact(fact, labels, as_of) for fact in facts],
        fields=list(_fields(store, deal.deal_id)),
        rules=body.get("points", {}),
    )


def _reasons(parts: Mapping[str, float], labels: Mapping[str, str], *, planned: bool) -> list[Reason]:
    """The strongest first; for a deal without a plan all that promises add is one, as in the text that a seller reads."""
    leads = {part: _lead(part) for part in parts}
    absent = [] if planned else [part for part, lead in leads.items() if lead and lead.family == "promises"]
    told = [Reason(part, _sentence(part, leads[part], labels), parts[part]) for part in parts if part not in absent]
    told += [Reason("plan", NO_PLAN, sum(parts[part] for part in absent))] if absent else []
    return sorted(told, key=lambda reason: -abs(reason.log_odds))


def _lead(part: str) -> Feature | None:
    """The first feature of a part."""
    return next((FEATURES[each] for each in ALL if FEATURES[each].part == part.partition(":")[0]), None)


def _sentence(part: str, lead: Feature | None, labels: Mapping[str, str]) -> str:
    """What a part is about: the sentence of its first feature, with the level that it names."""
    name, _, level = part.partition(":")
    sentence = name if lead is None else lead.sentence
    return f"{sentence}: {labels.get(level, level)}" if level else sentence


def _promise(step: Row[Any], facts: list[Row[Any]], ahead: Mapping[int, Mapping[str, Any]]) -> Promise:
    planned = [fact for fact in facts if fact.milestone_id == step.milestone_id and fact.phase == Phase.PLANNED]
    days = [fact.value for fact in sorted(planned, key=lambda fact: (fact.at, fact.known_at)) if fact.value]
    moves = sum(later != earlier for earlier, later in pairwise(days))
    first = days[0] if days else step.due_on
    likely = ahead.get(step.milestone_id, {}) if step.done_at is None else {}
    expected = (likely.get(name) for name in ("from_on", "likely_on", "until_on"))
    return Promise(step.name, Side(step.side).name.lower(), first, step.due_on, moves, step.done_at, *expected)


def _fact(fact: Row[Any], labels: Mapping[str, str], as_of: int | None) -> DatedFact:
    kind, phase = Kind(fact.kind), Phase(fact.phase)
    words = [kind.name.lower().replace("_", " ")]
    words += [] if phase is Phase.HAPPENED else [phase.name.lower()]
    words += [labels.get(fact.name, fact.name)] if fact.name and kind is not Kind.AMOUNT else []
    words += [value] if (value := _value(fact, kind, phase)) else []
    words += [f"({Side(fact.side).name.lower()})"] if fact.side else []
    words += [f"by {fact.person}"] if fact.person else []
    counts = as_of is None or max(fact.at, fact.known_at) <= as_of
    return DatedFact(fact.at, fact.known_at, " ".join(words), counts)


def _value(fact: Row[Any], kind: Kind, phase: Phase) -> str:
    """The number of a fact as its kind means it."""
    if kind is Kind.AMOUNT:
        return f"{to_major(fact.value, fact.name):,} {fact.name}".rstrip()
    if kind is Kind.SAID:
        return "" if WORD_AFTER in fact.name else f"{fact.value / SAID_SCALE:g}"
    if kind is Kind.OUTCOME:
        return "" if phase is Phase.REOPENED else "won" if fact.value else "lost"
    if kind is Kind.CLOSE_ON or (kind is Kind.MILESTONE and phase is Phase.PLANNED):
        return f"for {to_date(fact.value).isoformat()}" if fact.value else "without a date"
    return ""


def _fields(store: Store, deal_id: int) -> Iterator[Written]:
    shown = {row.result: row for row in deals.held(store, deal_id)}
    for row in deals.written(store, deal_id):
        seen = shown.pop(row.result, None)
        held = ("", None) if seen is None else (seen.set_by, seen.value)
        yield Written(row.result, row.target, row.new, row.state or "waiting", row.error or "", held[1], held[0])
    for row in shown.values():
        if row.value is not None:
            yield Written(row.result, "", None, "not ours", "", row.value, row.set_by)


def lines(found: Explanation, *, everything: bool = False) -> list[str]:
    """As a person reads it, the score first."""
    deal = found.deal
    told = [f"{deal['name'] or '(no name)'}  {deal['crm']} {deal['crm_id']}, deal {deal['deal_id']}, {_state(deal)}"]
    told += _score_lines(found, slight=0.0 if everything else SLIGHT)
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


def _score_lines(found: Explanation, *, slight: float) -> list[str]:
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
        *_plan_lines(score),
        "",
        "why (log-odds, which add up)",
        f"  {found.base:+.3f}  where a usual deal stands",
        *_reason_lines(found.reasons, slight=slight),
        f"  {found.log_odds:+.3f}  = {percent(score['probability'], places=1)}",
    ]


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


def _reason_lines(reasons: list[Reason], *, slight: float) -> list[str]:
    """A line for each reason, the strongest first, and one for all that are below `slight` together, so that the lines add up."""
    strong = [reason for reason in reasons if abs(reason.log_odds) >= slight]
    told = [f"  {reason.log_odds:+.3f}  {reason.text}" for reason in strong]
    if rest := reasons[len(strong) :]:
        told.append(
            f"  {sum(reason.log_odds for reason in rest):+.3f}  {len(rest)} more, each less than {slight}; --all shows them"
        )
    return told


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
