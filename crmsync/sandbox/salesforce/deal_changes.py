"""How every opportunity's stage, amount, close date and owner went through time, worked out from a world at once."""

from dataclasses import dataclass

import numpy as np

from crmsync.sandbox.columns import AMOUNT, CLOSE_ON, NEVER, OWNER, STAGE, UNKNOWN, Ints
from crmsync.sandbox.salesforce.moments import DAY, SECOND
from crmsync.sandbox.salesforce.past import INTEGRATION_USER, Past, decimal_places

DEFAULT_CLOSE_DAYS = 90  # a close date is required: a deal whose seller named none gets the org's default
FIELDS = ("StageName", "Amount", "CloseDate", "OwnerId")
IN_STAGE, IN_AMOUNT, IN_CLOSE, IN_OWNER = range(4)
_FIELD_OF_KIND = {STAGE: IN_STAGE, AMOUNT: IN_AMOUNT, CLOSE_ON: IN_CLOSE, OWNER: IN_OWNER}


@dataclass(frozen=True)
class DealChanges:
    """The dated changes of all opportunities, sorted by (row, at), and the values that they began with.

    Raw values: a stage is its number in the org's list, an amount is in hundredths of the currency, a close date is a day, an
    owner is a row of User. `first` holds by field what each opportunity began with.
    """

    row: Ints
    at: Ints
    field: Ints  # index into FIELDS
    value: Ints
    who: Ints  # row of User, UNKNOWN for the system
    first: tuple[Ints, ...]

    def latest(self, field: int, rows: Ints, at: Ints) -> Ints:
        """The raw value of a field for some opportunities, each as of an instant of its own, inclusive."""
        mine = np.flatnonzero(self.field == field)
        asked = np.arange(len(rows)) + len(mine)
        found = self.first[field][rows]
        order = np.lexsort(
            (
                np.repeat([0, 1], [len(mine), len(rows)]),
                np.concatenate([self.at[mine], at]),
                np.concatenate([self.row[mine], rows]),
            )
        )
        before = np.maximum.accumulate(np.where(order < len(mine), np.arange(len(order)), -1))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = before
        change = place[asked]  # position in `order` of the last change at or before each question, -1 for none
        there = change >= 0
        source = mine[order[change[there]]]
        same = self.row[source] == rows[there]
        found[np.flatnonzero(there)[same]] = self.value[source[same]]
        return found


def deal_changes(past: Past) -> DealChanges:
    """Stage, amount, close date and owner of every deal through time, its closing included.

    A deal closes at `closed_at`: if its facts of that second don't lead to a closed stage of the right kind, the closing itself
    does. Stage facts of a later second are dropped, as a closed deal has no more stages. When a deal is won, a close date in the
    future becomes the day of closing, in the same save.
    """
    deals, facts = past.world.deals, past.world.facts
    created_at, closed_at = deals.created_at[past.deals], deals.closed_at[past.deals]
    kind = facts.kind[past.facts]
    after = past.fact_at // SECOND > closed_at[past.fact_deal] // SECOND
    chosen = np.isin(kind, list(_FIELD_OF_KIND)) & ~((kind == STAGE) & after)
    row, at, source = past.fact_deal[chosen], past.fact_at[chosen], past.facts[chosen]
    to_field = np.full(int(kind.max(initial=0)) + 1, UNKNOWN)
    for number, field_number in _FIELD_OF_KIND.items():
        to_field[number : number + 1] = field_number
    field = to_field[kind[chosen]]
    value = _raw_values(past, row, field, source)
    at = np.where(field == IN_STAGE, np.minimum(at, closed_at[row]), at)
    first = _first_values(past, row, at, field, value)
    begun = at > created_at[row]
    changes = _sorted(
        row[begun], at[begun], field[begun], value[begun], past.users_of(facts.who[source[begun]]), first=first
    )
    return _with_closings(past, changes)


def _sorted(row: Ints, at: Ints, field: Ints, value: Ints, who: Ints, *, first: tuple[Ints, ...]) -> DealChanges:
    order = np.lexsort((at, row))
    return DealChanges(row[order], at[order], field[order], value[order], who[order], first)


def hundredths(past: Past, rows: Ints, minor: Ints) -> Ints:
    """Minor units of some opportunities' currencies as hundredths, the scale of an amount field."""
    digits = np.array([decimal_places(text) for text in past.world.words.texts] or [2])
    places = digits[past.world.deals.currency[past.deals[rows]]]
    scaled = np.where(places > 2, minor // 10 ** np.maximum(places - 2, 0), minor * 10 ** np.maximum(2 - places, 0))
    return np.where(minor == UNKNOWN, UNKNOWN, scaled)


def _raw_values(past: Past, row: Ints, field: Ints, source: Ints) -> Ints:
    facts = past.world.facts
    value = facts.value[source].copy()
    stage, amount, owner = (field == number for number in (IN_STAGE, IN_AMOUNT, IN_OWNER))
    by_name = {each.name: number for number, each in enumerate(past.stages)}
    numbers = np.array([by_name.get(text, 0) for text in past.world.words.texts] or [0])
    names = facts.name[source][stage]
    value[stage] = np.where(names == UNKNOWN, 0, numbers[np.maximum(names, 0)])
    value[amount] = hundredths(past, row[amount], value[amount])
    owners = past.users_of(value[owner])
    value[owner] = np.where(owners == UNKNOWN, INTEGRATION_USER, owners)
    return value


def _first_values(past: Past, row: Ints, at: Ints, field: Ints, value: Ints) -> tuple[Ints, ...]:
    """What each deal began with: its own columns, or a fact of the very instant of its creation."""
    deals = past.world.deals
    created_at, close_on = deals.created_at[past.deals], deals.close_on[past.deals]
    owner = past.users_of(deals.owner[past.deals].astype(np.int64))
    opening = next((number for number, stage in enumerate(past.stages) if not stage.closed), 0)
    first = (
        np.full(len(past.deals), opening, dtype=np.int64),
        hundredths(past, np.arange(len(past.deals)), deals.amount_minor[past.deals]),
        np.where(close_on == UNKNOWN, created_at // DAY + DEFAULT_CLOSE_DAYS, close_on),
        np.where(owner == UNKNOWN, INTEGRATION_USER, owner),
    )
    at_once = at <= created_at[row]
    for number, column in enumerate(first):
        mine = at_once & (field == number)
        column[row[mine]] = value[mine]  # facts are in order, so the last one of the instant stays
    return first


def _with_closings(past: Past, changes: DealChanges) -> DealChanges:
    """Adds to each closed deal what its closing changes."""
    deals = past.world.deals
    closing = np.flatnonzero(deals.closed_at[past.deals] != NEVER)
    closed_at, won = deals.closed_at[past.deals[closing]], deals.won[past.deals[closing]] == 1
    stage = changes.latest(IN_STAGE, closing, closed_at)
    is_closed = np.array([each.closed for each in past.stages])[stage]
    is_won = np.array([each.won for each in past.stages])[stage]
    wrong = ~is_closed | (is_won != won)
    early = won & (changes.latest(IN_CLOSE, closing, closed_at) > closed_at // DAY)
    lost, gained = (
        next(i for i, each in enumerate(past.stages) if each.closed and each.won is kind) for kind in (False, True)
    )
    owner = changes.latest(IN_OWNER, closing, closed_at)
    parts = [
        (changes.row, changes.at, changes.field, changes.value, changes.who),
        (closing, closed_at, np.full(len(closing), IN_STAGE), np.where(won, gained, lost), owner),
        (closing, closed_at, np.full(len(closing), IN_CLOSE), closed_at // DAY, owner),
    ]
    masks = (slice(None), wrong, early)
    row, at, field, value, who = (
        np.concatenate([column[mask] for column, mask in zip(columns, masks, strict=True)])
        for columns in zip(*parts, strict=True)
    )
    return _sorted(row, at, field, value, who, first=changes.first)
