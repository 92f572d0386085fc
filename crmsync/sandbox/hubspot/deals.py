"""Deals, and the properties that HubSpot works out for them."""

from decimal import Decimal
from functools import cache

import numpy as np

from crmsync.sandbox.columns import UNKNOWN, Ints
from crmsync.sandbox.hubspot.catalogue import FORECAST_CATEGORIES
from crmsync.sandbox.hubspot.deal_changes import FIELDS, deal_changes
from crmsync.sandbox.hubspot.kind import Computed, Kind
from crmsync.sandbox.hubspot.moments import instant_text
from crmsync.sandbox.hubspot.past import OWNER_ID, Past, StageRow
from crmsync.sandbox.hubspot.schema import ObjectType
from crmsync.sandbox.records import Value


@cache
def show_amount(thousandths: int) -> str:
    """An amount as HubSpot keeps it: a number as a text, without trailing zeros."""
    whole, rest = divmod(abs(thousandths), 1000)
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{whole}" + (f".{rest:03}".rstrip("0") if rest else "")


def show_owner(number: int) -> str:
    """The id that a deal holds for an owner."""
    return str(OWNER_ID + number)


def number_text(number: Decimal) -> str:
    """A number as a text, without trailing zeros."""
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


def _decimal(text: Value) -> Decimal | None:
    return Decimal(str(text)) if text else None


def deal_formulas(past: Past) -> dict[str, Computed]:
    """What follows from a deal's stage and amount."""
    stages = {stage.crm_id: stage for pipeline in past.pipelines for stage in pipeline.stages}
    nowhere = StageRow("", "", 0.0, closed=False, won=False)
    rates = past.world.currencies

    def of_stage(show: "type[str]", name: str) -> Computed:
        return Computed(("dealstage",), lambda stage: show(getattr(stages.get(stage, nowhere), name)).lower())

    def at_home(amount: Value, currency: Value) -> Value:
        number, rate = _decimal(amount), rates.get(str(currency or past.home_currency))
        return None if number is None or not rate else number_text(round(number / Decimal(str(rate)), 2))

    def projected(amount: Value, stage: Value) -> Value:
        number = _decimal(amount)
        probability = stages.get(str(stage), nowhere).probability
        return None if number is None else number_text(number * Decimal(str(probability)))

    def closed_amount(amount: Value, stage: Value) -> Value:
        return (amount or "0") if stages.get(str(stage), nowhere).won else "0"

    return {
        "hs_deal_stage_probability": of_stage(str, "probability"),
        "hs_is_closed": of_stage(str, "closed"),
        "hs_is_closed_won": of_stage(str, "won"),
        "hs_is_closed_lost": Computed(
            ("dealstage",), lambda stage: str(stages.get(stage, nowhere).closed and not stages[stage].won).lower()
        ),
        "amount_in_home_currency": Computed(("amount", "deal_currency_code"), at_home),
        "hs_projected_amount": Computed(("amount", "dealstage"), projected),
        "hs_closed_amount": Computed(("amount", "dealstage"), closed_amount),
    }


def deal_kind(past: Past, schema: ObjectType) -> Kind:
    """The deals."""
    changes, first = deal_changes(past)
    stage, amount, close, owner, _category = first
    deals = past.world.deals
    segment, name, currency = (column[past.deals] for column in (deals.segment, deals.name, deals.currency))
    stage_ids = [stage.crm_id for pipeline in past.pipelines for stage in pipeline.stages]
    pipeline_ids = [pipeline.crm_id for pipeline in past.pipelines]

    def amount_of(row: int) -> Value:
        return None if amount[row] == UNKNOWN else show_amount(int(amount[row]))

    decoders = (stage_ids.__getitem__, show_amount, instant_text, show_owner, FORECAST_CATEGORIES.__getitem__)
    return past.kind(
        schema,
        created_at=deals.created_at[past.deals],
        fixed={
            "dealname": lambda row: past.word(int(name[row])) or f"Deal {int(past.deals[row]) + 1}",
            "pipeline": lambda row: pipeline_ids[past.pipeline_of[row]],
            "dealstage": lambda row: stage_ids[stage[row]],
            "amount": amount_of,
            "closedate": lambda row: None if close[row] == UNKNOWN else instant_text(int(close[row])),
            "hubspot_owner_id": lambda row: None if owner[row] == UNKNOWN else show_owner(int(owner[row])),
            "hs_manual_forecast_category": lambda _row: "PIPELINE",
            "deal_currency_code": lambda row: past.word(int(currency[row])),
            "segment": lambda row: past.word(int(segment[row])),
        },
        changing=dict(zip(FIELDS, decoders, strict=True)),
        changes=changes,
        makers=owner,
        computed=deal_formulas(past),
    )


def first_owners(past: Past) -> Ints:
    """By deal the number of the owner that it began with, to whom a buyer's step falls."""
    return past.owners_of(past.world.deals.owner[past.deals].astype(np.int64))
