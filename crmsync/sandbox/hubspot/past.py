"""A world as this portal needs it: which deals and facts are shown here, who is which record, pipelines and stages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import HUBSPOT, STAGE, UNKNOWN, USER, Ints, Stage, World
from crmsync.sandbox.hubspot.kind import Computed, Kind
from crmsync.sandbox.hubspot.moments import local_instants
from crmsync.sandbox.hubspot.schema import ObjectType
from crmsync.sandbox.records import Changes, Decode, EffectLog, Records

FIRST_ID = {  # of each object type's records; the custom ones' are below CUSTOM_ID
    "0-1": 301_000_000_001,
    "0-2": 210_000_000_001,
    "0-3": 400_000_000_001,
    "0-27": 610_000_000_001,
    "0-47": 620_000_000_001,
    "0-48": 630_000_000_001,
    "0-49": 640_000_000_001,
}
CUSTOM_ID = 700_000_000_001
OWNER_ID, USER_ID = 41_000_001, 5_000_001  # of the first person: deals hold owners, histories hold users
FIRST_PIPELINE, NUMBERED_PIPELINE, NUMBERED_STAGE = "default", 73_000_001, 990_000_001
_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "BHD": 3, "KWD": 3, "TND": 3, "JOD": 3, "OMR": 3}


def decimal_places(currency: str) -> int:
    """How many digits a currency's minor unit has (ISO 4217)."""
    return _DIGITS.get(currency, 2)


def user_id(number: int) -> str:
    """The user id of an owner: what histories name."""
    return str(USER_ID + number)


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage of a pipeline as the portal defines it."""

    crm_id: str
    label: str
    probability: float
    closed: bool
    won: bool


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A deal pipeline and its stages in order."""

    crm_id: str
    label: str
    stages: tuple[StageRow, ...]


class Past:
    """The part of a world that this portal shows. `zone` is the account's: the days that its people see."""

    def __init__(self, world: World, effects: EffectLog, *, zone: tzinfo) -> None:
        self.world, self.effects, self.zone = world, effects, zone
        self.deals = np.flatnonzero(world.deals.crm == HUBSPOT)
        row = np.full(len(world.deals), UNKNOWN, dtype=np.int64)
        row[self.deals] = np.arange(len(self.deals))
        self.facts = np.flatnonzero(row[world.facts.deal] >= 0)
        deal = world.facts.deal[self.facts]
        self.fact_at = np.maximum(world.facts.at[self.facts], world.deals.created_at[deal])  # never before their deal
        self.fact_deal = row[deal]
        roles = np.array([person.role for person in world.people], dtype=np.int64)
        self.owner_row = np.where(roles == USER, np.cumsum(roles == USER) - 1, UNKNOWN)
        self.contact_row = np.where(roles == USER, UNKNOWN, np.cumsum(roles != USER) - 1)
        self.people_by_owner = np.flatnonzero(roles == USER)
        self.people_by_contact = np.flatnonzero(roles != USER)

    def kind(
        self,
        schema: ObjectType,
        *,
        created_at: Ints,
        fixed: Mapping[str, Decode],
        changing: Mapping[str, Decode] | None = None,
        changes: Changes | None = None,
        deleted_at: Ints | None = None,
        makers: Ints | None = None,
        computed: Mapping[str, Computed] | None = None,
    ) -> Kind:
        """An object type's records. Raw users in changes, and `makers` by row, are owners' numbers."""
        first = FIRST_ID.get(schema.type_id) or CUSTOM_ID + int(schema.type_id[-1]) * 10_000_000_000
        records = Records(
            schema.name,
            crm="hubspot",
            make_id=lambda row: str(first + row),
            find_row=lambda text: int(text) - first if text.isascii() and text.isdigit() else -1,
            created_at=np.asarray(created_at, dtype=np.int64),
            fixed=fixed,
            changing=changing or {},
            changes=changes,
            deleted_at=deleted_at,
            made_by=lambda row: "" if makers is None or makers[row] == UNKNOWN else user_id(int(makers[row])),
            user_id=user_id,
            effects=self.effects,
        )
        return Kind(schema, records, first=first, computed=computed or {})

    def owners_of(self, people: NDArray[Any]) -> Ints:
        """Numbers of owners for people, UNKNOWN for contacts and for nobody."""
        return self._lookup(self.owner_row, people)

    def contacts_of(self, people: NDArray[Any]) -> Ints:
        """Rows of contacts for people, UNKNOWN for users and for nobody."""
        return self._lookup(self.contact_row, people)

    def _lookup(self, rows: Ints, people: NDArray[Any]) -> Ints:
        if not len(rows):
            return np.full(len(people), UNKNOWN, dtype=np.int64)
        return np.where(people == UNKNOWN, UNKNOWN, rows[np.where(people == UNKNOWN, 0, people)])

    def hour_of(self, days: Ints, hour: int) -> Ints:
        """An hour of days, by the account's clocks; UNKNOWN stays."""
        return np.where(days == UNKNOWN, UNKNOWN, local_instants(np.where(days == UNKNOWN, 0, days), hour, self.zone))

    def word(self, index: int) -> str | None:
        """A text of the world, None for UNKNOWN."""
        return None if index == UNKNOWN else self.world.words[index]

    @cached_property
    def home_currency(self) -> str:
        """The company's own currency."""
        rates = self.world.currencies
        return next((code for code, rate in rates.items() if rate == 1.0), next(iter(rates), "USD"))

    @cached_property
    def stages(self) -> list[Stage]:
        """The world's stages, those that only facts name, and two closed ones if it has none."""
        listed = list(self.world.stages)
        facts = self.world.facts
        named = np.unique(facts.name[facts.kind == STAGE])
        known = {stage.name for stage in listed} | {UNKNOWN}
        listed += [Stage(int(name), 0.0) for name in named.tolist() if name not in known]
        for text, won in (("Closed Won", True), ("Closed Lost", False)):
            if not any(stage.closed and stage.won is won for stage in listed):
                listed.append(Stage(self.world.words.index(text), float(won), closed=True, won=won))
        return listed

    @cached_property
    def pipelines(self) -> list[Pipeline]:
        """The pipelines that deals name, each with all stages: the first with named ids, the others with numbers."""
        deals, words = self.world.deals, self.world.words
        names = np.unique(deals.pipeline[self.deals]).tolist() or [UNKNOWN]
        made = []
        for place, name in enumerate(names):
            crm_id = str(NUMBERED_PIPELINE + place) if place else FIRST_PIPELINE
            label = words[name] if name != UNKNOWN else "Sales Pipeline"
            made.append(Pipeline(crm_id, label, tuple(self._stage_rows(place))))
        return made

    def _stage_rows(self, place: int) -> list[StageRow]:
        rows: list[StageRow] = []
        for number, stage in enumerate(self.stages):
            label = self.world.words[stage.name]
            named = "".join(letter for letter in label.lower() if letter.isascii() and letter.isalnum())
            numbered = str(NUMBERED_STAGE + place * len(self.stages) + number)
            crm_id = numbered if place or not named or named in {row.crm_id for row in rows} else named
            probability = float(stage.won) if stage.closed else stage.probability
            rows.append(StageRow(crm_id, label, probability, bool(stage.closed), bool(stage.won)))
        return rows

    @cached_property
    def pipeline_of(self) -> Ints:
        """By deal, the place of its pipeline."""
        return np.unique(self.world.deals.pipeline[self.deals], return_inverse=True)[1].astype(np.int64)
