"""Query jobs of Bulk API 2.0."""

import csv
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.bulk2 import Operation
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceRefusedRequest

from crmsync.sandbox.salesforce import bulk
from crmsync.sandbox.salesforce.bulk import RIGHT
from tests.sandbox.salesforce.conftest import DEAL_OPEN, Local
from tests.sandbox.salesforce.world import many_deals

SOQL = "SELECT Id, Name, Amount, IsWon, CreatedDate, Owner.Name FROM Opportunity"


def make(sf: Salesforce, soql: str = SOQL, operation: str = "query", **more: str) -> dict[str, Any]:
    """A job, as the API tells of it. Raises the library's error for a refused one."""
    answer = sf.restful("jobs/query", method="POST", json={"operation": operation, "query": soql, **more})
    assert isinstance(answer, dict)
    return answer


def done(sf: Salesforce, soql: str = SOQL, operation: str = "query") -> str:
    """The id of a job that is done."""
    crm_id = str(make(sf, soql, operation)["id"])
    states = [sf.restful(f"jobs/query/{crm_id}")["state"] for _ in range(2)]
    assert states == ["InProgress", "JobComplete"]
    return crm_id


def results(local: Local, sf: Salesforce, crm_id: str, query: str = "") -> tuple[list[list[str]], str]:
    """The rows of a page, its header first, and the locator of the next."""
    answer = local.get(sf, f"jobs/query/{crm_id}/results{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv")
    rows = list(csv.reader(StringIO(answer.content.decode(), newline="")))
    assert len(rows) == int(answer.headers["Sforce-NumberOfRecords"]) + 1
    return rows, answer.headers["Sforce-Locator"]


def test_job_gives_the_rows_of_its_query_as_csv(local: Local, sf: Salesforce) -> None:
    """The same as a query gives, in text: null is blank, instants end with Z, a parent's field has a dotted name."""
    rows, locator = results(local, sf, done(sf))
    records = sf.query(SOQL)["records"]
    texts = [
        [
            record["Id"],
            record["Name"],
            "" if record["Amount"] is None else str(record["Amount"]),
            str(record["IsWon"]).lower(),
            record["CreatedDate"].replace("+0000", "Z"),
            record["Owner"]["Name"],
        ]
        for record in records
    ]
    assert (rows[0][-1], rows[1:], locator) == ("Owner.Name", texts, "null")


def test_job_is_what_the_library_makes_of_it(sf: Salesforce) -> None:
    """simple_salesforce's own handler makes a job, waits for it and reads it."""
    job = sf.bulk2.Opportunity
    made = job._client.create_job(Operation.query_all, "SELECT Id FROM Opportunity")
    job._client.wait_for_job(made["id"], is_query=True, wait=0.01)
    assert job._client.get_query_results(made["id"])["number_of_records"] == 4


def test_job_quotes_what_a_text_may_hold(local: Local, sf: Salesforce) -> None:
    """Quotes, commas, line breaks and letters beyond Latin-1 come back as they are."""
    name = 'Łódź, "Zoë"\nand Sons'
    local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"Name": name}, who=local.app.user)
    rows, _ = results(local, sf, done(sf))
    assert name in [row[1] for row in rows]


def test_job_of_query_all_brings_the_deleted(local: Local, sf: Salesforce) -> None:
    """And one of query doesn't."""
    local.app.delete("Opportunity", local.ids[DEAL_OPEN], who=local.app.user)
    soql = "SELECT Id, IsDeleted FROM Opportunity"
    found = [results(local, sf, done(sf, soql, way))[0] for way in ("query", "queryAll")]
    assert [[row[1] for row in rows[1:]].count("true") for rows in found] == [0, 1]


def test_job_shows_records_as_they_were_when_it_was_made(local: Local, sf: Salesforce) -> None:
    """What changes later doesn't tear a result apart."""
    crm_id = done(sf)
    before, _ = results(local, sf, crm_id)
    local.clock.set(forward_s=60)
    local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"Name": "changed"}, who=local.app.user)
    assert results(local, sf, crm_id)[0] == before


def test_pages_follow_their_locators(serve: Callable[..., Local]) -> None:
    """Each page names the next, the last one null, and each has the header; together they are the whole."""
    local = serve(many_deals(4_500))
    sf = local.login()
    crm_id, locator = done(sf, "SELECT Id FROM Opportunity"), ""
    sizes: list[int] = []
    ids: list[str] = []
    while locator != "null":
        query = f"?maxRecords=2000{f'&locator={locator}' if locator else ''}"
        rows, locator = results(local, sf, crm_id, query)
        assert rows[0] == ["Id"]
        sizes.append(len(rows) - 1)
        ids += [row[0] for row in rows[1:]]
    assert (sizes, ids) == ([2000, 2000, 500], local.ids)


def test_pages_are_linked_five_at_a_time(serve: Callable[..., Local], monkeypatch: pytest.MonkeyPatch) -> None:
    """`resultPages` tells where the pages are, so that they can be fetched side by side, and where it tells of more."""
    monkeypatch.setattr(bulk, "PAGE", 2)
    local = serve(many_deals(13))
    sf = local.login()
    crm_id = done(sf, "SELECT Id FROM Opportunity")
    address, links = f"jobs/query/{crm_id}/resultPages", []
    while address:
        told = local.get(sf, address).json()
        links.append(["?" + link["resultUrl"].partition("?")[2] for link in told["resultPages"]])
        assert told["done"] == ("nextRecordsUrl" not in told)
        address = told.get("nextRecordsUrl", "").removeprefix("/services/data/v62.0/")
    ids = [row[0] for some in links for query in some for row in results(local, sf, crm_id, query)[0][1:]]
    assert ([len(some) for some in links], ids) == ([5, 2], local.ids)
    assert sf.restful(f"jobs/query/{crm_id}")["numberRecordsProcessed"] == 13


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id, (SELECT Id FROM Tasks) FROM Opportunity", "API_ERROR"),
        ("SELECT COUNT() FROM Opportunity", "API_ERROR"),
        ("SELECT COUNT(Id) c FROM Opportunity", "API_ERROR"),
        ("SELECT StageName FROM Opportunity GROUP BY StageName", "API_ERROR"),
        ("SELECT Id FROM Opportunity LIMIT 5 OFFSET 2", "API_ERROR"),
        ("SELECT Nothing__c FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT", "MALFORMED_QUERY"),
    ],
)
def test_job_of_what_bulk_cannot_do_is_refused(sf: Salesforce, soql: str, code: str) -> None:
    """When it is made, and no job comes of it."""
    with pytest.raises(SalesforceMalformedRequest) as refused:
        make(sf, soql)
    assert refused.value.content[0]["errorCode"] == code
    assert sf.restful("jobs/query")["records"] == []


def test_results_wait_for_the_end_of_the_job(local: Local, sf: Salesforce) -> None:
    """Before it there are none, nor for a job that was aborted, which ends once."""
    crm_id = make(sf)["id"]
    answers = [local.get(sf, f"jobs/query/{crm_id}/{what}").status_code for what in ("results", "resultPages")]
    assert sf.restful(f"jobs/query/{crm_id}", method="PATCH", json={"state": "Aborted"})["state"] == "Aborted"
    answers.append(local.get(sf, f"jobs/query/{crm_id}/results").status_code)
    answers.append(local.send(sf, "PATCH", f"jobs/query/{crm_id}", json={"state": "Aborted"}).status_code)
    assert answers == [400] * 4


def test_results_are_read_by_the_version_that_made_the_job(local: Local, sf: Salesforce) -> None:
    """Another one is a conflict."""
    answer = local.get(sf, f"../v61.0/jobs/query/{done(sf)}/results")
    assert answer.status_code == 409


def test_job_is_there_for_a_week_or_until_it_is_deleted(local: Local, sf: Salesforce) -> None:
    """Then its address leads nowhere; one that is under way can't be deleted."""
    deleted, old, busy = done(sf), done(sf), make(sf)["id"]
    answers = [local.send(sf, "DELETE", f"jobs/query/{crm_id}").status_code for crm_id in (deleted, busy)]
    answers.append(local.get(sf, f"jobs/query/{deleted}").status_code)
    local.clock.set(forward_s=8 * 86_400)
    answers.append(local.get(local.login(), f"jobs/query/{old}").status_code)
    assert answers == [204, 400, 404, 404]


def test_id_of_a_deleted_job_is_not_given_again(local: Local, sf: Salesforce) -> None:
    """Its address leads nowhere for good."""
    crm_id = done(sf)
    local.send(sf, "DELETE", f"jobs/query/{crm_id}")
    assert make(sf)["id"] != crm_id


def test_jobs_of_a_day_run_out(serve: Callable[..., Local]) -> None:
    """Beyond the allowance a job is refused, and `limits` tells how many are left."""
    local = serve(daily_jobs=1)
    sf = local.login()
    make(sf)
    assert sf.limits()["DailyBulkV2QueryJobs"] == {"Max": 1, "Remaining": 0}
    with pytest.raises(SalesforceMalformedRequest, match="Max bulk v2 query jobs"):
        make(sf)


def test_job_needs_its_right(local: Local, sf: Salesforce) -> None:
    """A user without it is refused."""
    local.app.rights.take(RIGHT, ["create"])
    with pytest.raises(SalesforceRefusedRequest, match="FEATURENOTENABLED"):
        make(sf)
