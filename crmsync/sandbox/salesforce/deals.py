"""Opportunities and what hangs on them in a standard org: their history and their contact roles."""

from collections.abc import Callable

import numpy as np

from crmsync.sandbox.columns import CONTACT, NEVER, REMOVE, UNKNOWN, Ints
from crmsync.sandbox.records import Changes, Value
from crmsync.sandbox.salesforce.catalogue import FORECAST_CATEGORIES, FORECAST_NAMES
from crmsync.sandbox.salesforce.deal_changes import IN_AMOUNT, IN_CLOSE, IN_OWNER, IN_STAGE, DealChanges
from crmsync.sandbox.salesforce.past import SYSTEM_USER, Past, StageRow, show_day
from crmsync.sandbox.salesforce.table import Computed, Table

KEPT_IN_HISTORY = ("StageName", "Amount", "Probability", "CloseDate")


def show_amount(hundredths: int) -> Value:
    """An amount field's raw value as the API shows it."""
    return None if hundredths == UNKNOWN else hundredths / 100


def expected_revenue(amount: Value, probability: Value) -> Value:
    """Amount times probability, to the cent."""
    if not isinstance(amount, int | float) or not isinstance(probability, int | float):
        return None
    return round(amount * probability / 100, 2)


def deal_formulas(stages: dict[str, StageRow]) -> dict[str, Computed]:
    """The fields of an opportunity that follow from others: a probability or category of its own beats the stage's."""

    def of_stage(name: str) -> Computed:
        return Computed(("StageName",), lambda stage: getattr(stages.get(stage), name, None))

    def own_or_stage(field: str, name: str) -> Computed:
        return Computed(
            (field, "StageName"), lambda own, stage: getattr(stages.get(stage), name, None) if own is None else own
        )

    names = dict(zip(FORECAST_NAMES, FORECAST_CATEGORIES, strict=True))
    return {
        "Probability": own_or_stage("Probability", "probability"),
        "ForecastCategoryName": own_or_stage("ForecastCategoryName", "category_name"),
        "ForecastCategory": Computed(("ForecastCategoryName",), names.get),
        "ExpectedRevenue": Computed(("Amount", "Probability"), expected_revenue),
        "IsClosed": of_stage("closed"),
        "IsWon": of_stage("won"),
        "FiscalQuarter": Computed(("CloseDate",), lambda day: day and (int(day[5:7]) + 2) // 3),
        "FiscalYear": Computed(("CloseDate",), lambda day: day and int(day[:4])),
    }


def opportunity_table(past: Past, changes: DealChanges) -> Table:
    """The deals."""
    stage, amount, close, owner = changes.first
    deals = past.world.deals
    account = deals.account[past.deals].astype(np.int64)
    segment, name, currency = (column[past.deals] for column in (deals.segment, deals.name, deals.currency))
    account_id, user_id = past.ids("Account").make, past.user_id
    names = [each.name for each in past.stages]
    records = past.records(
        past.objects["Opportunity"],
        created_at=deals.created_at[past.deals],
        fixed={
            "Name": lambda row: past.word(int(name[row])) or f"Deal {int(past.deals[row]) + 1}",
            "StageName": lambda row: names[stage[row]],
            "Amount": lambda row: show_amount(int(amount[row])),
            "CloseDate": lambda row: show_day(int(close[row])),
            "OwnerId": lambda row: user_id(int(owner[row])),
            "AccountId": lambda row: None if account[row] == UNKNOWN else account_id(int(account[row])),
            "CurrencyIsoCode": lambda row: past.word(int(currency[row])),
            "Segment__c": lambda row: past.word(int(segment[row])),
        },
        changing={
            "StageName": lambda raw: names[raw],
            "Amount": show_amount,
            "CloseDate": show_day,
            "OwnerId": user_id,
        },
        changes=Changes(changes.row, changes.at, changes.field, changes.value, changes.who),
        made_by=past.made_by(owner),
        resets={"StageName": ("Probability", "ForecastCategoryName")},
    )
    return Table(
        past.objects["Opportunity"],
        records,
        system_user=user_id(SYSTEM_USER),
        computed=deal_formulas(past.stage_by_name),
        parents={"AccountId": ("Account", account)},
    )


def _saves(changes: DealChanges) -> tuple[Ints, Ints]:
    """The changes of history fields in order, and for each the number of its save.

    Changes of one instant are one save, unless they change a field twice: then the second value is a save of its own.
    """
    kept = np.flatnonzero(changes.field != IN_OWNER)
    row, at, field = changes.row[kept], changes.at[kept], changes.field[kept]
    alike = np.lexsort((field, at, row))
    same = np.ones(len(kept), dtype=bool)
    for column in (row[alike], at[alike], field[alike]):
        same[1:] &= column[1:] == column[:-1]
    same[:1] = False
    starts = np.maximum.accumulate(np.where(same, 0, np.arange(len(kept))))
    repeat = np.empty(len(kept), dtype=np.int64)
    repeat[alike] = np.arange(len(kept)) - starts
    order = np.lexsort((repeat, at, row))
    new = np.ones(len(kept), dtype=np.int64)
    for number, column in enumerate((row[order], at[order], repeat[order])):
        differs = column[1:] != column[:-1]
        new[1:] = differs if number == 0 else new[1:] | differs
    return kept[order], np.cumsum(new) - 1


def history_table(past: Past, changes: DealChanges, opportunities: Table) -> Table:
    """A row for each opportunity's creation and each save of its stage, amount or close date, with the values after it."""
    deals = past.world.deals
    count = len(past.deals)
    source, save = _saves(changes)
    saves = int(save[-1]) + 1 if len(save) else 0
    heads = np.flatnonzero(np.diff(save, prepend=-1))  # the first change of each save
    row = np.concatenate([np.arange(count), changes.row[source][heads]])
    at = np.concatenate([deals.created_at[past.deals], changes.at[source][heads]])
    who = np.concatenate([changes.first[IN_OWNER], changes.who[source][heads]])
    order = np.lexsort((np.arange(count + saves), at, row))
    filled = []
    for field in (IN_STAGE, IN_AMOUNT, IN_CLOSE):
        value = np.concatenate([changes.first[field], np.zeros(saves, dtype=np.int64)])
        there = np.repeat([True, False], [count, saves])
        mine = changes.field[source] == field
        value[count + save[mine]], there[count + save[mine]] = changes.value[source][mine], True
        carried = np.maximum.accumulate(np.where(there[order], np.arange(len(order)), 0))
        filled.append(value[order][carried])
    return _history_of(past, opportunities, row[order], at[order], who[order], filled)


def _history_of(past: Past, opportunities: Table, row: Ints, at: Ints, who: Ints, filled: list[Ints]) -> Table:
    """Rows as the world alone makes them; where somebody wrote to a deal, as the deal itself was at that instant."""
    stage, amount, close = filled
    currency = past.world.deals.currency[past.deals]
    first = np.diff(row, prepend=-1) != 0
    opportunity_id, stages = past.ids("Opportunity").make, past.stages

    def shown(field: str, plain: Callable[[int], Value], *, earlier: int = 0) -> Callable[[int], Value]:
        def show(i: int) -> Value:
            if row[i] not in past.edited:
                return plain(i)
            return opportunities.column(field, row[i : i + 1], int(at[i]) - earlier)[0]

        return show

    def revenue(i: int) -> Value:
        return expected_revenue(show_amount(int(amount[i])), stages[stage[i]].probability)

    old_amount = shown("Amount", lambda i: show_amount(int(amount[i - 1])), earlier=1)
    old_close = shown("CloseDate", lambda i: show_day(int(close[i - 1])), earlier=1)
    records = past.records(
        past.objects["OpportunityHistory"],
        created_at=at,
        fixed={
            "OpportunityId": lambda i: opportunity_id(int(row[i])),
            "StageName": shown("StageName", lambda i: stages[stage[i]].name),
            "Amount": shown("Amount", lambda i: show_amount(int(amount[i]))),
            "CloseDate": shown("CloseDate", lambda i: show_day(int(close[i]))),
            "Probability": shown("Probability", lambda i: stages[stage[i]].probability),
            "ForecastCategory": shown("ForecastCategory", lambda i: stages[stage[i]].category),
            "ExpectedRevenue": shown("ExpectedRevenue", revenue),
            "CurrencyIsoCode": lambda i: past.word(int(currency[row[i]])),
            "PrevAmount": lambda i: None if first[i] else old_amount(i),
            "PrevCloseDate": lambda i: None if first[i] else old_close(i),
        },
        made_by=past.made_by(who),
    )
    schema = past.objects["OpportunityHistory"]
    return Table(
        schema, records, system_user=past.user_id(SYSTEM_USER), parents={"OpportunityId": ("Opportunity", row)}
    )


def contact_role_table(past: Past) -> Table:
    """The buyer's people of each deal, from the day that they were added."""
    facts = past.world.facts
    person = facts.value[past.facts]
    contact = past.contacts_of(np.where(facts.kind[past.facts] == CONTACT, person, UNKNOWN))
    named = np.flatnonzero(contact >= 0)
    key = past.fact_deal[named] * max(len(past.world.people), 1) + contact[named]
    removal = facts.lifecycle[past.facts[named]] == REMOVE
    added = named[~removal]
    _, first = np.unique(key[~removal], return_index=True)
    first = np.sort(first)
    source = added[first]
    gone = dict(zip(key[removal].tolist(), past.fact_at[named[removal]].tolist(), strict=True))
    deleted_at = np.array([gone.get(k, NEVER) for k in key[~removal][first].tolist()], dtype=np.int64)
    deal, role, who = (
        past.fact_deal[source],
        facts.name[past.facts[source]],
        past.users_of(facts.who[past.facts[source]]),
    )
    leading = np.diff(deal, prepend=-1) != 0
    opportunity_id, contact_id = past.ids("Opportunity").make, past.ids("Contact").make
    records = past.records(
        past.objects["OpportunityContactRole"],
        created_at=past.fact_at[source],
        fixed={
            "OpportunityId": lambda row: opportunity_id(int(deal[row])),
            "ContactId": lambda row: contact_id(int(contact[source[row]])),
            "Role": lambda row: past.word(int(role[row])),
            "IsPrimary": lambda row: bool(leading[row]),
        },
        deleted_at=deleted_at,
        made_by=past.made_by(who),
    )
    schema = past.objects["OpportunityContactRole"]
    return Table(
        schema,
        records,
        system_user=past.user_id(SYSTEM_USER),
        parents={"OpportunityId": ("Opportunity", deal), "ContactId": ("Contact", contact[source])},
    )
