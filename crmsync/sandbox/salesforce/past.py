"""A world as this org's tables need it: which deals and facts are shown here, and who is which record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.columns import SALESFORCE, STAGE, UNKNOWN, USER, Ints, Stage, World
from crmsync.sandbox.records import Changes, Decode, EffectLog, Records, Value
from crmsync.sandbox.salesforce.catalogue import FORECAST_CATEGORIES, FORECAST_NAMES
from crmsync.sandbox.salesforce.ids import Ids
from crmsync.sandbox.salesforce.moments import day_text, instant_text
from crmsync.sandbox.salesforce.schema import SObject

INTEGRATION_USER, SYSTEM_USER, FIRST_PERSON = 0, 1, 2  # rows of User: the API's own, the org's own, then the people
_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "BHD": 3, "KWD": 3, "TND": 3, "JOD": 3, "OMR": 3}


def decimal_places(currency: str) -> int:
    """How many digits a currency's minor unit has (ISO 4217)."""
    return _DIGITS.get(currency, 2)


def forecast_category(stage: Stage) -> int:
    """The category that a stage stands for: its number in FORECAST_CATEGORIES and FORECAST_NAMES."""
    if stage.closed:
        return FORECAST_CATEGORIES.index("Closed" if stage.won else "Omitted")
    name = "Forecast" if stage.probability >= 0.75 else "BestCase" if stage.probability >= 0.5 else "Pipeline"
    return FORECAST_CATEGORIES.index(name)


@dataclass(frozen=True)
class StageRow:
    """A stage as the org defines it."""

    name: str
    probability: float  # percent, whole
    closed: bool
    won: bool
    category: str
    category_name: str


def _stage_row(name: str, stage: Stage) -> StageRow:
    probability = 100 * float(stage.won) if stage.closed else float(round(100 * stage.probability))
    category = forecast_category(stage)
    names = FORECAST_CATEGORIES[category], FORECAST_NAMES[category]
    return StageRow(name, probability, bool(stage.closed), bool(stage.won), *names)


class Past:
    """The part of a world that this org shows."""

    def __init__(self, world: World, effects: EffectLog, objects: dict[str, SObject]) -> None:
        self.world, self.effects, self.objects = world, effects, objects
        self.deals = np.flatnonzero(world.deals.crm == SALESFORCE)
        self.opportunity = np.full(len(world.deals), UNKNOWN, dtype=np.int64)  # by deal: row of its Opportunity
        self.opportunity[self.deals] = np.arange(len(self.deals))
        shown = self.opportunity[world.facts.deal] >= 0
        at = np.maximum(world.facts.at, world.deals.created_at[world.facts.deal])
        self.facts = np.flatnonzero(shown)  # facts of these deals
        self.fact_at = at[self.facts]  # never before their deal
        self.fact_deal = self.opportunity[world.facts.deal[self.facts]]
        roles = np.array([person.role for person in world.people], dtype=np.int64)
        self.user_row = np.where(roles == USER, np.cumsum(roles == USER) + FIRST_PERSON - 1, UNKNOWN)
        self.contact_row = np.where(roles == USER, UNKNOWN, np.cumsum(roles != USER) - 1)
        self.people_by_user = np.flatnonzero(roles == USER)
        self.people_by_contact = np.flatnonzero(roles != USER)
        self.edited: set[int] = set()  # opportunities whose history fields were written over the API or by a person
        self._ids = {name: Ids(schema.prefix) for name, schema in objects.items()}

    def ids(self, name: str) -> Ids:
        """The ids of an object's records."""
        return self._ids[name]

    def records(
        self,
        schema: SObject,
        *,
        created_at: Ints,
        fixed: Mapping[str, Decode],
        changing: Mapping[str, Decode] | None = None,
        changes: Changes | None = None,
        deleted_at: Ints | None = None,
        made_by: Decode = lambda _row: "",
        resets: Mapping[str, Sequence[str]] | None = None,
    ) -> Records:
        """An object's records, with ids of its prefix. Raw users in changes are rows of User."""
        ids = Ids(schema.prefix)
        return Records(
            schema.name,
            crm="salesforce",
            make_id=ids.make,
            find_row=ids.find,
            created_at=np.asarray(created_at, dtype=np.int64),
            fixed=fixed,
            changing=changing or {},
            changes=changes,
            deleted_at=deleted_at,
            made_by=made_by,
            user_id=self.user_id,
            resets=resets,
            effects=self.effects,
        )

    def made_by(self, users: Ints) -> Decode:
        """Who made each record, for Records: rows of User, UNKNOWN for the system."""
        return lambda row: "" if users[row] == UNKNOWN else self.user_id(int(users[row]))

    def user_id(self, row: int) -> str:
        """The id of a row of User."""
        return self.ids("User").make(row)

    def users_of(self, people: NDArray[Any]) -> Ints:
        """Rows of User for people, UNKNOWN for contacts and for nobody."""
        return self._lookup(self.user_row, people)

    def contacts_of(self, people: NDArray[Any]) -> Ints:
        """Rows of Contact for people, UNKNOWN for users and for nobody."""
        return self._lookup(self.contact_row, people)

    def _lookup(self, rows: Ints, people: NDArray[Any]) -> Ints:
        if not len(rows):
            return np.full(len(people), UNKNOWN, dtype=np.int64)
        return np.where(people == UNKNOWN, UNKNOWN, rows[np.where(people == UNKNOWN, 0, people)])

    @cached_property
    def corporate_currency(self) -> str:
        """The company's own currency."""
        rates = self.world.currencies
        return next((code for code, rate in rates.items() if rate == 1.0), next(iter(rates), "USD"))

    @cached_property
    def stages(self) -> list[StageRow]:
        """The stages as the org lists them: the world's, those that only facts name, and two closed ones if it has none."""
        listed = list(self.world.stages)
        facts = self.world.facts
        named = np.unique(facts.name[facts.kind == STAGE])
        known = {stage.name for stage in listed}
        listed += [Stage(int(name), 0.0) for name in named.tolist() if name not in known and name != UNKNOWN]
        rows = [_stage_row(self.world.words[stage.name], stage) for stage in listed]
        for text, won in (("Closed Won", True), ("Closed Lost", False)):
            if not any(row.closed and row.won is won for row in rows):
                rows.append(_stage_row(text, Stage(UNKNOWN, float(won), closed=True, won=won)))
        return rows

    @cached_property
    def stage_by_name(self) -> dict[str, StageRow]:
        """The org's stages by name."""
        return {stage.name: stage for stage in self.stages}

    def word(self, index: int) -> Value:
        """A text of the world, None for UNKNOWN."""
        return None if index == UNKNOWN else self.world.words[index]


# decoders of raw values in changes; the same few thousand days and owners come again and again
show_day = cache(day_text)
show_instant = instant_text
