"""Tasks, meetings, e-mails and visits to a plan's room."""

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import (
    BUYER,
    CALL,
    COMPLETE,
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
from crmsync.sandbox.items import Items, items
from crmsync.sandbox.records import Changes, Value
from crmsync.sandbox.salesforce.catalogue import TASK_BEGUN, TASK_DONE, TASK_OPEN
from crmsync.sandbox.salesforce.moments import DAY, SECOND, read_instant
from crmsync.sandbox.salesforce.past import SYSTEM_USER, Past, show_day, show_instant
from crmsync.sandbox.salesforce.table import Computed, Table

STATUSES = (TASK_OPEN, TASK_BEGUN, TASK_DONE)
_OPEN, _BEGUN, _DONE = range(3)
_HOUR = 3_600 * SECOND
ARCHIVED_AFTER_DAYS = 365


def _task_facts(past: Past) -> Items:
    """Calls and other work of all deals, and the milestones of deals whose plan is kept in tasks."""
    facts = past.world.facts
    plan = past.world.deals.plan[past.deals][past.fact_deal]
    kind = facts.kind[past.facts]
    return items(past, np.isin(kind, (CALL, WORK)) | ((kind == MILESTONE) & (plan == PLAN_TASKS)))


def _task_changes(past: Past, found: Items) -> Changes:
    """Status and instant done by what happened, the due day by what was promised."""
    fields = ("Status", "CompletedDateTime", "ActivityDate")
    status = {START: _BEGUN, COMPLETE: _DONE, HAPPENED: _DONE, REOPEN: _OPEN}
    moves = np.flatnonzero(np.isin(found.lifecycle, list(status)))
    to_status = np.full(REMOVE + 1, UNKNOWN)
    to_status[list(status)] = list(status.values())
    state = to_status[found.lifecycle[moves]]
    dues = np.flatnonzero((found.lifecycle == SCHEDULE) & (found.value != UNKNOWN))
    who = past.users_of(found.who)
    columns = (
        (moves, np.full(len(moves), fields.index("Status")), state),
        (
            moves,
            np.full(len(moves), fields.index("CompletedDateTime")),
            np.where(state == _DONE, found.at[moves], UNKNOWN),
        ),
        (dues, np.full(len(dues), fields.index("ActivityDate")), found.value[dues]),
    )
    position, field, value = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    return Changes(found.item[position], found.at[position], field, value, who[position])


def task_formulas() -> dict[str, Computed]:
    """What follows from a task's status."""
    return {"IsClosed": Computed(("Status",), lambda status: status == TASK_DONE)}


def old_tasks(table: Table, rows: Ints, now: int) -> NDArray[np.bool_]:
    """Closed tasks that were due a year or more ago, or made then if they have no day."""
    edge = show_day(int(now // DAY) - ARCHIVED_AFTER_DAYS)
    columns = table.columns(["IsClosed", "ActivityDate"], rows, now)
    made = table.sweep.created(rows) // DAY <= now // DAY - ARCHIVED_AFTER_DAYS
    pairs = zip(columns["IsClosed"], columns["ActivityDate"], made.tolist(), strict=True)
    return np.array([bool(closed) and (str(due) <= edge if due else old) for closed, due, old in pairs], dtype=np.bool_)


def old_events(table: Table, rows: Ints, now: int) -> NDArray[np.bool_]:
    """Meetings that ended a year or more ago."""
    edge = show_instant(now - ARCHIVED_AFTER_DAYS * DAY)
    return np.array([str(end) <= edge for end in table.column("EndDateTime", rows, now)], dtype=np.bool_)


def task_table(past: Past, owners: Ints) -> Table:
    """Task. `owners` is by opportunity the row of its first owner, to whom a buyer's step falls."""
    found = _task_facts(past)
    facts = past.world.facts
    kind, name, side = (found.heads(column) for column in (facts.kind, facts.name, facts.side))
    who = found.who[found.head]
    user, contact = past.users_of(who), past.contacts_of(who)
    owner = np.where(user == UNKNOWN, owners[found.deal], user)
    started = found.created_at // DAY
    milestone = kind == MILESTONE
    opportunity_id, contact_id, user_id = past.ids("Opportunity").make, past.ids("Contact").make, past.user_id
    records = past.records(
        past.objects["Task"],
        created_at=found.created_at,
        fixed={
            "Subject": lambda row: past.word(int(name[row])) or ("Call" if kind[row] == CALL else "To do"),
            "ActivityDate": lambda row: None if milestone[row] else show_day(int(started[row])),
            "Status": lambda _row: TASK_OPEN,
            "Priority": lambda _row: "Normal",
            "TaskSubtype": lambda row: "Call" if kind[row] == CALL else "Task",
            "WhatId": lambda row: opportunity_id(int(found.deal[row])),
            "WhoId": lambda row: None if contact[row] == UNKNOWN else contact_id(int(contact[row])),
            "OwnerId": lambda row: user_id(int(owner[row])),
            "Is_Milestone__c": lambda row: bool(milestone[row]),
            "Buyer_Owned__c": lambda row: bool(milestone[row] and side[row] == BUYER),
        },
        changing={"Status": STATUSES.__getitem__, "CompletedDateTime": show_instant, "ActivityDate": show_day},
        changes=_task_changes(past, found),
        deleted_at=found.deleted_at,
        made_by=past.made_by(owner),
    )
    return Table(
        past.objects["Task"],
        records,
        system_user=user_id(SYSTEM_USER),
        computed=task_formulas(),
        is_old=old_tasks,
        parents={"WhatId": ("Opportunity", found.deal), "WhoId": ("Contact", contact)},
    )


def _event_changes(past: Past, found: Items) -> Changes:
    """When a meeting is to be, and once it took place: when it was."""
    planned = found.lifecycle == SCHEDULE
    moves = np.flatnonzero(planned | np.isin(found.lifecycle, (START, HAPPENED, COMPLETE)))
    day = np.where(found.value == UNKNOWN, found.at // DAY + 1, found.value)
    start = np.where(planned, day * DAY + 9 * _HOUR, found.at)[moves]
    who = past.users_of(found.who[moves])
    return Changes(found.item[moves], found.at[moves], np.zeros(len(moves), dtype=np.int64), start, who)


def _hour_later(start: Value) -> Value:
    if not isinstance(start, str):
        return None
    at = read_instant(start)
    return None if at is None else show_instant(at + _HOUR)


def event_table(past: Past, owners: Ints) -> Table:
    """Event: the meetings."""
    found = items(past, past.world.facts.kind[past.facts] == MEETING)
    facts = past.world.facts
    name = found.heads(facts.name)
    who = found.who[found.head]
    user, contact = past.users_of(who), past.contacts_of(who)
    owner = np.where(user == UNKNOWN, owners[found.deal], user)
    opportunity_id, contact_id, user_id = past.ids("Opportunity").make, past.ids("Contact").make, past.user_id
    records = past.records(
        past.objects["Event"],
        created_at=found.created_at,
        fixed={
            "Subject": lambda row: past.word(int(name[row])) or "Meeting",
            "StartDateTime": lambda row: show_instant(int(found.created_at[row])),
            "WhatId": lambda row: opportunity_id(int(found.deal[row])),
            "WhoId": lambda row: None if contact[row] == UNKNOWN else contact_id(int(contact[row])),
            "OwnerId": lambda row: user_id(int(owner[row])),
        },
        changing={"StartDateTime": show_instant},
        changes=_event_changes(past, found),
        deleted_at=found.deleted_at,
        made_by=past.made_by(owner),
    )
    return Table(
        past.objects["Event"],
        records,
        system_user=user_id(SYSTEM_USER),
        computed={
            "EndDateTime": Computed(("EndDateTime", "StartDateTime"), lambda own, start: own or _hour_later(start)),
            "ActivityDateTime": Computed(("StartDateTime",), lambda start: start),
            "ActivityDate": Computed(("StartDateTime",), lambda start: start and start[:10]),
        },
        is_old=old_events,
        parents={"WhatId": ("Opportunity", found.deal), "WhoId": ("Contact", contact)},
    )
