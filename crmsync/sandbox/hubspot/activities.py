"""Tasks, calls, meetings and e-mails around deals. Each maker gives the records, and by row the deal of each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import (
    BUYER,
    CALL,
    COMPLETE,
    EMAIL,
    HAPPENED,
    MEETING,
    MILESTONE,
    PLAN_TASKS,
    REMOVE,
    REOPEN,
    SCHEDULE,
    START,
    UNKNOWN,
    WORK,
    Ints,
)
from crmsync.sandbox.hubspot.catalogue import MEETING_HELD, MEETING_PLANNED, TASK_BEGUN, TASK_DONE, TASK_OPEN
from crmsync.sandbox.hubspot.deals import first_owners, show_owner
from crmsync.sandbox.hubspot.kind import Computed, Kind
from crmsync.sandbox.hubspot.moments import DAY, SECOND, instant_text, read_instant
from crmsync.sandbox.hubspot.past import Past
from crmsync.sandbox.hubspot.schema import ObjectType
from crmsync.sandbox.items import Items, items
from crmsync.sandbox.records import Changes, Decode, Value

STATUSES = (TASK_OPEN, TASK_BEGUN, TASK_DONE)
OUTCOMES = (MEETING_PLANNED, MEETING_HELD)
_OPEN, _BEGUN, _DONE = range(3)
_HOUR = 3_600 * SECOND
DUE_HOUR, MEETING_HOUR = 8, 9  # of the account's clocks: HubSpot's own default for tasks, and a usual one for meetings


def _rang(past: Past) -> NDArray[np.bool_]:
    """Which facts are calls that took place without having been planned; the other calls are tasks to call somebody."""
    facts = past.world.facts
    alone = (facts.step[past.facts] == UNKNOWN) & np.isin(facts.lifecycle[past.facts], (HAPPENED, COMPLETE))
    return np.asarray((facts.kind[past.facts] == CALL) & alone)


def _owners(past: Past, who: NDArray[Any], deal: Ints) -> Decode:
    """The owner of a record: who did it, or the deal's owner for what a buyer did."""
    user = past.owners_of(who)
    owner = np.where(user == UNKNOWN, first_owners(past)[deal], user)
    return lambda row: None if owner[row] == UNKNOWN else show_owner(int(owner[row]))


def _task_changes(past: Past, found: Items) -> Changes:
    """Status and instant done by what happened, the due instant by what was promised."""
    status = {START: _BEGUN, COMPLETE: _DONE, HAPPENED: _DONE, REOPEN: _OPEN}
    moves = np.flatnonzero(np.isin(found.lifecycle, list(status)))
    to_status = np.full(REMOVE + 1, UNKNOWN)
    to_status[list(status)] = list(status.values())
    state = to_status[found.lifecycle[moves]]
    dues = np.flatnonzero((found.lifecycle == SCHEDULE) & (found.value != UNKNOWN))
    columns = (
        (moves, np.zeros(len(moves), dtype=np.int64), state),
        (moves, np.full(len(moves), 1), np.where(state == _DONE, found.at[moves], UNKNOWN)),
        (dues, np.full(len(dues), 2), past.hour_of(found.value[dues], DUE_HOUR)),
    )
    position, field, value = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    return Changes(found.item[position], found.at[position], field, value, past.owners_of(found.who)[position])


def task_kind(past: Past, schema: ObjectType) -> tuple[Kind, Ints]:
    """Planned calls and other work, and the milestones of deals whose plan is kept in tasks."""
    facts = past.world.facts
    plan = past.world.deals.plan[past.deals][past.fact_deal]
    every = facts.kind[past.facts]
    planned = ((every == CALL) & ~_rang(past)) | (every == WORK) | ((every == MILESTONE) & (plan == PLAN_TASKS))
    found = items(past, planned)
    kind, name, side = (found.heads(column) for column in (facts.kind, facts.name, facts.side))
    milestone = kind == MILESTONE
    made = found.created_at

    def flag(row: int, *, yes: bool) -> Value:
        return ("true" if yes else "false") if milestone[row] else None

    shown = past.kind(
        schema,
        created_at=made,
        fixed={
            "hs_task_subject": lambda row: past.word(int(name[row])) or ("Call" if kind[row] == CALL else "To do"),
            "hs_timestamp": lambda row: None if milestone[row] else instant_text(int(made[row])),
            "hs_task_status": lambda _row: TASK_OPEN,
            "hs_task_priority": lambda _row: "NONE",
            "hs_task_type": lambda row: "CALL" if kind[row] == CALL else "TODO",
            "hubspot_owner_id": _owners(past, found.who[found.head], found.deal),
            "is_milestone": lambda row: flag(row, yes=True),
            "buyer_owned": lambda row: flag(row, yes=bool(side[row] == BUYER)),
        },
        changing={
            "hs_task_status": STATUSES.__getitem__,
            "hs_task_completion_date": instant_text,
            "hs_timestamp": instant_text,
        },
        changes=_task_changes(past, found),
        deleted_at=found.deleted_at,
    )
    return shown, found.deal


def call_kind(past: Past, schema: ObjectType) -> tuple[Kind, Ints]:
    """Calls that took place; the buyer's are those that the buyer made."""
    facts = past.world.facts
    mine = np.flatnonzero(_rang(past))
    source, at, deal = past.facts[mine], past.fact_at[mine], past.fact_deal[mine]
    name, side = facts.name[source], facts.side[source]
    shown = past.kind(
        schema,
        created_at=at,
        fixed={
            "hs_timestamp": lambda row: instant_text(int(at[row])),
            "hs_call_title": lambda row: past.word(int(name[row])) or "Call",
            "hs_call_direction": lambda row: "INBOUND" if side[row] == BUYER else "OUTBOUND",
            "hs_call_status": lambda _row: "COMPLETED",
            "hubspot_owner_id": _owners(past, facts.who[source], deal),
        },
    )
    return shown, deal


def _meeting_changes(past: Past, found: Items) -> Changes:
    """When a meeting is to be, and once it took place: when it was."""
    planned = found.lifecycle == SCHEDULE
    moves = np.flatnonzero(planned | np.isin(found.lifecycle, (START, HAPPENED, COMPLETE)))
    day = np.where(found.value == UNKNOWN, found.at // DAY + 1, found.value)
    start = np.where(planned, past.hour_of(day, MEETING_HOUR), found.at)[moves]
    held = np.where(planned[moves], 0, 1)
    who = past.owners_of(found.who[moves])
    item, at, count = found.item[moves], found.at[moves], len(moves)
    return Changes(
        np.tile(item, 2), np.tile(at, 2), np.repeat([0, 1], count), np.concatenate([start, held]), np.tile(who, 2)
    )


def _hour_later(own: Value, start: Value) -> Value:
    at = read_instant(str(start)) if start else None
    return own or (None if at is None else instant_text(at + _HOUR))


def meeting_kind(past: Past, schema: ObjectType) -> tuple[Kind, Ints]:
    """Meetings."""
    found = items(past, past.world.facts.kind[past.facts] == MEETING)
    name = found.heads(past.world.facts.name)
    shown = past.kind(
        schema,
        created_at=found.created_at,
        fixed={
            "hs_meeting_title": lambda row: past.word(int(name[row])) or "Meeting",
            "hs_meeting_start_time": lambda row: instant_text(int(found.created_at[row])),
            "hubspot_owner_id": _owners(past, found.who[found.head], found.deal),
        },
        changing={"hs_meeting_start_time": instant_text, "hs_meeting_outcome": OUTCOMES.__getitem__},
        changes=_meeting_changes(past, found),
        deleted_at=found.deleted_at,
        computed={
            "hs_timestamp": Computed(("hs_timestamp", "hs_meeting_start_time"), lambda own, start: start or own),
            "hs_meeting_end_time": Computed(("hs_meeting_end_time", "hs_meeting_start_time"), _hour_later),
        },
    )
    return shown, found.deal


def email_kind(past: Past, schema: ObjectType) -> tuple[Kind, Ints]:
    """E-mails, which never change."""
    facts = past.world.facts
    mine = np.flatnonzero(facts.kind[past.facts] == EMAIL)
    source, at, deal = past.facts[mine], past.fact_at[mine], past.fact_deal[mine]
    name, side = facts.name[source], facts.side[source]
    shown = past.kind(
        schema,
        created_at=at,
        fixed={
            "hs_timestamp": lambda row: instant_text(int(at[row])),
            "hs_email_subject": lambda row: past.word(int(name[row])),
            "hs_email_direction": lambda row: "INCOMING_EMAIL" if side[row] == BUYER else "EMAIL",
            "hs_email_status": lambda _row: "SENT",
            "hubspot_owner_id": _owners(past, facts.who[source], deal),
        },
    )
    return shown, deal
