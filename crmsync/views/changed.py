"""Why a deal's score changed between two dates: parts by cause that sum to the change, each with the facts behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from crmsync.clock import iso
from crmsync.errors import BadConfig
from crmsync.forecast.changes import CAUSES, change
from crmsync.forecast.facts import Facts
from crmsync.forecast.history import History
from crmsync.forecast.points import tenths
from crmsync.records import Kind, Phase
from crmsync.store import deals
from crmsync.store.engine import Store
from crmsync.views.fact_words import words
from crmsync.views.waterfall import fit_of
from crmsync.words import percent
from crmsync.workspace import ModelSpec

SHOWN = 5  # facts of a cause, unless all are asked for


@dataclass(frozen=True, slots=True)
class Act:
    """A fact that came between the two dates."""

    at: int
    what: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause did to the score, in tenths of a percentage point, and its facts, newest first."""

    cause: str
    tenths: int
    acts: list[Act]


@dataclass(frozen=True, slots=True)
class Changed:
    """The two scores, each by the fit that was used then, and the parts: they sum to the printed change."""

    deal: dict[str, Any]
    from_at: int
    to_at: int
    before: float
    after: float
    parts: list[Part]


def between(store: Store, spec: ModelSpec, history: History, name: str, *, from_at: int, to_at: int) -> Changed:
    """The change of one deal's score. Raises BadConfig for a deal that wasn't open at both, Stopped with too few outcomes."""
    if from_at >= to_at:
        what = f"{iso(from_at)} doesn't lie before {iso(to_at)}"
        raise BadConfig("E122", what, remedy="the earlier instant first")
    deal = deals.one(store, name)
    for at in (from_at, to_at):
        _check_open(history, deal.deal_id, name, at=at)
    old, new = (fit_of(store, spec, history, at=at) for at in (from_at, to_at))
    found = change(old, new, history, deal=deal.deal_id, from_at=from_at, to_at=to_at)
    people = deals.people(store)
    told = [_acts(facts, history, people) for facts in found.facts]
    parts = [Part(*each) for each in zip(CAUSES, found.tenths, [*told, []], strict=True)]  # a model has no facts
    return Changed(dict(deal._mapping), from_at, to_at, found.before, found.after, parts)


def _check_open(history: History, deal: int, name: str, *, at: int) -> None:
    if deal not in history.deals or not history.as_of(np.array([deal]), at).is_open[0]:
        remedy = "instants between its beginning and its end; crmsync explain shows its facts"
        raise BadConfig("E132", f"the deal {name!r} was not open at {iso(at)}, so it has no score", remedy=remedy)


def _acts(facts: Facts, history: History, people: Mapping[int, str]) -> list[Act]:
    columns = (facts.at, facts.kind, facts.phase, facts.name, facts.value, facts.side, facts.person)
    found = [
        Act(
            at,
            words(
                Kind(kind), Phase(phase), name=history.labels[label], value=value, side=side, person=people.get(who, "")
            ),
        )
        for at, kind, phase, label, value, side, who in zip(*(each.tolist() for each in columns), strict=True)
    ]
    return sorted(found, key=lambda act: -act.at)


def lines(found: Changed, *, everything: bool = False) -> list[str]:
    """The change as a person reads it; of each cause's facts the newest, unless everything is asked for."""
    deal = found.deal
    before, after = (percent(each, places=1) for each in (found.before, found.after))
    low, high = tenths(np.array([found.before, found.after])).tolist()
    return [
        f"{deal['name'] or '(no name)'}  {deal['crm']} {deal['crm_id']}, deal {deal['deal_id']}",
        f"{before} at {iso(found.from_at)}, {after} at {iso(found.to_at)}",
        "",
        "what changed it (percentage points, which add up)",
        *(line for part in found.parts for line in _part_lines(part, everything=everything)),
        f"  {(high - low) / 10:+5.1f}  in all",
    ]


def _part_lines(part: Part, *, everything: bool) -> Iterator[str]:
    yield f"  {part.tenths / 10:+5.1f}  {part.cause}"
    shown = part.acts if everything else part.acts[:SHOWN]
    yield from (f"           {iso(act.at)}  {act.what}" for act in shown)
    if left := len(part.acts) - len(shown):
        yield f"           ... and {left:,} more; --all shows them"
