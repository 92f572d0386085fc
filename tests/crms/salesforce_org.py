"""A Salesforce room over the local Salesforce with the small world, configured as a team would."""

import json
from typing import Any

from pydantic import SecretStr

from crmsync.config import CrmConfig, EngagementSource, MilestoneSource
from crmsync.crms.salesforce import Salesforce, connect
from crmsync.records import Cursor, FactRecord, Kind, Page, Result
from tests.sandbox.salesforce.conftest import Local

MILESTONE = MilestoneSource(
    object="Milestone__c",
    history="Milestone__History",
    deal="Opportunity__c",
    name="Name",
    due_on="Due_Date__c",
    done_at="Completed_At__c",
    side="Side__c",
)
TASK = MilestoneSource(object="Task", where="Is_Milestone__c = true", name="Subject", side="Buyer_Owned__c")
VISIT = EngagementSource(object="Room_Visit__c", deal="Opportunity__c", at="Visited_At__c")
FIELDS = {
    Result.PROBABILITY: "Score__c",
    Result.EXPECTED_AMOUNT: "Worth__c",
    Result.CLOSE_DATE: "Close_Guess__c",
    Result.REASONS: "Reasons__c",
    Result.SCORED_AT: "Scored_At__c",
}
LISTS = ("deals", "milestones", "people", "stages", "facts", "held", "gone", "bad")


def org(local: Local, *, options: dict[str, Any] | None = None, **config: Any) -> Salesforce:
    """The room, its sources all configured, its targets forced, unless a test says otherwise."""
    given = {**way_in(local), **(options or {})}
    forced = tuple(config.get("fields", {}).values())
    sources = {"milestones": (MILESTONE, TASK), "engagement": (VISIT,), "standard_fields": forced, **config}
    return connect(CrmConfig(name="main", kind="salesforce", options=given, **sources))


def way_in(local: Local) -> dict[str, Any]:
    """How to reach a local Salesforce."""
    return {
        "instance_url": local.server.url,
        "ca_file": str(local.http.verify),
        "client_id": SecretStr("local-client"),
        "client_secret": SecretStr("local-secret"),
    }


def pull(crm: Salesforce, stream: str, since: Cursor | None = None) -> Page:
    """Everything that a pull of a stream brings, as one page with the last cursor."""
    whole = Page(stream, Cursor())
    for page in crm.pull(stream, since=since):
        join(whole, page)
    return whole


def join(whole: Page, page: Page) -> None:
    """Adds a page to what earlier ones brought."""
    whole.cursor = page.cursor
    whole.read += page.read
    for name in LISTS:
        getattr(whole, name).extend(getattr(page, name))


def of(page: Page, kind: Kind) -> list[FactRecord]:
    """The facts of a kind, in the order in which they came to be known."""
    return sorted(
        (fact for fact in page.facts if fact["kind"] == kind), key=lambda fact: (fact["known_at"], fact["at"])
    )


def lay(local: Local, body: object, *, status: int = 200, path: str = "query", at: int = 1, rate: float = 0.0) -> None:
    """Answers the next matching call (or each, with a rate of 1) with this body, for replies that the local CRM doesn't give."""
    text = body if isinstance(body, str) else json.dumps(body)
    fault = {"kind": "status", "status": status, "body": text, "path": path, "at": 0 if rate else at, "rate": rate}
    local.server.faults.read({"faults": [fault]})


def refused(code: str, message: str = "no") -> list[dict[str, str]]:
    """An error as Salesforce writes it."""
    return [{"errorCode": code, "message": message}]
