"""Plan milestones as a custom object, with the history of their due and done dates."""

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
    Ints,
)
from crmsync.sandbox.items import Items, items
from crmsync.sandbox.records import Changes
from crmsync.sandbox.salesforce.past import SYSTEM_USER, Past, show_day, show_instant
from crmsync.sandbox.salesforce.table import Table

TRACKED = ("Due_Date__c", "Completed_At__c")
_DUE, _DONE = range(2)
_SIDES = {BUYER: "buyer", SELLER: "seller"}  # blank for a step of which nobody knows whose it is


def milestone_changes(past: Past, found: Items) -> Changes:
    """What each fact sets: the day promised, or the instant done; a reopened step loses the latter."""
    facts = found.lifecycle
    moves = np.flatnonzero(np.isin(facts, (SCHEDULE, COMPLETE, HAPPENED, REOPEN)))
    kind = facts[moves]
    field = np.where(kind == SCHEDULE, _DUE, _DONE)
    value = np.where(kind == SCHEDULE, found.value[moves], np.where(kind == REOPEN, UNKNOWN, found.at[moves]))
    return Changes(found.item[moves], found.at[moves], field, value, past.users_of(found.who[moves]))


def milestone_tables(past: Past) -> tuple[Table, Table]:
    """Milestone__c and Milestone__History."""
    facts = past.world.facts
    plan = past.world.deals.plan[past.deals][past.fact_deal]
    found = items(past, (facts.kind[past.facts] == MILESTONE) & (plan == PLAN_OBJECT))
    changes = milestone_changes(past, found)
    name, side = found.heads(facts.name), found.heads(facts.side)
    maker = past.users_of(found.who[found.head])
    opportunity_id = past.ids("Opportunity").make
    records = past.records(
        past.objects["Milestone__c"],
        created_at=found.created_at,
        fixed={
            "Name": lambda row: past.word(int(name[row])) or f"Step {row + 1}",
            "Opportunity__c": lambda row: opportunity_id(int(found.deal[row])),
            "Side__c": lambda row: _SIDES.get(int(side[row])),
            "OwnerId": lambda row: None if maker[row] == UNKNOWN else past.user_id(int(maker[row])),
        },
        changing={"Due_Date__c": show_day, "Completed_At__c": show_instant},
        changes=changes,
        deleted_at=found.deleted_at,
        made_by=past.made_by(maker),
    )
    system = past.user_id(SYSTEM_USER)
    table = Table(
        past.objects["Milestone__c"],
        records,
        system_user=system,
        parents={"Opportunity__c": ("Opportunity", found.deal)},
    )
    return table, history_table(past, found, changes, maker)


def history_table(past: Past, found: Items, changes: Changes, maker: Ints) -> Table:
    """A `created` row for each milestone and a row for each later change of a tracked field."""
    order = np.lexsort((changes.at, changes.field, changes.row))
    row, at, field, value, who = (
        column[order] for column in (changes.row, changes.at, changes.field, changes.value, changes.who)
    )
    same = np.zeros(len(row), dtype=bool)
    same[1:] = (row[1:] == row[:-1]) & (field[1:] == field[:-1])
    old = np.where(same, np.roll(value, 1), UNKNOWN) if len(value) else value
    later = (at > found.created_at[row]) & (value != old)
    count = len(found)
    parent = np.concatenate([np.arange(count), row[later]])
    when = np.concatenate([found.created_at, at[later]])
    what = np.concatenate([np.full(count, UNKNOWN), field[later]])
    before = np.concatenate([np.full(count, UNKNOWN), old[later]])
    after = np.concatenate([np.full(count, UNKNOWN), value[later]])
    by = np.concatenate([maker, who[later]])
    order = np.lexsort((when, parent))
    return _history_of(past, found, [column[order] for column in (parent, when, what, before, after, by)])


def _history_of(past: Past, found: Items, columns: list[Ints]) -> Table:
    parent, when, what, before, after, by = columns
    milestone_id = past.ids("Milestone__c").make

    def shown(row: int, raw: Ints) -> str | None:
        if raw[row] == UNKNOWN:
            return None
        return show_day(int(raw[row])) if what[row] == _DUE else show_instant(int(raw[row]))

    types = {_DUE: "Date", _DONE: "DateTime"}
    records = past.records(
        past.objects["Milestone__History"],
        created_at=when,
        fixed={
            "ParentId": lambda row: milestone_id(int(parent[row])),
            "Field": lambda row: "created" if what[row] == UNKNOWN else TRACKED[what[row]],
            "DataType": lambda row: types.get(int(what[row]), "Text"),
            "OldValue": lambda row: shown(row, before),
            "NewValue": lambda row: shown(row, after),
        },
        deleted_at=found.deleted_at[parent],
        made_by=past.made_by(by),
    )
    schema = past.objects["Milestone__History"]
    return Table(schema, records, system_user=past.user_id(SYSTEM_USER), parents={"ParentId": ("Milestone__c", parent)})
