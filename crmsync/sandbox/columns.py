"""A company's past as columns: what really happened, before any CRM shows it. Made by `generate` or read by `load`.

Instants are integer microseconds since 1970 UTC, days are integer days since 1970. A million deals fit in memory because
nothing here is a Python object per row: texts are indices into `Words`, people are indices into `people`.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
NEVER = np.iinfo(np.int64).max  # an instant that doesn't come
UNKNOWN = -1

# crm
SALESFORCE, HUBSPOT = 0, 1
# where a deal's plan stands in its CRM
PLAN_NONE, PLAN_OBJECT, PLAN_TASKS = 0, 1, 2
# kind of a fact
STAGE, MILESTONE, CALL, MEETING, EMAIL, VIEW, WORK, AMOUNT, CLOSE_ON, OWNER, CONTACT = range(11)
KIND_NAMES = (
    "stage",
    "milestone",
    "call",
    "meeting",
    "email",
    "view",
    "work",
    "amount",
    "close_on",
    "owner",
    "contact",
)
# lifecycle of a fact
HAPPENED, SCHEDULE, START, COMPLETE, REOPEN, REMOVE = range(6)
LIFECYCLE_NAMES = ("", "SCHEDULE", "START", "COMPLETE", "REOPEN", "REMOVE")
# whose act or step it is
NOBODY, BUYER, SELLER = 0, 1, 2
# role of a person
USER, CONTACT_PERSON = 0, 1


class Words:
    """Texts by index, each kept once."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._index: dict[str, int] = {}

    def index(self, text: str) -> int:
        """The index of a text, which is added when it is new."""
        found = self._index.get(text)
        if found is None:
            found = self._index[text] = len(self.texts)
            self.texts.append(text)
        return found

    def __getitem__(self, index: int) -> str:
        return self.texts[index]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage as both CRMs define it. `name` is what a stage fact holds (an index into Words)."""

    name: int
    probability: float  # 0 to 1: the default that the CRM multiplies amounts by
    closed: bool = False
    won: bool = False


@dataclass(slots=True)
class Deals:
    """One row per deal, sorted by created_at."""

    created_at: Ints
    closed_at: Ints  # NEVER while open
    won: NDArray[np.int8]  # 1, 0, or UNKNOWN while open
    amount_minor: Ints  # at creation; UNKNOWN: no amount
    currency: NDArray[np.int16]  # index into words
    owner: NDArray[np.int32]  # index into people, at creation; UNKNOWN: nobody
    account: NDArray[np.int32]  # number of the account, 0..; UNKNOWN: none
    close_on: Ints  # the seller's expected close date at creation, a day; UNKNOWN: none
    pipeline: NDArray[np.int16]  # index into words
    segment: NDArray[np.int16]  # index into words; UNKNOWN: none
    crm: NDArray[np.int8]  # SALESFORCE or HUBSPOT
    plan: NDArray[np.int8]  # PLAN_NONE, PLAN_OBJECT or PLAN_TASKS
    name: NDArray[np.int32]  # index into words; UNKNOWN: made up from its number
    outside_id: list[str] | None = None  # `deal_id` of a loaded world, None for a generated one

    def __len__(self) -> int:
        return len(self.created_at)


@dataclass(slots=True)
class Facts:
    """One row per dated fact, sorted by (deal, at); rows of one instant keep the order in which they happened."""

    deal: NDArray[np.int32]  # row in Deals
    at: Ints
    kind: NDArray[np.int8]
    lifecycle: NDArray[np.int8]
    name: NDArray[np.int32]  # index into words: stage, step, subject, role; UNKNOWN: none
    # SCHEDULE of a milestone: the day promised; AMOUNT: minor units; CLOSE_ON: a day; OWNER, CONTACT: the person; else UNKNOWN
    value: Ints
    who: NDArray[np.int32]  # index into people: who did it; UNKNOWN: nobody named
    side: NDArray[np.int8]  # whose step a milestone is, who wrote an e-mail
    # milestones: number of the step within its deal, from 0; a work, call or meeting item that is planned, begun and done shares
    # one number; else UNKNOWN
    step: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the CRM or a contact on the buyer's side."""

    name: str
    email: str
    role: int  # USER or CONTACT_PERSON
    account: int = UNKNOWN
    active: bool = True


@dataclass(slots=True)
class World:
    """Everything that happened, and the words and people that it speaks of."""

    deals: Deals
    facts: Facts
    words: Words
    people: list[Person]
    stages: list[Stage]
    accounts: int  # how many there are; their names are made up from their numbers
    currencies: dict[str, float]  # code -> units of it for one unit of the company's own currency
    start_at: int  # where the past begins
    now: int  # where the clock of the local CRMs starts
    law: str = ""
    seed: int = 0
    notes: dict[str, str] = field(default_factory=dict)
