"""Contacts: who stands beside a deal on the buyer's side.

HubSpot doesn't tell when a contact was associated with a deal, only who is. A contact counts as joined when both existed: at the
later of the two creations, the earliest instant at which it can have been, and the same in every pull. An association between two
old records moves no stamp either: it shows when one of the two is next changed.
"""

from collections.abc import Iterable

from crmsync.crms.hubspot.batches import associated, read
from crmsync.crms.hubspot.client import Client
from crmsync.crms.hubspot.deals import created_at
from crmsync.crms.hubspot.portal import CONTACTS, DEALS
from crmsync.crms.hubspot.values import Row
from crmsync.records import Kind, Page, PersonRecord, fact

NAMES = ("firstname", "lastname", "email", "createdate")
ID_PREFIX = "contact/"  # ids of contacts and owners are numbers of two series that may meet


def add_contacts(client: Client, deals: Iterable[tuple[str, int]], page: Page) -> None:
    """Puts the contacts of deals, given with their creation, into a page, and when each joined."""
    created = dict(deals)
    links = associated(client, DEALS, CONTACTS, list(created))
    ids = sorted({link.id for linked in links.values() for link in linked})
    contacts = {row.id: row for row in read(client, CONTACTS, ids, properties=NAMES)}
    page.people += (_person(row) for row in contacts.values())
    for deal, linked in links.items():
        for link in linked:
            if link.id in contacts:
                _join(page, deal, link.label, contacts[link.id], deal_created_at=created[deal])


def add_changed(client: Client, rows: list[Row], page: Page, *, known_deals_until: int) -> None:
    """Puts changed contacts into a page: those that belong to a deal, and when they joined it.

    Of deals made later than `known_deals_until` only the people: such a deal may not be stored yet, and brings its contacts itself.
    """
    links = associated(client, CONTACTS, DEALS, [row.id for row in rows])
    ids = sorted({link.id for linked in links.values() for link in linked})
    deals = {row.id: row for row in read(client, DEALS, ids, properties=("createdate", "hs_createdate"))}
    for row in rows:
        linked = [link for link in links.get(row.id, ()) if link.id in deals]
        page.people += [_person(row)] if linked else []
        for link in linked:
            if deals[link.id].created_at < known_deals_until:
                _join(page, link.id, link.label, row, deal_created_at=created_at(deals[link.id]))


def _person(row: Row) -> PersonRecord:
    name = " ".join(part for part in (row.get("firstname"), row.get("lastname")) if part)
    return PersonRecord(
        crm_id=ID_PREFIX + row.id, role="contact", name=name, email=row.get("email"), active=not row.raw.get("archived")
    )


def _join(page: Page, deal: str, label: str, contact: Row, *, deal_created_at: int) -> None:
    at = max(deal_created_at, contact.created_at)
    joined = fact(
        deal, at, source=CONTACTS, source_id=contact.id, kind=Kind.CONTACT, name=label, person=ID_PREFIX + contact.id
    )
    page.facts.append(joined)
