"""E-mails and room visits: things that happened once and never change."""

import numpy as np

from crmsync.sandbox.columns import BUYER, EMAIL, UNKNOWN, VIEW
from crmsync.sandbox.salesforce.past import SYSTEM_USER, Past, show_instant
from crmsync.sandbox.salesforce.table import Table


def email_table(past: Past) -> Table:
    """EmailMessage."""
    facts, people = past.world.facts, past.world.people
    mine = np.flatnonzero(facts.kind[past.facts] == EMAIL)
    source, at, deal = past.facts[mine], past.fact_at[mine], past.fact_deal[mine]
    who, side, name = facts.who[source], facts.side[source], facts.name[source]
    users = past.users_of(who)
    opportunity_id = past.ids("Opportunity").make
    records = past.records(
        past.objects["EmailMessage"],
        created_at=at,
        fixed={
            "RelatedToId": lambda row: opportunity_id(int(deal[row])),
            "MessageDate": lambda row: show_instant(int(at[row])),
            "Incoming": lambda row: bool(side[row] == BUYER),
            "Subject": lambda row: past.word(int(name[row])),
            "FromAddress": lambda row: None if who[row] == UNKNOWN else people[who[row]].email,
            "FromName": lambda row: None if who[row] == UNKNOWN else people[who[row]].name,
            "Status": lambda row: "Read" if side[row] == BUYER else "Sent",
        },
        made_by=past.made_by(users),
    )
    schema = past.objects["EmailMessage"]
    return Table(schema, records, system_user=past.user_id(SYSTEM_USER), parents={"RelatedToId": ("Opportunity", deal)})


def visit_table(past: Past) -> Table:
    """Room_Visit__c, written by the plan tool, that is by no person."""
    facts = past.world.facts
    mine = np.flatnonzero(facts.kind[past.facts] == VIEW)
    source, at, deal = past.facts[mine], past.fact_at[mine], past.fact_deal[mine]
    visitor = past.contacts_of(facts.who[source])
    opportunity_id, contact_id = past.ids("Opportunity").make, past.ids("Contact").make
    records = past.records(
        past.objects["Room_Visit__c"],
        created_at=at,
        fixed={
            "Name": lambda row: f"Visit {row + 1}",
            "Opportunity__c": lambda row: opportunity_id(int(deal[row])),
            "Visited_At__c": lambda row: show_instant(int(at[row])),
            "Visitor__c": lambda row: None if visitor[row] == UNKNOWN else contact_id(int(visitor[row])),
        },
    )
    return Table(
        past.objects["Room_Visit__c"],
        records,
        system_user=past.user_id(SYSTEM_USER),
        parents={"Opportunity__c": ("Opportunity", deal), "Visitor__c": ("Contact", visitor)},
    )
