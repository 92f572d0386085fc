"""Full reads by query jobs: the same as page by page, complete or not at all, and without them where there are none."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stamina

from crmsync import crm as crms
from crmsync import retry
from crmsync.crm import Crm
from crmsync.crms.salesforce import large
from crmsync.errors import RetryLater
from crmsync.records import Kind
from crmsync.sandbox.http import Request, Response, Server
from crmsync.sandbox.salesforce import bulk
from crmsync.sandbox.salesforce.bulk import RIGHT
from crmsync.steps.pull import MOST_REPEATED
from crmsync.store import dump
from tests.crms.salesforce_org import lay, of, org, pull
from tests.crms.stores import opened, pull_into
from tests.crms.test_parallel import FAULTS
from tests.crms.twins import Twin, twin
from tests.sandbox.salesforce.conftest import DEAL_LOST, DEAL_OPEN, Local

RESULTS = "/results"
LISTED = 9  # objects that a full read lists


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A Salesforce of its own; tests leave its past as it is."""
    with twin("salesforce", tmp_path_factory.mktemp("bulk"), deals=60) as served:
        yield served


class Meddling:
    """An app whose answers are looked at, and changed, on their way."""

    def __init__(self, server: Server, meddle: Callable[[Request, Response], Response]) -> None:
        self._server, self._app, self._meddle = server, server.app, meddle
        server.app = self

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        return self._meddle(request, self._app.answer(request))

    def stop(self) -> None:
        """From now on answers come as they are."""
        self._server.app = self._app


def connected(room: Twin, *, bulk_from: int, parallel: int = 4) -> Crm:
    """The room anew, with jobs for objects of so many records."""
    options = {**room.config.options, "bulk_from": bulk_from}
    return crms.connect(room.config.model_copy(update={"options": options, "parallel": parallel}))


@pytest.fixture
def ten_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local Salesforce gives ten records of a job at a time."""
    monkeypatch.setattr(bulk, "PAGE", 10)


def digest(crm: Crm, folder: Path, name: str) -> str:
    """The canonical dump of a first pull."""
    with opened(folder, name) as store:
        pull_into(store, crm)
        return dump.digest(store)


@pytest.fixture(scope="module")
def by_pages(room: Twin, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is stored without jobs."""
    return digest(connected(room, bulk_from=0), tmp_path_factory.mktemp("pages"), "pages")


def test_jobs_bring_what_pages_bring(room: Twin, by_pages: str, tmp_path: Path) -> None:
    """The canonical dump is the same, with one call under way and with several; each object has its job, each history too."""
    serial, parallel = (connected(room, bulk_from=1, parallel=threads) for threads in (1, 4))
    assert [digest(crm, tmp_path, f"{n}") for n, crm in enumerate((serial, parallel))] == [by_pages, by_pages]
    assert serial.counts()["bulk_jobs"] > LISTED


def test_jobs_under_faults_bring_the_same(room: Twin, by_pages: str, tmp_path: Path) -> None:
    """With one request in ten failing."""
    plan = room.served.server.faults
    plan.read({"seed": 3, "faults": [{**fault, "rate": 0.1 / len(FAULTS)} for fault in FAULTS]})
    with stamina.set_testing(True, attempts=retry.ATTEMPTS):
        failing = digest(connected(room, bulk_from=1), tmp_path, "failing")
    struck = plan.struck
    plan.read({"faults": []})
    assert (failing, struck > 0) == (by_pages, True)


def test_jobs_are_for_large_objects(room: Twin, by_pages: str, tmp_path: Path) -> None:
    """Others are read page by page: by default whatever has fewer than 10,000 records."""
    crm = crms.connect(room.config)
    assert (digest(crm, tmp_path, "small"), dict(crm.counts())) == (by_pages, {})


def test_reads_do_without_jobs_where_the_right_is_missing(room: Twin, by_pages: str, tmp_path: Path) -> None:
    """Page by page, with the same result; the ledger counts them."""
    assert room.local.salesforce
    room.local.salesforce.rights.take(RIGHT, ["create"])
    crm = connected(room, bulk_from=1)
    found = digest(crm, tmp_path, "refused")
    room.local.salesforce.rights.give(RIGHT, ["create"])
    assert (found, dict(crm.counts())) == (by_pages, {"bulk_refused": LISTED})


def test_reads_do_without_a_job_that_fails(room: Twin, by_pages: str, tmp_path: Path) -> None:
    """Page by page as well."""

    def fail(request: Request, response: Response) -> Response:
        if request.method == "GET" and request.path.split("/")[-2] == "query" and "jobs" in request.path:
            return replace(response, body={**response.body, "state": "Failed", "errorMessage": "no"})
        return response

    meddling = Meddling(room.served.server, fail)
    crm = connected(room, bulk_from=1)
    found = digest(crm, tmp_path, "failed")
    meddling.stop()
    assert (found, crm.counts()["bulk_refused"]) == (by_pages, LISTED)


def short(request: Request, response: Response) -> Response:
    """A page of results lacks its last record, and doesn't say so."""
    if request.path.endswith(RESULTS):
        return replace(response, body=response.body.rsplit(b"\n", 2)[0] + b"\n")
    return response


def fewer(request: Request, response: Response) -> Response:
    """A page of results lacks its last record, and says so."""
    if request.path.endswith(RESULTS):
        count = int(response.headers["Sforce-NumberOfRecords"]) - 1
        return replace(short(request, response), headers={**response.headers, "Sforce-NumberOfRecords": str(count)})
    return response


def torn(request: Request, response: Response) -> Response:
    """A page of results whose last record lacks a column."""
    if request.path.endswith(RESULTS):
        return replace(response, body=response.body.rsplit(b",", 1)[0] + b"\n")
    return response


@pytest.mark.parametrize("meddle", [short, fewer, torn])
def test_job_that_is_not_whole_ends_the_read(local: Local, meddle: Callable[[Request, Response], Response]) -> None:
    """Where fewer records come than the job counted, the stream isn't done."""
    Meddling(local.server, meddle)
    with pytest.raises(RetryLater, match="E214"):
        pull(org(local, options={"bulk_from": 1}), "Opportunity")


def test_read_by_jobs_that_breaks_off_begins_anew(room: Twin, by_pages: str, tmp_path: Path) -> None:
    """The next pull reads all of the object, as an unbroken one."""
    meddling = Meddling(room.served.server, fewer)
    with opened(tmp_path) as store:
        with pytest.raises(RetryLater, match="E214"):
            pull_into(store, connected(room, bulk_from=1))
        meddling.stop()
        pull_into(store, connected(room, bulk_from=1))
        assert dump.digest(store) == by_pages


@pytest.mark.parametrize(("when", "times"), [("jobs/query", 2), ("queryAll", 1)])
def test_deal_that_changes_while_jobs_run_comes_with_its_history(local: Local, when: str, times: int) -> None:
    """One whose history was read later than itself is read again, as one; what jobs saw changed is left to that read."""

    def change(request: Request, response: Response) -> Response:
        if request.path.rstrip("/").endswith(when) and "Opportunity" in str(request) and not changed:
            changed.append(local.ids[DEAL_OPEN])
            local.clock.set(forward_s=60)
            local.app.edit("Opportunity", local.ids[DEAL_OPEN], {"Amount": 7.0}, who=local.app.user)
        return response

    changed: list[str] = []
    Meddling(local.server, change)
    page = pull(org(local, options={"bulk_from": 1}), "Opportunity")
    mine = [row for row in page.deals if row["crm_id"] == local.ids[DEAL_OPEN]]
    amounts = [fact["value"] for fact in of(page, Kind.AMOUNT) if fact["deal"] == local.ids[DEAL_OPEN]]
    assert (mine[-1]["amount_minor"], amounts[-1], len(mine)) == (7, 7, times)


def test_job_brings_texts_as_they_are(local: Local) -> None:
    """Quotes, commas, line breaks, other letters, and words that look like a box or a number; blanks stay blank."""
    texts = ['Łódź, "Zoë"\nand\r\nSons', "true", "007", "#N/A"]
    for crm_id, text in zip(local.ids, texts, strict=True):
        local.app.edit("Opportunity", crm_id, {"Name": text}, who=local.app.user)
    by_pages, by_jobs = (pull(org(local, options={"bulk_from": n}), "Opportunity") for n in (0, 1))
    assert sorted(row["name"] for row in by_jobs.deals) == sorted(texts)
    assert sorted(by_jobs.deals, key=str) == sorted(by_pages.deals, key=str)


def test_job_brings_what_lies_in_the_bin(local: Local) -> None:
    """As gone."""
    local.app.delete("Opportunity", local.ids[DEAL_LOST], who=local.app.user)
    page = pull(org(local, options={"bulk_from": 1}), "Opportunity")
    assert [row["crm_id"] for row in page.gone] == [local.ids[DEAL_LOST]]


def test_jobs_are_for_versions_that_link_their_pages(local: Local) -> None:
    """Older ones are read page by page."""
    crm = org(local, options={"bulk_from": 1, "api_version": "57.0"})
    assert (len(pull(crm, "Opportunity").deals), dict(crm.counts())) == (4, {})


def test_job_beside_one_that_is_refused_is_ended_and_deleted(local: Local) -> None:
    """That of the deals, where there may be none of their history."""

    def refuse(request: Request, response: Response) -> Response:
        if request.method == "POST" and b"OpportunityHistory" in request.body:
            return Response(400, [{"errorCode": "INVALIDENTITY", "message": "not supported by the Bulk API"}])
        return response

    Meddling(local.server, refuse)
    crm = org(local, options={"bulk_from": 1})
    assert (len(pull(crm, "Opportunity").deals), crm.counts()["bulk_refused"]) == (4, 1)
    told = local.login().restful("jobs/query")["records"]
    assert [job["object"] for job in told] == ["OpportunityHistory"]  # which the test alone refused


def test_jobs_are_deleted_once_they_are_read(local: Local) -> None:
    """Their results would lie in the org for a week."""
    crm: Any = org(local, options={"bulk_from": 1})
    pull(crm, "Opportunity")
    assert (crm.counts()["bulk_jobs"], local.login().restful("jobs/query")["records"]) == (2, [])


def test_jobs_go_on_past_records_that_say_nothing(
    local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of nothing but e-mails' tasks follow one another, and are not taken for a list that goes in a circle."""
    monkeypatch.setattr(large, "BATCH", 1)
    for number in range(2 * MOST_REPEATED):
        mail = {"Subject": f"mail {number}", "WhatId": local.ids[DEAL_OPEN], "TaskSubtype": "Email"}
        local.app.create("Task", mail, who=local.app.user)
    with opened(tmp_path) as store:
        assert pull_into(store, org(local, options={"bulk_from": 1}))["quarantined"] == 0


@pytest.mark.parametrize(("path", "at"), [("jobs/query", 1), ("jobs/query", 3), ("resultPages", 1)])
def test_answer_about_a_job_that_is_not_salesforces_is_asked_for_again(local: Local, path: str, at: int) -> None:
    """An edge's own JSON isn't taken for a job, its state or its pages."""
    lay(local, {"status": "please wait"}, path=path, at=at)
    with stamina.set_testing(True, attempts=retry.ATTEMPTS):
        crm = org(local, options={"bulk_from": 1})
        assert (len(pull(crm, "Opportunity").deals), local.server.faults.struck) == (4, 1)


def test_job_without_records_may_bring_nothing_at_all(local: Local) -> None:
    """Not even a header: then deals come without a history."""

    def bare(request: Request, response: Response) -> Response:
        if request.method == "POST" and b"OpportunityHistory" in request.body:
            empty.append(response.body["id"])
        if not any(crm_id in request.path for crm_id in empty) or request.method != "GET":
            return response
        if request.path.endswith(RESULTS):
            return replace(response, body=b"", headers={**response.headers, "Sforce-NumberOfRecords": "0"})
        return replace(response, body={**response.body, "numberRecordsProcessed": 0})

    empty: list[str] = []
    Meddling(local.server, bare)
    assert len(pull(org(local, options={"bulk_from": 1}), "Opportunity").deals) == 4


@pytest.mark.usefixtures("ten_a_page")
def test_job_of_many_pages_is_read_to_its_end(room: Twin, by_pages: str, tmp_path: Path) -> None:
    """Also where Salesforce links them in several answers, five at a time."""
    assert digest(connected(room, bulk_from=1), tmp_path, "many") == by_pages
