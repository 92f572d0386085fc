"""Contacts, companies, and the owners that records belong to."""

from typing import Any

import numpy as np

from crmsync.sandbox.columns import CONTACT, NEVER, REMOVE, UNKNOWN, Ints
from crmsync.sandbox.hubspot.deals import show_owner
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.moments import instant_text
from crmsync.sandbox.hubspot.past import USER_ID, Past
from crmsync.sandbox.hubspot.schema import ObjectType


def _earliest(past: Past, row: Ints, at: Ints, *, count: int) -> Ints:
    """The first instant at which each row is named; the beginning of the past for one that never is."""
    earliest = np.full(count, NEVER)
    np.minimum.at(earliest, row[row >= 0], at[row >= 0])
    return np.where(earliest == NEVER, past.world.start_at, earliest)


def contact_kind(past: Past, schema: ObjectType) -> Kind:
    """Contacts: known since the first deal that names them, or since the past began."""
    people = [past.world.people[index] for index in past.people_by_contact.tolist()]
    facts = past.world.facts
    named = facts.kind[past.facts] == CONTACT
    contact, at = past.contacts_of(facts.value[past.facts[named]]), past.fact_at[named]
    return past.kind(
        schema,
        created_at=_earliest(past, contact, at, count=len(people)),
        fixed={
            "firstname": lambda row: people[row].name.rpartition(" ")[0] or None,
            "lastname": lambda row: people[row].name.rpartition(" ")[2],
            "email": lambda row: people[row].email,
        },
    )


def company_kind(past: Past, schema: ObjectType) -> Kind:
    """Companies: as old as the first deal with them."""
    deals = past.world.deals
    account = deals.account[past.deals].astype(np.int64)
    return past.kind(
        schema,
        created_at=_earliest(past, account, deals.created_at[past.deals], count=past.world.accounts),
        fixed={"name": lambda row: f"Account {row + 1}", "domain": lambda row: f"account{row + 1}.example"},
    )


def owners(past: Past) -> list[dict[str, Any]]:
    """The owners as the API lists them; those who left are archived."""
    made = instant_text(past.world.start_at)
    listed = []
    for number, index in enumerate(past.people_by_owner.tolist()):
        person = past.world.people[index]
        first, _, last = person.name.rpartition(" ")
        listed.append(
            {
                "id": show_owner(number),
                "email": person.email,
                "type": "PERSON",
                "firstName": first,
                "lastName": last,
                "userId": USER_ID + number if person.active else None,
                "userIdIncludingInactive": USER_ID + number,
                "createdAt": made,
                "updatedAt": made,
                "archived": not person.active,
            }
        )
    return listed


def contact_roles(past: Past) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """The buyer's people of each deal: deal, contact, since, until, and the role as an index into words."""
    facts = past.world.facts
    mine = np.flatnonzero(facts.kind[past.facts] == CONTACT)
    contact = past.contacts_of(facts.value[past.facts[mine]])
    mine, contact = mine[contact >= 0], contact[contact >= 0]
    deal, at, role = past.fact_deal[mine], past.fact_at[mine], facts.name[past.facts[mine]].astype(np.int64)
    gone = facts.lifecycle[past.facts[mine]] == REMOVE
    key = deal * max(len(past.world.people), 1) + contact
    _, first = np.unique(key[~gone], return_index=True)
    ends = dict(zip(key[gone].tolist(), at[gone].tolist(), strict=True))
    kept = np.flatnonzero(~gone)[first]
    until = np.array([ends.get(each, NEVER) for each in key[kept].tolist()], dtype=np.int64)
    return deal[kept], contact[kept], at[kept], until, role[kept]


def contact_companies(past: Past) -> tuple[Ints, Ints]:
    """Contacts and the company of each."""
    company = np.array([past.world.people[index].account for index in past.people_by_contact.tolist()], dtype=np.int64)
    contacts = np.flatnonzero(company != UNKNOWN)
    return contacts, company[contacts]
