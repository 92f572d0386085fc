"""Users who own deals, and the buyer's people in them. All ids are of one series: none can be mistaken for another."""

from crmsync.crms.salesforce.org import CONTACT_ROLE
from crmsync.crms.salesforce.values import Row
from crmsync.records import Kind, Page, PersonRecord, fact


def user(row: Row) -> PersonRecord:
    """Somebody of the seller's, active or not."""
    return PersonRecord(
        crm_id=row.id, role="owner", name=row.get("Name"), email=row.get("Email"), active=row.true("IsActive")
    )


def contact(crm_id: str, name: str, email: str) -> PersonRecord:
    """Somebody of the buyer's."""
    return PersonRecord(crm_id=crm_id, role="contact", name=name, email=email, active=True)


def add_role(row: Row, page: Page) -> None:
    """Puts a contact's part in a deal into a page, and who that is."""
    person = row.get("ContactId")
    if row.raw.get("Contact"):
        page.people.append(contact(person, row.get("Contact.Name"), row.get("Contact.Email")))
    joined = fact(
        row.get("OpportunityId"),
        row.created_at,
        source=CONTACT_ROLE,
        source_id=row.id,
        kind=Kind.CONTACT,
        name=row.get("Role"),
        person=person,
    )
    page.facts.append(joined)
