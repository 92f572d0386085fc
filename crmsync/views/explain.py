"""Why a deal has its score: the reasons, the dated facts behind them, the promises of its plan, and what stands in the CRM."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import Row

from crmsync.forecast.reasons import NO_PLAN
from crmsync.records import SAID_SCALE, WORD_AFTER, Kind, Phase, Side
from crmsync.store import deals, pulled, scores
from crmsync.store.engine import Store
from crmsync.views import reasons
from crmsync.views.fact_words import words
from crmsync.views.parts import is_of_promises, part_name

PARSED = (*reasons.KEPT, "reasons", "promises")  # columns of a score that are told apart from it


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score. Base and all parts sum to the score, in log-odds and in tenths of a percentage point."""

    part: str
    text: str
    log_odds: float
    tenths: int


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
    """All of it. `score` is None for a deal that has none yet; base and `log_odds` are 0 then, and of a score by rules."""

    deal: dict[str, Any]
    score: dict[str, Any] | None
    base: float
    base_tenths: int
    log_odds: float
    reasons: list[Reason]
    promises: list[Promise]
    facts: list[DatedFact]
    fields: list[Written]
    says: dict[str, str]  # what each `graded` field of the CRM said of the deal's chance at the score, or says now
    rules: dict[str, int]  # points by rule, of a score by rules; START and they sum to its points


def explain(store: Store, name: str) -> Explanation:
    """Looks a deal up by its CRM's id, ours, or its exact name. Raises BadConfig E125 when there is none, E126 when several."""
    deal = deals.one(store, name)
    row = scores.newest(store, deal.deal_id)
    body: dict[str, Any] = {} if row is None else json.loads(next(reasons.texts(store, [row._mapping])))
    parts: dict[str, float] = body.get("parts", {})
    labels = pulled.stage_labels(store)
    facts = deals.facts(store, deal.deal_id)
    as_of = None if row is None else row.as_of
    ahead = {} if row is None else {each["step"]: each for each in json.loads(row.promises or "[]")}
    return Explanation(
        deal=dict(deal._mapping),
        score=None if row is None else {key: row._mapping[key] for key in row._fields if key not in PARSED},
        base=body.get("base", 0.0),
        base_tenths=body.get("base_tenths", 0),
        log_odds=body.get("base", 0.0) + sum(parts.values()),
        reasons=_reasons(body, labels, planned=row is not None and row.milestones_total > 0),
        promises=[_promise(step, facts, ahead) for step in deals.milestones(store, deal.deal_id)],
        facts=[_fact(fact, labels, as_of) for fact in facts],
        fields=list(_fields(store, deal.deal_id)),
        says=_says(facts, as_of),
        rules=body.get("points", {}),
    )


def _says(facts: list[Row[Any]], as_of: int | None) -> dict[str, str]:
    """The newest of what each field said, of facts that come newest first."""
    said = [fact for fact in facts if fact.kind == Kind.SAID and _counts(fact, as_of)]
    told: dict[str, str] = {}
    for fact in said:
        field, _, word = fact.name.partition(WORD_AFTER)
        told.setdefault(field, word or f"{fact.value / SAID_SCALE:g}")
    return told


def _reasons(body: Mapping[str, Any], labels: Mapping[str, str], *, planned: bool) -> list[Reason]:
    """The strongest first; for a deal without a plan all that promises add is one, as in the text that a seller reads."""
    parts, tenths = body.get("parts", {}), body.get("tenths", {})
    absent = [] if planned else [part for part in parts if is_of_promises(part)]
    told = [Reason(part, part_name(part, labels), parts[part], tenths[part]) for part in parts if part not in absent]
    if absent:
        told.append(Reason("plan", NO_PLAN, *(sum(each[part] for part in absent) for each in (parts, tenths))))
    return sorted(told, key=lambda reason: -abs(reason.log_odds))


def _promise(step: Row[Any], facts: list[Row[Any]], ahead: Mapping[int, Mapping[str, Any]]) -> Promise:
    planned = [fact for fact in facts if fact.milestone_id == step.milestone_id and fact.phase == Phase.PLANNED]
    days = [fact.value for fact in sorted(planned, key=lambda fact: (fact.at, fact.known_at)) if fact.value]
    moves = sum(later != earlier for earlier, later in pairwise(days))
    first = days[0] if days else step.due_on
    likely = ahead.get(step.milestone_id, {}) if step.done_at is None else {}
    expected = (likely.get(name) for name in ("from_on", "likely_on", "until_on"))
    return Promise(step.name, Side(step.side).name.lower(), first, step.due_on, moves, step.done_at, *expected)


def _fact(fact: Row[Any], labels: Mapping[str, str], as_of: int | None) -> DatedFact:
    name = labels.get(fact.name, fact.name)
    what = words(Kind(fact.kind), Phase(fact.phase), name=name, value=fact.value, side=fact.side, person=fact.person)
    return DatedFact(fact.at, fact.known_at, what, _counts(fact, as_of))


def _counts(fact: Row[Any], as_of: int | None) -> bool:
    return as_of is None or max(fact.at, fact.known_at) <= as_of


def _fields(store: Store, deal_id: int) -> Iterator[Written]:
    shown = {row.result: row for row in deals.held(store, deal_id)}
    for row in deals.written(store, deal_id):
        seen = shown.pop(row.result, None)
        held = ("", None) if seen is None else (seen.set_by, seen.value)
        yield Written(row.result, row.target, row.new, row.state or "waiting", row.error or "", held[1], held[0])
    for row in shown.values():
        if row.value is not None:
            yield Written(row.result, "", None, "not ours", "", row.value, row.set_by)
