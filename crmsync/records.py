"""What travels between a CRM, the store and the steps. Tables are in `store/tables.py`; nothing here knows of either side.

Instants are integer micros, due dates are integer days since 1970 (see `clock`), money is integer minor units beside its
currency, ids are the CRM's own (`crm_id`).
"""

from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import TypedDict


class Kind(IntEnum):
    """What a dated fact is about."""

    CREATED = 1  # the deal came into being
    STAGE = 2  # name: the stage's id
    OUTCOME = 3  # DONE: closed, value 1 won, 0 lost; REOPENED: open again
    AMOUNT = 4  # value: minor units; name: currency
    CLOSE_ON = 5  # the CRM's expected close date; value: day
    OWNER = 6  # person: the owner
    CONTACT = 7  # person joined the deal; name: role
    MILESTONE = 8  # name: the step; PLANNED with value: the day promised (0: no date)
    CALL = 9
    MEETING = 10
    EMAIL = 11  # side BUYER: the buyer wrote
    VIEW = 12  # a visit to the plan's room
    WORK = 13  # other tasks
    DELETED = 14  # the deal left the CRM (REOPENED: came back)
    SAID = 15  # what a field of the CRM says of the deal's chance, see `said`


class Phase(IntEnum):
    """Where in its life the thing was at that instant."""

    HAPPENED = 0
    PLANNED = 1
    BEGUN = 2
    DONE = 3
    REOPENED = 4
    REMOVED = 5


class Side(IntEnum):
    """Whose act it was, or whose step it is."""

    UNKNOWN = 0
    BUYER = 1
    SELLER = 2


class FactRecord(TypedDict):
    """One dated fact. `at`: true since; `known_at`: when the CRM learnt it.

    Natural key: deal, at, kind, phase, source, source_id, value (and, of a stage, its name).
    """

    deal: str
    at: int
    known_at: int
    source: str  # the CRM's object, e.g. "Opportunity", "tasks"
    source_id: str
    kind: Kind
    phase: Phase
    name: str
    value: int
    side: Side
    person: str  # crm_id of who did it, "" if unknown


def fact(
    deal: str,
    at: int,
    *,
    source: str,
    source_id: str,
    kind: Kind,
    known_at: int | None = None,
    phase: Phase = Phase.HAPPENED,
    name: str = "",
    value: int = 0,
    side: Side = Side.UNKNOWN,
    person: str = "",
) -> FactRecord:
    """A dated fact; the CRM learnt it as it happened unless `known_at` says otherwise."""
    return {
        "deal": deal,
        "at": at,
        "known_at": at if known_at is None else known_at,
        "source": source,
        "source_id": source_id,
        "kind": kind,
        "phase": phase,
        "name": name,
        "value": value,
        "side": side,
        "person": person,
    }


LARGEST = 2**63 - 1  # what a column of numbers holds
SAID_SCALE = 1_000  # the value of a SAID fact stands for a thousandth each
WORD_AFTER = ": "  # stands between field and word in the name of a SAID fact whose field holds a word


def said(deal: str, at: int, *, source: str, field: str, text: str, person: str) -> FactRecord:
    """What a field said of a deal's chance: a number in thousandths under the field's name, else a word as part of the name."""
    number = _thousandths(text)
    name, value = (f"{field}{WORD_AFTER}{text.strip()}", 0) if number is None else (field, number)
    return fact(deal, at, source=source, source_id=field, kind=Kind.SAID, name=name, value=value, person=person)


@lru_cache(maxsize=1_024)  # a field says few different things
def _thousandths(text: str) -> int | None:
    """A number, None where it is a word or more than a column holds."""
    with suppress(ArithmeticError, ValueError):
        number = Decimal(text) * SAID_SCALE
        if abs(number) <= LARGEST:
            return round(number)
    return None


class DealRecord(TypedDict):
    """A deal as the CRM shows it now."""

    crm_id: str
    name: str
    account: str
    owner: str
    pipeline: str
    segment: str
    stage: str
    amount_minor: int | None
    currency: str
    close_on: int | None
    created_at: int
    modified_at: int
    closed_at: int | None
    won: bool | None


class MilestoneRecord(TypedDict):
    """A step of a deal's plan as the CRM shows it now. (source, crm_id) is its key."""

    source: str
    crm_id: str
    deal: str
    name: str
    side: Side
    due_on: int | None
    done_at: int | None
    created_at: int
    modified_at: int


class PersonRecord(TypedDict):
    """An owner or a contact. The only record that holds personal text."""

    crm_id: str
    role: str  # "owner" or "contact"
    name: str
    email: str
    active: bool


class StageRecord(TypedDict):
    """A stage of a pipeline as the CRM defines it now."""

    pipeline: str
    crm_id: str  # what deals hold: the API name or id
    label: str
    position: int
    closed: bool
    won: bool
    probability: float


OURSELVES = "crmsync"  # who set a value that was written by our own login


class HeldRecord(TypedDict):
    """What the CRM shows in one of our target fields. `value` is the canonical text of `crm.Result`, None for blank."""

    deal: str
    result: str
    value: str | None
    set_by: str  # crm_id of who set it, OURSELVES, "" if unknown
    set_at: int


class BadRecord(TypedDict):
    """A record that can't be used, set aside with its reason."""

    source: str
    crm_id: str
    reason: str


DEAL_SOURCE = "deal"


class GoneRecord(TypedDict):
    """A deal or milestone that left the CRM: deleted, archived, or merged into `survivor`."""

    source: str  # DEAL_SOURCE, or the milestone's own object
    crm_id: str
    gone_at: int
    survivor: str  # "" if none


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a stream has been read, on the CRM's clock: rows up to (stamp, crm_id); `resume` continues a full read.

    `asked`: a digest of what was asked for of each record, "" where nobody knows.
    """

    stamp: int = 0
    crm_id: str = ""
    resume: str = ""
    asked: str = ""


BEGINNING = Cursor()  # of a stream that was read before, and is read in full again


@dataclass(frozen=True, slots=True)
class Source:
    """What a CRM lists by id: its deals, or an object whose records are steps of plans.

    `silent`: a record may change without a stamp, as by an association or a formula, so that only reading it anew tells.
    """

    name: str
    silent: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A record that a CRM shows today."""

    crm_id: str
    created_at: int


@dataclass(slots=True)
class Page:
    """What one read brought. It is stored together with its cursor in one transaction; without a stream it moves no cursor."""

    stream: str
    cursor: Cursor
    read: int = 0
    deals: list[DealRecord] = field(default_factory=list)
    milestones: list[MilestoneRecord] = field(default_factory=list)
    people: list[PersonRecord] = field(default_factory=list)
    stages: list[StageRecord] = field(default_factory=list)
    facts: list[FactRecord] = field(default_factory=list)
    held: list[HeldRecord] = field(default_factory=list)
    gone: list[GoneRecord] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)


class Result(StrEnum):
    """What a score gives to a CRM field. The canonical text of each value is what the store holds and compares."""

    PROBABILITY = "probability"  # percent with one decimal: "63.2"
    EXPECTED_AMOUNT = "expected_amount"  # major units with two decimals, in the deal's currency: "12500.00"
    CLOSE_DATE = "close_date"  # ISO date
    CLOSE_DATE_P20 = "close_date_p20"
    CLOSE_DATE_P80 = "close_date_p80"
    WON_IN_PERIOD = "won_in_period"  # percent with one decimal
    RISK = "risk"  # "low", "medium", "high"
    CATEGORY = "category"  # "Omitted", "Pipeline", "Best Case", "Commit"
    KIND = "kind"  # "model", "prior", "rules"
    REASONS = "reasons"  # text up to TEXT_LIMIT
    MILESTONES = "milestones"  # "5 of 9"
    NEXT_STEP = "next_step"  # the buyer's next open step
    NEXT_STEP_ON = "next_step_on"  # its promised date
    DECIDING_STEP = "deciding_step"  # the promised step that most likely is done last
    DECIDING_STEP_ON = "deciding_step_on"  # when it will be done, as its promises were kept so far
    CHANGE_7D = "change_7d"  # percentage points with one decimal
    SCORED_AT = "scored_at"  # ISO instant
    RUN_ID = "run_id"


TEXT_LIMIT = 255  # characters that a plain text field takes in both CRMs


class ValueType(StrEnum):
    """The field type that a result needs in a CRM."""

    PERCENT = "percent"
    MONEY = "money"
    DATE = "date"
    TEXT = "text"
    INSTANT = "instant"


RESULT_TYPES: dict[Result, ValueType] = {
    Result.PROBABILITY: ValueType.PERCENT,
    Result.EXPECTED_AMOUNT: ValueType.MONEY,
    Result.CLOSE_DATE: ValueType.DATE,
    Result.CLOSE_DATE_P20: ValueType.DATE,
    Result.CLOSE_DATE_P80: ValueType.DATE,
    Result.WON_IN_PERIOD: ValueType.PERCENT,
    Result.RISK: ValueType.TEXT,
    Result.CATEGORY: ValueType.TEXT,
    Result.KIND: ValueType.TEXT,
    Result.REASONS: ValueType.TEXT,
    Result.MILESTONES: ValueType.TEXT,
    Result.NEXT_STEP: ValueType.TEXT,
    Result.NEXT_STEP_ON: ValueType.DATE,
    Result.DECIDING_STEP: ValueType.TEXT,
    Result.DECIDING_STEP_ON: ValueType.DATE,
    Result.CHANGE_7D: ValueType.PERCENT,
    Result.SCORED_AT: ValueType.INSTANT,
    Result.RUN_ID: ValueType.TEXT,
}

MODEL, PRIOR, RULES = "model", "prior", "rules"  # kinds of score; docs/forecast.md says what each is
RESULT_WORDS: dict[Result, tuple[str, ...]] = {  # of results that are one of few words
    Result.RISK: ("low", "medium", "high"),
    Result.CATEGORY: ("Omitted", "Pipeline", "Best Case", "Commit"),
    Result.KIND: (MODEL, PRIOR, RULES),
}

TRAVELLERS = (Result.SCORED_AT, Result.RUN_ID)  # go along with another changed value, never cause a write by themselves


@dataclass(frozen=True, slots=True)
class Write:
    """One deal's new values, by result, as canonical text (None clears). `outbox_ids` name the planned rows behind them."""

    crm_id: str
    values: dict[Result, str | None]
    outbox_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one Write. `error` is the CRM's own code and words, "" when done; `unclear`: the answer was lost.

    `stale`: nothing was written, because somebody changed the deal since it was read back. `lost`: values that came between the
    reading and the writing, which the write went over, where the CRM can only tell afterwards.
    """

    crm_id: str
    done: bool
    error: str = ""
    unclear: bool = False
    stale: bool = False
    lost: tuple[tuple[Result, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FieldState:
    """A CRM field that a result goes to, as `check` and `fields` found it. `problem` is "" when it can be read and written."""

    result: Result
    target: str
    label: str
    exists: bool
    writable: bool
    problem: str = ""
    seen_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of `crmsync check`. `level` is "ok", "warn" or "fail"; `remedy` is best a command."""

    code: str
    level: str
    what: str
    remedy: str = ""
