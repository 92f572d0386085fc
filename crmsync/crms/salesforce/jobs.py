"""Query jobs of Bulk API 2.0: made, waited for, their pages fetched side by side and counted.

A session of simple_salesforce sends each request, without the library's own handler: that one keeps a token that has ended, and
follows the pages one after the other.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from crmsync.ahead import in_order
from crmsync.crms.salesforce.client import COUNTED, Client
from crmsync.crms.salesforce.refusals import Refused
from crmsync.crms.salesforce.sheets import Sheet, incomplete
from crmsync.errors import BadConfig, CrmsyncError, RetryLater
from crmsync.retry import CallError

FIRST_LOOK_S, LONGEST_LOOK_S = 0.1, 10.0  # how long after a job was made to ask how far it is, twice as long each time
PATIENCE_S = 3_600.0  # a job that takes longer is given up
AHEAD = 2  # pages of a job in memory: the next one comes while one is worked off
MOST_LINKS = 100_000  # pages of one job; a list that goes on for longer goes in a circle
JOBS = "jobs/query"
DONE, FAILED = "JobComplete", ("Failed", "Aborted")


class NoJob(Exception):
    """Salesforce makes no job of this query, or doesn't carry it out. The query itself may be fine."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job that is done, and how many records it brought."""

    crm_id: str
    records: int


class Jobs:
    """The query jobs of one org. `counts`: how many were made, and how many large reads had to do without."""

    def __init__(self, client: Client, *, threads: int) -> None:
        self.client, self.threads = client, threads
        self.counts: Counter[str] = Counter()
        self._counting = Lock()
        self._barred = ""  # why our user may make no jobs at all

    def run(self, texts: list[str]) -> list[Job]:
        """A job for each query, all carried out at the same time. Raises NoJob."""
        made: list[str] = []
        try:
            made.extend(map(self._make, texts))  # those before one that is refused are in it
            return [self._done(crm_id) for crm_id in made]
        except NoJob:
            self._count("bulk_refused")
            for crm_id in made:
                self._abort(crm_id)
                self.drop(crm_id)
            raise

    def sheets(self, job: Job) -> Iterator[Sheet]:
        """The pages of a job; one without records may lack its header too, and is left out.

        Raises RetryLater where they hold not what the job counted.
        """
        came = 0
        for sheet in in_order(self._locators(job), lambda at: self._sheet(job, at), threads=min(self.threads, AHEAD)):
            came += sheet.count
            if sheet.count:
                yield sheet
        if came != job.records:
            raise incomplete(came, job.records)

    def drop(self, crm_id: str) -> None:
        """Lets Salesforce delete a job and its results, which it would keep for a week."""
        with suppress(CrmsyncError, CallError):
            self.client.delete(f"{JOBS}/{crm_id}")

    def _abort(self, crm_id: str) -> None:
        """Ends a job that nobody waits for any more; one that has ended refuses it."""
        with suppress(CrmsyncError, CallError):
            self.client.write(f"{JOBS}/{crm_id}", {"state": "Aborted"})

    def _count(self, what: str) -> None:
        with self._counting:
            self.counts[what] += 1

    def _make(self, text: str) -> str:
        """A job's id. Should its answer be lost, there are two of them, and one is never looked at."""
        if self._barred:
            raise NoJob(self._barred)
        try:
            made = self.client.ask(JOBS, {"operation": "queryAll", "query": text}, id=str)
        except Refused as refused:
            raise NoJob(refused.what) from None
        except BadConfig as error:
            if error.code != "E203":
                raise
            self._barred = error.what
            raise NoJob(error.what) from None
        self._count("bulk_jobs")
        return str(made["id"])

    def _done(self, crm_id: str) -> Job:
        """Waits for the end of a job."""
        wait_s, until = FIRST_LOOK_S, time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_LOOK_S)
            told = self._look(crm_id)
            if told["state"] == DONE:
                return Job(crm_id, int(told.get("numberRecordsProcessed") or 0))
            if told["state"] in FAILED:
                raise NoJob(f"the job is {told['state']}: {told.get('errorMessage') or ''}")
        raise NoJob(f"the job isn't done after {PATIENCE_S:.0f} s")

    def _locators(self, job: Job) -> Iterator[str]:
        """Where the pages begin: Salesforce links a few at a time, and its documentation has two names for where the next are."""
        path = f"{JOBS}/{job.crm_id}/resultPages"
        more = ""
        for _ in range(MOST_LINKS):
            told = self.client.get(f"{path}?locator={quote(more)}" if more else path, resultPages=list, done=bool)
            yield from (_locator(link["resultUrl"]) for link in told["resultPages"])
            following = "" if told["done"] else _locator(told.get("nextRecordsUrl") or told.get("nextRecordUrl"))
            if not following:
                return
            if following == more:
                break
            more = following
        raise RetryLater(
            "E211", "Salesforce's list of a job's pages goes in a circle", remedy="wait; the next run goes on"
        )

    def _sheet(self, job: Job, locator: str) -> Sheet:
        answer = self.client.sheet(f"{JOBS}/{job.crm_id}/results?locator={quote(locator)}")
        return Sheet(answer.content, int(answer.headers[COUNTED]))

    def _look(self, crm_id: str) -> dict[str, Any]:
        """What a job says of itself."""
        try:
            told: dict[str, Any] = self.client.get(f"{JOBS}/{crm_id}", state=str)
        except BadConfig as error:
            raise NoJob(error.what) from None
        return told


def _locator(url: str) -> str:
    """The place that a link leads to. Nothing else of a link is used, so that it can't lead elsewhere."""
    return parse_qs(urlsplit(str(url)).query).get("locator", [""])[-1]
