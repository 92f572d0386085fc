"""How every deal's stage, amount, close date, owner and forecast category went through time, worked out from a world at once."""

import numpy as np

from crmsync.sandbox.columns import AMOUNT, CLOSE_ON, NEVER, OWNER, STAGE, UNKNOWN, Ints
from crmsync.sandbox.hubspot.catalogue import FORECAST_CATEGORIES
from crmsync.sandbox.hubspot.moments import SECOND
from crmsync.sandbox.hubspot.past import Past, decimal_places
from crmsync.sandbox.records import Changes

FIELDS = ("dealstage", "amount", "closedate", "hubspot_owner_id", "hs_manual_forecast_category")
IN_STAGE, IN_AMOUNT, IN_CLOSE, IN_OWNER, IN_CATEGORY = range(5)
CLOSE_HOUR = 12  # a seller picks a day; what time of day the CRM adds is of no account
_FIELD_OF_KIND = {STAGE: IN_STAGE, AMOUNT: IN_AMOUNT, CLOSE_ON: IN_CLOSE, OWNER: IN_OWNER}


def thousandths(past: Past, rows: Ints, minor: Ints) -> Ints:
    """Minor units of some deals' currencies as thousandths, which every currency's amounts fit into."""
    digits = np.array([decimal_places(text) for text in past.world.words.texts] or [2])
    places = digits[past.world.deals.currency[past.deals[rows]]]
    return np.where(minor == UNKNOWN, UNKNOWN, minor * 10 ** (3 - places))


def deal_changes(past: Past) -> tuple[Changes, tuple[Ints, ...]]:
    """The dated changes of all deals, closings included, and what each deal began with, by field.

    Raw values: a stage is its place in the list of all pipelines' stages, an amount is in thousandths, a close date is an instant,
    an owner is a number of owners, a category a place in FORECAST_CATEGORIES. Stage facts of a second after the closing are
    dropped, as a closed deal has no more stages.
    """
    deals, facts = past.world.deals, past.world.facts
    created_at, closed_at = deals.created_at[past.deals], deals.closed_at[past.deals]
    kind = facts.kind[past.facts]
    after = past.fact_at // SECOND > closed_at[past.fact_deal] // SECOND
    chosen = np.isin(kind, list(_FIELD_OF_KIND)) & ~((kind == STAGE) & after)
    row, at, source = past.fact_deal[chosen], past.fact_at[chosen], past.facts[chosen]
    field = np.select([kind[chosen] == each for each in _FIELD_OF_KIND], list(_FIELD_OF_KIND.values()), UNKNOWN)
    at = np.where(field == IN_STAGE, np.minimum(at, closed_at[row]), at)
    value = _raw_values(past, row, field, source)
    first = _first_values(past)
    at_once = at <= created_at[row]
    for number, column in enumerate(first):
        mine = at_once & (field == number)
        column[row[mine]] = value[mine]  # facts are in order, so the last one of the instant stays
    later = ~at_once
    changes = Changes(row[later], at[later], field[later], value[later], past.owners_of(facts.who[source[later]]))
    return _with_closings(past, changes, first), first


def _raw_values(past: Past, row: Ints, field: Ints, source: Ints) -> Ints:
    facts = past.world.facts
    value = facts.value[source].astype(np.int64)
    stage, amount, close, owner = (field == number for number in (IN_STAGE, IN_AMOUNT, IN_CLOSE, IN_OWNER))
    stages = past.stages
    places = np.zeros(len(past.world.words) + 1, dtype=np.int64)  # the last one: a stage fact without a name
    for number, each in enumerate(stages):
        places[each.name] = number
    value[stage] = past.pipeline_of[row[stage]] * len(stages) + places[facts.name[source[stage]]]
    value[amount] = thousandths(past, row[amount], value[amount])
    value[close] = past.hour_of(value[close], CLOSE_HOUR)
    value[owner] = past.owners_of(value[owner])
    return value


def _first_values(past: Past) -> tuple[Ints, ...]:
    """What each deal began with by its own columns."""
    deals = past.world.deals
    opening = next((number for number, stage in enumerate(past.stages) if not stage.closed), 0)
    return (
        past.pipeline_of * len(past.stages) + opening,
        thousandths(past, np.arange(len(past.deals)), deals.amount_minor[past.deals]),
        past.hour_of(deals.close_on[past.deals], CLOSE_HOUR),
        past.owners_of(deals.owner[past.deals].astype(np.int64)),
        np.full(len(past.deals), FORECAST_CATEGORIES.index("PIPELINE")),
    )


def _with_closings(past: Past, changes: Changes, first: tuple[Ints, ...]) -> Changes:
    """Adds what closing changes: the stage, where facts don't lead to one of the right kind, the close date, the category."""
    deals = past.world.deals
    closing = np.flatnonzero(deals.closed_at[past.deals] != NEVER)
    closed_at, won = deals.closed_at[past.deals[closing]], deals.won[past.deals[closing]] == 1
    last = (first[IN_STAGE].copy(), first[IN_OWNER].copy())
    order = np.lexsort((changes.at, changes.row))
    for column, field in zip(last, (IN_STAGE, IN_OWNER), strict=True):
        mine = order[changes.field[order] == field]
        column[changes.row[mine]] = changes.value[mine]
    stage = last[0][closing] % len(past.stages)
    is_closed = np.array([each.closed for each in past.stages])[stage]
    wrong = ~is_closed | (np.array([each.won for each in past.stages])[stage] != won)
    lost, gained = (
        next(i for i, each in enumerate(past.stages) if each.closed and each.won is kind) for kind in (False, True)
    )
    outcome = past.pipeline_of[closing] * len(past.stages) + np.where(won, gained, lost)
    omitted, closed = (FORECAST_CATEGORIES.index(name) for name in ("OMIT", "CLOSED"))
    owner = last[1][closing]
    parts = [(changes.row, changes.at, changes.field, changes.value, changes.who)]
    values = (
        (IN_STAGE, outcome, wrong),
        (IN_CLOSE, closed_at, None),
        (IN_CATEGORY, np.where(won, closed, omitted), None),
    )
    for field, value, mask in values:
        chosen = np.arange(len(closing)) if mask is None else np.flatnonzero(mask)
        parts.append((closing[chosen], closed_at[chosen], np.full(len(chosen), field), value[chosen], owner[chosen]))
    return Changes(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
