"""Plan milestones and room visits: a plan tool's custom objects."""

import numpy as np

from crmsync.sandbox.columns import (
    BUYER,
    COMPLETE,
    HAPPENED,
    MILESTONE,
    PLAN_OBJECT,
    REOPEN,
    SCHEDULE,
    SELLER,
    UNKNOWN,
    VIEW,
    Ints,
)
from crmsync.sandbox.hubspot.deals import show_owner
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.moments import day_text, instant_text
from crmsync.sandbox.hubspot.past import Past
from crmsync.sandbox.hubspot.schema import ObjectType
from crmsync.sandbox.items import Items, items
from crmsync.sandbox.records import Changes

_DUE, _DONE = range(2)
_SIDES = {BUYER: "buyer", SELLER: "seller"}  # blank for a step of which nobody knows whose it is


def _changes(past: Past, found: Items) -> Changes:
    """What each fact sets: the day promised, or the instant done; a reopened step loses the latter."""
    moves = np.flatnonzero(np.isin(found.lifecycle, (SCHEDULE, COMPLETE, HAPPENED, REOPEN)))
    kind = found.lifecycle[moves]
    value = np.where(kind == SCHEDULE, found.value[moves], np.where(kind == REOPEN, UNKNOWN, found.at[moves]))
    field = np.where(kind == SCHEDULE, _DUE, _DONE)
    return Changes(found.item[moves], found.at[moves], field, value, past.owners_of(found.who[moves]))


def milestone_kind(past: Past, schema: ObjectType) -> tuple[Kind, Ints]:
    """Milestones, and by row the deal of each."""
    facts = past.world.facts
    plan = past.world.deals.plan[past.deals][past.fact_deal]
    found = items(past, (facts.kind[past.facts] == MILESTONE) & (plan == PLAN_OBJECT))
    name, side = found.heads(facts.name), found.heads(facts.side)
    maker = past.owners_of(found.who[found.head])
    kind = past.kind(
        schema,
        created_at=found.created_at,
        fixed={
            "title": lambda row: past.word(int(name[row])) or f"Step {row + 1}",
            "side": lambda row: _SIDES.get(int(side[row])),
            "hubspot_owner_id": lambda row: None if maker[row] == UNKNOWN else show_owner(int(maker[row])),
        },
        changing={"due_on": day_text, "completed_at": instant_text},
        changes=_changes(past, found),
        deleted_at=found.deleted_at,
        makers=maker,
    )
    return kind, found.deal


def visit_kind(past: Past, schema: ObjectType) -> tuple[Kind, Ints]:
    """Visits to a plan's room, which happen once and never change, and by row the deal of each."""
    facts, people = past.world.facts, past.world.people
    mine = np.flatnonzero(facts.kind[past.facts] == VIEW)
    at, who = past.fact_at[mine], facts.who[past.facts[mine]]
    kind = past.kind(
        schema,
        created_at=at,
        fixed={
            "title": lambda row: f"Visit {row + 1}",
            "visited_at": lambda row: instant_text(int(at[row])),
            "kind": lambda _row: "view",
            "visitor": lambda row: None if who[row] == UNKNOWN else people[who[row]].email,
        },
    )
    return kind, past.fact_deal[mine]
