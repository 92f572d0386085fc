"""Pages of a query."""

from collections.abc import Callable

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from tests.sandbox.salesforce.conftest import Local, ask
from tests.sandbox.salesforce.world import many_deals

SOQL = "SELECT Id, Amount FROM Opportunity ORDER BY SystemModstamp, Id"


@pytest.fixture
def local(serve: Callable[..., Local]) -> Local:
    """A local Salesforce with more deals than fit on two pages, all of one second."""
    return serve(many_deals(4_500))


def test_pages_give_every_record_once_and_in_order(local: Local, sf: Salesforce) -> None:
    """The library's own paging sees all records, in the order of their ids where stamps are equal."""
    assert [record["Id"] for record in sf.query_all_iter(SOQL)] == local.ids


def test_pages_hold_2000_records_and_name_the_next(sf: Salesforce) -> None:
    """Each page counts the whole, and the last one is done and names no next."""
    pages = [sf.query(SOQL)]
    while not pages[-1]["done"]:
        pages.append(sf.query_more(pages[-1]["nextRecordsUrl"], identifier_is_url=True))
    assert [(len(page["records"]), page["totalSize"]) for page in pages] == [(2000, 4500), (2000, 4500), (500, 4500)]
    assert "nextRecordsUrl" not in pages[-1]


@pytest.mark.parametrize(("wish", "size"), [("200", 200), ("1000", 1000), ("50", 200), ("9000", 2000), ("x", 2000)])
def test_pages_heed_a_wish_within_limits(sf: Salesforce, wish: str, size: int) -> None:
    """Sforce-Query-Options sets the size from 200 to 2,000."""
    page = sf.query(SOQL, headers={"Sforce-Query-Options": f"batchSize={wish}"})
    assert len(page["records"]) == size


def test_pages_of_rows_with_children_are_smaller(sf: Salesforce) -> None:
    """Rows with child queries come 500 at a time."""
    assert len(sf.query("SELECT Id, (SELECT Id FROM Tasks) FROM Opportunity")["records"]) == 500


def test_pages_of_wide_rows_are_smaller(sf: Salesforce) -> None:
    """More columns than usual make a page shorter; the wish of a client doesn't change that."""
    fields = [field["name"] for field in sf.Opportunity.describe()["fields"]]
    wide = ", ".join([*fields, *(f"Owner.{name}" for name in ("Name", "Email"))])
    page = sf.query(f"SELECT {wide} FROM Opportunity")  # noqa: S608 - SOQL
    assert len(page["records"]) == 50_000 // (len(fields) + 1)


def test_page_shows_records_as_they_were_when_the_query_began(local: Local, sf: Salesforce) -> None:
    """What is deleted or changed later doesn't tear a result apart."""
    page = sf.query(SOQL)
    local.clock.set(forward_s=60)
    local.app.delete("Opportunity", local.ids[3_000], who=local.app.user)
    local.app.edit("Opportunity", local.ids[3_001], {"Amount": 1.0}, who=local.app.user)
    second = sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)["records"]
    assert [record["Id"] for record in second] == local.ids[2_000:4_000]
    assert second[1_001]["Amount"] == 3_001.0


def test_locator_dies_after_two_days(local: Local, sf: Salesforce) -> None:
    """A locator that is too old, or never was one, is refused."""
    page = sf.query(SOQL)
    local.clock.set(forward_s=2 * 86_400 + 1)
    fresh = local.login()
    for address in (page["nextRecordsUrl"], "/services/data/v62.0/query/01gNOTHING-2000"):
        with pytest.raises(SalesforceMalformedRequest, match="INVALID_QUERY_LOCATOR"):
            fresh.query_more(address, identifier_is_url=True)


@pytest.mark.parametrize("path", ["query", "query/", "queryAll", "queryAll/"])
def test_query_is_found_with_and_without_slash(local: Local, sf: Salesforce, path: str) -> None:
    """Both forms of the address are the same resource."""
    assert local.get(sf, path, params={"q": "SELECT COUNT() FROM Opportunity"}).json()["totalSize"] == 4_500


def test_writes_of_a_whole_table_keep_pages_right(local: Local, sf: Salesforce) -> None:
    """After a write to some of the records the stamps tell those from the others."""
    local.clock.set(forward_s=60)
    for crm_id in local.ids[:3]:
        local.app.edit("Opportunity", crm_id, {"NextStep": "x"}, who=local.app.user)
    later = "SELECT Id FROM Opportunity WHERE SystemModstamp > 2026-10-01T08:00:00Z ORDER BY SystemModstamp, Id"
    assert [record["Id"] for record in ask(sf, later)] == local.ids[:3]
