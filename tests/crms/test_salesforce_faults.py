"""What Salesforce alone can fail with: sessions that end, a consent that is withdrawn, queries that lead nowhere."""

import json
from collections.abc import Callable, Iterator

import pytest
import stamina
from pydantic import SecretStr

from crmsync.errors import BadConfig, RetryLater
from crmsync.sandbox.salesforce.auth import ConnectedApp
from tests.crms.salesforce_org import lay, org, pull
from tests.sandbox.salesforce.conftest import Local
from tests.sandbox.salesforce.world import many_deals

TOKEN = "/services/oauth2/token"
CONSENT = {"auth": "refresh_token", "refresh_token": SecretStr("5Aep")}


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """Retries come at once."""
    with stamina.set_testing(True, attempts=3):
        yield


def logins(local: Local) -> int:
    """How often a session was asked for."""
    return sum(entry.path == TOKEN for entry in local.server.journal)


def test_session_that_ends_between_pages_costs_one_login(serve: Callable[..., Local]) -> None:
    """Each end of the session in the middle of a read is mended by exactly one new login; no deal is lost or doubled."""
    local = serve(many_deals(1_201))
    seen: list[str] = []
    ends = 0
    for page in org(local, parallel=1).pull(
        "Opportunity", since=None
    ):  # so that each page is asked for behind the one before
        seen += [deal["crm_id"] for deal in page.deals]
        local.app.auth.expire()
        ends += 1
    assert (seen, logins(local), ends) == (local.ids, ends, 3)  # one to begin with, one after each end but the last


def test_consent_that_is_withdrawn_ends_the_run(serve: Callable[..., Local]) -> None:
    """A refresh token that was revoked is asked for once: exit 2, and what a person has to do."""
    local = serve(connected=ConnectedApp(refresh_token="another"))
    with pytest.raises(BadConfig, match=r"E202.*invalid_grant.*see in Salesforce") as caught:
        org(local, options=CONSENT).account()
    assert (logins(local), caught.value.exit_code) == (1, 2)


def test_consent_that_is_withdrawn_in_the_middle_ends_the_run(serve: Callable[..., Local]) -> None:
    """The session ends and no other is given: one login is tried, and no further call."""
    local = serve(connected=ConnectedApp(refresh_token="5Aep"))
    crm = org(local, options=CONSENT)
    pull(crm, "User")
    local.app.auth.expire()
    lay(
        local, {"error": "invalid_grant", "error_description": "expired access/refresh token"}, status=400, path="token"
    )
    before = crm.calls
    with pytest.raises(BadConfig, match=r"E202.*invalid_grant"):
        pull(crm, "User")
    assert crm.calls - before == 2  # the query that found the session ended, and the login


def test_query_that_leads_to_itself_is_left(serve: Callable[..., Local]) -> None:
    """A next page that is the page just read would never end."""
    local = serve(many_deals(1_201))
    circle = {"done": False, "records": [], "nextRecordsUrl": "/services/data/v62.0/query/01gK0000000000A-500"}
    fault = {"kind": "status", "status": 200, "body": json.dumps(circle), "path": "/query/", "at": 1}
    local.server.faults.read({"faults": [fault] * 9})  # then that page is refused, so that the test ends in any case
    with pytest.raises(RetryLater, match=r"E211.*points back"):
        pull(org(local, parallel=1), "Opportunity")
