"""A small world by hand: four deals in Salesforce, one in HubSpot, whose every fact a test can know."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from crmsync.sandbox.columns import (
    AMOUNT,
    BUYER,
    CALL,
    CLOSE_ON,
    COMPLETE,
    CONTACT,
    CONTACT_PERSON,
    EMAIL,
    HAPPENED,
    HUBSPOT,
    MEETING,
    MILESTONE,
    NEVER,
    NOBODY,
    PLAN_OBJECT,
    PLAN_TASKS,
    REMOVE,
    SALESFORCE,
    SCHEDULE,
    SELLER,
    STAGE,
    START,
    UNKNOWN,
    USER,
    VIEW,
    WORK,
    Deals,
    Facts,
    Person,
    Stage,
    Words,
    World,
)

ANN, BOB, EVE, CARL = range(4)  # two users, the second of whom has left; two of the buyer's people
QUALIFY, PROPOSE, WON, LOST = "Qualify", "Propose", "Closed Won", "Closed Lost"
Row = tuple[Any, ...]


def at(text: str) -> int:
    """Micros of `2026-01-31 09:00` UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def on(text: str) -> int:
    """Days since 1970."""
    return at(text) // 86_400_000_000


NOW = at("2026-11-02 12:00:00")

_DEALS: list[dict[str, Any]] = [
    # 0: won, its close date pulled in by the closing; its plan is an object
    {
        "created": "2026-03-02 09:00:00.250",
        "closed": "2026-09-10 15:30",
        "won": 1,
        "plan": PLAN_OBJECT,
        "close_on": "2026-12-31",
    },
    # 1: open, its plan is kept in tasks
    {"created": "2026-08-01 10:00", "plan": PLAN_TASKS, "amount": 5_000, "currency": "JPY", "segment": "Mid"},
    # 2: of the other CRM
    {"created": "2026-08-02 10:00", "crm": HUBSPOT},
    # 3: lost long ago, with an old call
    {"created": "2025-01-05 10:00", "closed": "2025-06-01 10:00", "won": 0, "close_on": "2025-05-01"},
    # 4: nothing is known of it but that it exists
    {"created": "2026-10-01 08:00", "amount": None, "owner": UNKNOWN, "account": UNKNOWN},
]

_FACTS: list[Row] = [  # deal, at, kind, lifecycle, name, value, who, side, step
    (0, "2026-03-02 09:00:00.250", STAGE, HAPPENED, QUALIFY, UNKNOWN, ANN, NOBODY, UNKNOWN),
    (0, "2026-03-03 09:00", MILESTONE, SCHEDULE, "Security review", on("2026-04-01"), ANN, BUYER, 0),
    (0, "2026-03-10 09:00", CONTACT, HAPPENED, "Decision Maker", EVE, ANN, NOBODY, UNKNOWN),
    (0, "2026-03-20 09:00", MILESTONE, SCHEDULE, "Security review", on("2026-05-01"), ANN, BUYER, 0),
    (0, "2026-04-01 09:00", STAGE, HAPPENED, PROPOSE, UNKNOWN, ANN, NOBODY, UNKNOWN),
    (0, "2026-04-01 09:00", AMOUNT, HAPPENED, None, 120_000, ANN, NOBODY, UNKNOWN),
    (0, "2026-04-20 16:00", MILESTONE, COMPLETE, "Security review", UNKNOWN, EVE, BUYER, 0),
    (0, "2026-05-02 10:00", MILESTONE, SCHEDULE, "Kick-off", on("2026-10-01"), ANN, SELLER, 1),
    (0, "2026-05-03 10:00", VIEW, HAPPENED, None, UNKNOWN, EVE, BUYER, UNKNOWN),
    (0, "2026-05-04 10:00", EMAIL, HAPPENED, "Re: offer", UNKNOWN, EVE, BUYER, UNKNOWN),
    (0, "2026-05-05 10:00", MEETING, HAPPENED, "Demo", UNKNOWN, ANN, SELLER, UNKNOWN),
    (0, "2026-06-01 10:00", MILESTONE, REMOVE, "Kick-off", UNKNOWN, ANN, SELLER, 1),
    (0, "2026-07-01 10:00", CLOSE_ON, HAPPENED, None, on("2026-11-30"), ANN, NOBODY, UNKNOWN),
    (1, "2026-08-01 10:00", MILESTONE, SCHEDULE, "Legal", on("2026-09-15"), ANN, BUYER, 0),
    (1, "2026-08-03 10:00", CALL, SCHEDULE, "Intro call", UNKNOWN, ANN, SELLER, 0),
    (1, "2026-08-04 10:00", CALL, START, "Intro call", UNKNOWN, ANN, SELLER, 0),
    (1, "2026-08-04 10:30", CALL, COMPLETE, "Intro call", UNKNOWN, ANN, SELLER, 0),
    (1, "2026-08-05 10:00", WORK, SCHEDULE, "Draft offer", UNKNOWN, ANN, SELLER, 1),
    (1, "2026-09-14 10:00", MILESTONE, COMPLETE, "Legal", UNKNOWN, EVE, BUYER, 0),
    (1, "2026-11-20 10:00", STAGE, HAPPENED, PROPOSE, UNKNOWN, ANN, NOBODY, UNKNOWN),
    (2, "2026-08-03 10:00", STAGE, HAPPENED, PROPOSE, UNKNOWN, ANN, NOBODY, UNKNOWN),
    (3, "2025-02-01 10:00", CALL, HAPPENED, "Cold call", UNKNOWN, BOB, SELLER, UNKNOWN),
    (3, "2025-06-01 10:00", STAGE, HAPPENED, LOST, UNKNOWN, BOB, NOBODY, UNKNOWN),
    (3, "2025-06-20 10:00", STAGE, HAPPENED, QUALIFY, UNKNOWN, BOB, NOBODY, UNKNOWN),
]


def _deals(words: Words) -> Deals:
    def column(name: str, default: Any, convert: Any, dtype: Any) -> Any:
        return np.array([convert(deal.get(name, default)) for deal in _DEALS], dtype=dtype)

    def word(text: str | None) -> int:
        return UNKNOWN if text is None else words.index(text)

    return Deals(
        created_at=column("created", None, at, np.int64),
        closed_at=column("closed", None, lambda text: NEVER if text is None else at(text), np.int64),
        won=column("won", UNKNOWN, int, np.int8),
        amount_minor=column("amount", 100_000, lambda minor: UNKNOWN if minor is None else minor, np.int64),
        currency=column("currency", "EUR", word, np.int16),
        owner=column("owner", ANN, int, np.int32),
        account=column("account", 0, int, np.int32),
        close_on=column("close_on", None, lambda text: UNKNOWN if text is None else on(text), np.int64),
        pipeline=column("pipeline", "Sales", word, np.int16),
        segment=column("segment", None, word, np.int16),
        crm=column("crm", SALESFORCE, int, np.int8),
        plan=column("plan", 0, int, np.int8),
        name=column("name", None, word, np.int32),
    )


def _facts(words: Words) -> Facts:
    def column(place: int, dtype: Any) -> Any:
        return np.array([row[place] for row in _FACTS], dtype=dtype)

    return Facts(
        deal=column(0, np.int32),
        at=np.array([at(row[1]) for row in _FACTS], dtype=np.int64),
        kind=column(2, np.int8),
        lifecycle=column(3, np.int8),
        name=np.array([UNKNOWN if row[4] is None else words.index(row[4]) for row in _FACTS], dtype=np.int32),
        value=column(5, np.int64),
        who=column(6, np.int32),
        side=column(7, np.int8),
        step=column(8, np.int32),
    )


def small_world() -> World:
    """The world of most tests, at NOW."""
    words = Words()
    stages = [
        Stage(words.index(QUALIFY), 0.1),
        Stage(words.index(PROPOSE), 0.5),
        Stage(words.index(WON), 1.0, closed=True, won=True),
        Stage(words.index(LOST), 0.0, closed=True),
    ]
    people = [
        Person("Ann Archer", "ann@seller.example", USER),
        Person("Bob Baker", "bob@seller.example", USER, active=False),
        Person("Eve Egan", "eve@buyer.example", CONTACT_PERSON, account=0),
        Person("Carl Cox", "carl@buyer.example", CONTACT_PERSON, account=0),
    ]
    return World(
        deals=_deals(words),
        facts=_facts(words),
        words=words,
        people=people,
        stages=stages,
        accounts=1,
        currencies={"EUR": 1.0, "JPY": 160.0},
        start_at=at("2025-01-01 00:00"),
        now=NOW,
    )


def many_deals(count: int) -> World:
    """A world of `count` open deals that share one second of creation, and nothing else in it."""
    world = small_world()
    deals = world.deals

    def full(column: Any, value: int) -> Any:
        return np.full(count, value, dtype=column.dtype)

    world.deals = Deals(
        created_at=full(deals.created_at, at("2026-10-01 08:00")),
        closed_at=full(deals.closed_at, NEVER),
        won=full(deals.won, UNKNOWN),
        amount_minor=np.arange(count, dtype=np.int64) * 100,
        currency=full(deals.currency, int(deals.currency[0])),
        owner=full(deals.owner, ANN),
        account=full(deals.account, 0),
        close_on=full(deals.close_on, on("2026-12-31")),
        pipeline=full(deals.pipeline, int(deals.pipeline[0])),
        segment=full(deals.segment, UNKNOWN),
        crm=full(deals.crm, SALESFORCE),
        plan=full(deals.plan, 0),
        name=full(deals.name, UNKNOWN),
    )
    facts = world.facts
    world.facts = Facts(*(getattr(facts, name)[:0] for name in facts.__dataclass_fields__))
    return world
