"""Users, contacts, accounts, and the set-up tables of the org: stages, currencies, the org itself."""

import numpy as np

from crmsync.sandbox.columns import CONTACT, NEVER, UNKNOWN, Ints
from crmsync.sandbox.records import Value
from crmsync.sandbox.salesforce.past import FIRST_PERSON, INTEGRATION_USER, SYSTEM_USER, Past, decimal_places
from crmsync.sandbox.salesforce.table import Computed, Table

ORG_NAME = "Local Salesforce"


def _first_name(name: str) -> Value:
    return name.rpartition(" ")[0] or None


def _last_name(name: str) -> str:
    return name.rpartition(" ")[2]


def _earliest(past: Past, row: Ints, at: Ints, *, count: int) -> Ints:
    """The first instant at which each row is named; the beginning of the past for one that never is."""
    earliest = np.full(count, NEVER)
    np.minimum.at(earliest, row[row >= 0], at[row >= 0])
    return np.where(earliest == NEVER, past.world.start_at, earliest)


def user_table(past: Past, username: str) -> Table:
    """User: the integration user, the system's own, then the world's."""
    people = [past.world.people[index] for index in past.people_by_user.tolist()]
    own = (
        ("Integration User", username, "Standard"),
        ("Automated Process", "autoproc@local.example", "AutomatedProcess"),
    )

    def name(row: int) -> str:
        return own[row][0] if row < FIRST_PERSON else people[row - FIRST_PERSON].name

    def email(row: int) -> str:
        return own[row][1] if row < FIRST_PERSON else people[row - FIRST_PERSON].email

    records = past.records(
        past.objects["User"],
        created_at=np.full(len(people) + FIRST_PERSON, past.world.start_at),
        fixed={
            "Username": email,
            "Email": email,
            "Name": name,
            "FirstName": lambda row: _first_name(name(row)),
            "LastName": lambda row: _last_name(name(row)),
            "Alias": lambda row: name(row)[:8].strip().lower(),
            "IsActive": lambda row: row < FIRST_PERSON or people[row - FIRST_PERSON].active,
            "TimeZoneSidKey": lambda _row: "GMT",
            "UserType": lambda row: own[row][2] if row < FIRST_PERSON else "Standard",
        },
    )
    return Table(past.objects["User"], records, system_user=past.user_id(SYSTEM_USER))


def contact_table(past: Past) -> Table:
    """Contact: known since the first deal that names them, or since the past began."""
    people = [past.world.people[index] for index in past.people_by_contact.tolist()]
    facts = past.world.facts
    named = facts.kind[past.facts] == CONTACT
    contact, at = past.contacts_of(facts.value[past.facts[named]]), past.fact_at[named]
    created_at = _earliest(past, contact, at, count=len(people))
    account_id = past.ids("Account").make
    records = past.records(
        past.objects["Contact"],
        created_at=created_at,
        fixed={
            "FirstName": lambda row: _first_name(people[row].name),
            "LastName": lambda row: _last_name(people[row].name),
            "Email": lambda row: people[row].email,
            "AccountId": lambda row: None if people[row].account == UNKNOWN else account_id(people[row].account),
        },
    )
    return Table(
        past.objects["Contact"],
        records,
        system_user=past.user_id(SYSTEM_USER),
        computed={
            "Name": Computed(("FirstName", "LastName"), lambda first, last: f"{first} {last}" if first else last)
        },
        parents={"AccountId": ("Account", np.array([person.account for person in people], dtype=np.int64))},
    )


def account_table(past: Past) -> Table:
    """Account: as old as the first deal with it."""
    deals = past.world.deals
    account = deals.account[past.deals].astype(np.int64)
    created_at = _earliest(past, account, deals.created_at[past.deals], count=past.world.accounts)
    records = past.records(
        past.objects["Account"],
        created_at=created_at,
        fixed={
            "Name": lambda row: f"Account {row + 1}",
            "OwnerId": lambda _row: past.user_id(INTEGRATION_USER),
        },
    )
    return Table(past.objects["Account"], records, system_user=past.user_id(SYSTEM_USER))


def _set_up(past: Past, name: str, rows: list[dict[str, Value]]) -> Table:
    """A small table that was there from the start."""
    records = past.records(
        past.objects[name],
        created_at=np.full(len(rows), past.world.start_at),
        fixed={field: [row[field] for row in rows].__getitem__ for field in rows[0]} if rows else {},
    )
    return Table(past.objects[name], records, system_user=past.user_id(SYSTEM_USER))


def stage_table(past: Past) -> Table:
    """OpportunityStage."""
    return _set_up(
        past,
        "OpportunityStage",
        [
            {
                "ApiName": stage.name,
                "MasterLabel": stage.name,
                "IsActive": True,
                "IsClosed": stage.closed,
                "IsWon": stage.won,
                "SortOrder": number,
                "DefaultProbability": stage.probability,
                "ForecastCategory": stage.category,
                "ForecastCategoryName": stage.category_name,
            }
            for number, stage in enumerate(past.stages, 1)
        ],
    )


def currency_table(past: Past) -> Table:
    """CurrencyType."""
    return _set_up(
        past,
        "CurrencyType",
        [
            {
                "IsoCode": code,
                "ConversionRate": rate,
                "DecimalPlaces": decimal_places(code),
                "IsActive": True,
                "IsCorporate": code == past.corporate_currency,
            }
            for code, rate in past.world.currencies.items()
        ],
    )


def organization_table(past: Past) -> Table:
    """Organization."""
    row: dict[str, Value] = {
        "Name": ORG_NAME,
        "OrganizationType": "Enterprise Edition",
        "InstanceName": "LOC1",
        "IsSandbox": True,
        "DefaultCurrencyIsoCode": past.corporate_currency,
        "FiscalYearStartMonth": 1,
        "TimeZoneSidKey": "GMT",
        "DefaultLocaleSidKey": "en_US",
    }
    return _set_up(past, "Organization", [row])
