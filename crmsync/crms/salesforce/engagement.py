"""What people did around a deal: tasks, meetings, e-mails, and the acts that other tools keep in custom objects -> facts.

`known_at` is when the record was made in Salesforce, however far back the act is dated. None of these objects keeps a history.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from crmsync.clock import parse_instant
from crmsync.config import EngagementSource
from crmsync.crms.salesforce.org import EMAIL, EVENT, TASK
from crmsync.crms.salesforce.values import Row
from crmsync.records import FactRecord, Kind, Phase, Side, fact

KINDS = {"view": Kind.VIEW, "call": Kind.CALL, "meeting": Kind.MEETING, "email": Kind.EMAIL}
MAIL_TASKS = {"Email", "ListEmail"}  # the to-do list's face of an EmailMessage, which is read by itself


@dataclass(frozen=True, slots=True)
class Activity:
    """An object of Salesforce's own: the field that names the deal, the relationship behind it, what else is read of a row.

    `due`: a field whose instant, once past, makes a row worth reading again. `optional`: not every org has the object.
    """

    entity: str
    deal: str
    what: str
    fields: tuple[str, ...]
    facts: Callable[[Row, int], Iterator[FactRecord]]
    due: str = ""
    optional: bool = False


def task(row: Row, _now: int) -> Iterator[FactRecord]:
    """A task that is no step of a plan: planned when it was made, done when it was closed; a call to make is a CALL."""
    if row.get("TaskSubtype") in MAIL_TASKS:
        return
    kind = Kind.CALL if row.get("TaskSubtype") == "Call" else Kind.WORK
    told = partial(fact, row.get("WhatId"), source=TASK, source_id=row.id, kind=kind, person=row.get("OwnerId"))
    yield told(row.created_at, phase=Phase.PLANNED)
    if row.get("CompletedDateTime"):
        yield told(parse_instant(row.get("CompletedDateTime")), phase=Phase.DONE)


def meeting(row: Row, now: int) -> Iterator[FactRecord]:
    """A meeting: planned if it was put in beforehand, held once its start has come."""
    told = partial(
        fact, row.get("WhatId"), source=EVENT, source_id=row.id, kind=Kind.MEETING, person=row.get("OwnerId")
    )
    at = parse_instant(row.get("StartDateTime"))
    if row.created_at < at:
        yield told(row.created_at, phase=Phase.PLANNED)
    if at <= now:
        yield told(at, known_at=max(at, row.created_at))


def email(row: Row, _now: int) -> Iterator[FactRecord]:
    """An e-mail, the buyer's when it came in."""
    incoming = row.true("Incoming")
    at = parse_instant(row.get("MessageDate")) if row.get("MessageDate") else row.created_at
    yield fact(
        row.get("RelatedToId"),
        at,
        known_at=max(at, row.created_at),
        source=EMAIL,
        source_id=row.id,
        kind=Kind.EMAIL,
        side=Side.BUYER if incoming else Side.SELLER,
        person="" if incoming else row.get("CreatedById"),
    )


def act(source: EngagementSource, row: Row) -> Iterator[FactRecord]:
    """A buyer's act that another tool noted in an object of its own, such as a visit to the plan's room; of no deal: none."""
    if not row.get(source.deal):
        return
    at = parse_instant(row.get(source.at))
    yield fact(
        row.get(source.deal),
        at,
        known_at=max(at, row.created_at),
        source=source.object,
        source_id=row.id,
        kind=KINDS[source.kind],
        side=Side.BUYER,
    )


BUILT_IN = (
    Activity(TASK, "WhatId", "What", ("TaskSubtype", "CompletedDateTime", "OwnerId"), task),
    Activity(EVENT, "WhatId", "What", ("StartDateTime", "OwnerId"), meeting, due="StartDateTime"),
    Activity(EMAIL, "RelatedToId", "RelatedTo", ("MessageDate", "Incoming", "CreatedById"), email, optional=True),
)
