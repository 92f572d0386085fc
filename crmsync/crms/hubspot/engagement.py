"""What people did around a deal: tasks, calls, meetings, e-mails, and the acts that other tools keep in custom objects -> facts.

`known_at` is when the record was made in HubSpot, however far back the act is dated.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from crmsync.config import EngagementSource
from crmsync.crms.hubspot.portal import CALLS, EMAILS, MEETINGS, TASKS
from crmsync.crms.hubspot.values import Row, Version, changes, instant
from crmsync.records import FactRecord, Kind, Phase, Side, fact

WHEN, STATUS, TYPE = "hs_timestamp", "hs_task_status", "hs_task_type"
CALL_STATUS, CALL_WAY = "hs_call_status", "hs_call_direction"
MEETING_START, MEETING_OUTCOME = "hs_meeting_start_time", "hs_meeting_outcome"
MAIL_WAY = "hs_email_direction"
OWNER, MADE = "hubspot_owner_id", "hs_createdate"

# object -> (what is read of a row, of that with its history)
PROPERTIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    TASKS: ((TYPE, STATUS, OWNER, MADE), (STATUS,)),
    CALLS: ((WHEN, CALL_STATUS, CALL_WAY, OWNER, MADE), (CALL_STATUS,)),
    MEETINGS: ((MEETING_START, WHEN, MEETING_OUTCOME, OWNER, MADE), (MEETING_OUTCOME,)),
    EMAILS: ((WHEN, MAIL_WAY, OWNER, MADE), ()),
}
KINDS = {"view": Kind.VIEW, "call": Kind.CALL, "meeting": Kind.MEETING, "email": Kind.EMAIL}
NOT_HELD = {"CANCELED", "CANCELLED", "NO_SHOW", "RESCHEDULED"}
NO_TALK = {"CANCELED", "FAILED", "BUSY", "NO_ANSWER"}
ONE_SAVE = 5_000_000  # micros: a status given with a new record may be stamped a moment later


@dataclass(frozen=True, slots=True)
class Seen:
    """The deal that a row belongs to, and the CRM's clock when it was read."""

    deal: str
    now: int


def _about(row: Row, seen: Seen, source: str, kind: Kind, **rest: Any) -> partial[FactRecord]:
    return partial(fact, seen.deal, source=source, source_id=row.id, kind=kind, person=row.get(OWNER), **rest)


def task(row: Row, seen: Seen) -> Iterator[FactRecord]:
    """A task that is no step of a plan: planned when it was made, begun and done by its status; a call to make is a CALL."""
    told = _about(row, seen, TASKS, Kind.CALL if row.get(TYPE) == "CALL" else Kind.WORK)
    yield told(row.created_at, phase=Phase.PLANNED)
    done = False
    for version in changes(row.versions(STATUS)):
        if version.text == "IN_PROGRESS":
            yield told(version.at, phase=Phase.BEGUN)
        if version.text == "COMPLETED" or done:
            done = version.text == "COMPLETED"
            yield told(version.at, phase=Phase.DONE if done else Phase.REOPENED)


def call(row: Row, seen: Seen) -> Iterator[FactRecord]:
    """A call that took place, or is planned; the buyer's when the buyer rang."""
    side = {"INBOUND": Side.BUYER, "OUTBOUND": Side.SELLER}.get(row.get(CALL_WAY), Side.UNKNOWN)
    told = _about(row, seen, CALLS, Kind.CALL, side=side)
    yield from _appointment(told, row, at=instant(row.get(WHEN)), history=CALL_STATUS, off=NO_TALK, now=seen.now)


def meeting(row: Row, seen: Seen) -> Iterator[FactRecord]:
    """A meeting: planned when it was put into HubSpot, held at its start, or called off."""
    told = _about(row, seen, MEETINGS, Kind.MEETING)
    start = instant(row.get(MEETING_START) or row.get(WHEN))
    yield from _appointment(told, row, at=start, history=MEETING_OUTCOME, off=NOT_HELD, now=seen.now)


def email(row: Row, seen: Seen) -> Iterator[FactRecord]:
    """An e-mail, the buyer's when it came in."""
    side = Side.BUYER if row.get(MAIL_WAY) == "INCOMING_EMAIL" else Side.SELLER
    at = instant(row.get(WHEN))
    yield _about(row, seen, EMAILS, Kind.EMAIL, side=side)(at, known_at=max(at, row.created_at))


def act(source: EngagementSource, row: Row, seen: Seen) -> Iterator[FactRecord]:
    """A buyer's act that another tool noted in an object of its own, such as a visit to the plan's room."""
    at = instant(row.get(source.at))
    yield _about(row, seen, source.object, KINDS[source.kind], side=Side.BUYER)(at, known_at=max(at, row.created_at))


def _appointment(
    told: partial[FactRecord], row: Row, *, at: int, history: str, off: set[str], now: int
) -> Iterator[FactRecord]:
    """Planned if it was put in beforehand; happened once its time has come, unless it was off by then; removed when called off."""
    if row.created_at < at:
        yield told(row.created_at, phase=Phase.PLANNED)
    versions = [version for version in changes(row.versions(history)) if version.text]
    if at <= now and not _is_off(versions, off, as_of=max(at, row.created_at + ONE_SAVE)):
        yield told(at, known_at=max(at, row.created_at))
    for version in versions:
        if version.text in off:
            yield told(version.at, phase=Phase.REMOVED)


def _is_off(versions: list[Version], off: set[str], *, as_of: int) -> bool:
    known = [version for version in versions if version.at <= as_of]
    return bool(known) and known[-1].text in off


BUILT_IN: dict[str, Callable[[Row, Seen], Iterator[FactRecord]]] = {
    TASKS: task,
    CALLS: call,
    MEETINGS: meeting,
    EMAILS: email,
}
