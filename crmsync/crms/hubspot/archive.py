"""What was archived since the last pull.

Archiving leaves no stamp, no search finds it, and the list of archived records can neither be filtered nor sorted: it grows for
ever. So a pull counts how many of the records that were there at its last start are still live, by the search that tells what
changed, and reads the list only where some are missing, or where nobody counted. What was archived while as many were taken back is
found by the next reconcile.
"""

from collections.abc import Iterator

from crmsync.crms.hubspot.batches import READ_INPUTS
from crmsync.crms.hubspot.client import Client
from crmsync.crms.hubspot.portal import next_page
from crmsync.crms.hubspot.values import MICROS_PER_MILLI, Row, instant
from crmsync.records import Cursor, GoneRecord, Page

MADE = "hs_createdate"


def count_live(client: Client, kind: str, *, until: int) -> int:
    """How many live records of a type were made up to an instant."""
    body = {
        "filterGroups": [
            {"filters": [{"propertyName": MADE, "operator": "LTE", "value": str(max(1, until // MICROS_PER_MILLI))}]}
        ],
        "properties": ["hs_object_id"],
        "limit": 1,
    }
    return int(client.post(client.paths.objects(kind, "search"), body).get("total") or 0)


def made_within(rows: list[Row], *, after: int, until: int) -> int:
    """How many of these were made after one instant and up to another, by the milliseconds that HubSpot counts in."""
    first, last = after // MICROS_PER_MILLI, until // MICROS_PER_MILLI
    return sum(first < row.created_at // MICROS_PER_MILLI <= last for row in rows)


def archived_pages(client: Client, kind: str, source: str, *, page: tuple[str, Cursor]) -> Iterator[Page]:
    """All archived records of a type as gone, in pages of that name and cursor."""
    after = ""
    query = [("limit", str(READ_INPUTS)), ("archived", "true"), ("properties", "hs_object_id")]
    while True:
        answer = client.get(client.paths.objects(kind), [*query, *([("after", after)] if after else [])])
        rows = [Row(raw) for raw in answer.get("results") or ()]
        yield Page(*page, read=len(rows), gone=[gone(source, row) for row in rows])
        after = next_page(answer, after)
        if not after:
            return


def gone(source: str, row: Row) -> GoneRecord:
    """An archived record, by the instant that HubSpot tells."""
    at = instant(row.raw.get("archivedAt") or row.raw["updatedAt"])
    return GoneRecord(source=source, crm_id=row.id, gone_at=at, survivor="")
