"""What every request to the local Salesforce goes through."""

import pytest
import requests
from simple_salesforce import Salesforce

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.records import EffectLog
from crmsync.sandbox.salesforce import SalesforceApp
from tests.sandbox.salesforce.conftest import DEAL_OPEN, Local, ask
from tests.sandbox.salesforce.world import NOW, small_world


def test_answers_carry_the_time_of_the_sandbox_clock(local: Local, sf: Salesforce) -> None:
    """The Date header is the CRM's own now, once."""
    answer = local.get(sf, "limits")
    assert answer.headers["Date"] == "Mon, 02 Nov 2026 12:00:00 GMT"


def test_requests_without_a_session_are_refused(local: Local) -> None:
    """A missing or made-up token is 401, before the address is looked at."""
    answer = local.http.get(f"{local.server.url}/services/data/v62.0/nowhere", timeout=20)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_versions_are_listed_without_a_session(local: Local) -> None:
    """Anybody may ask which versions there are; the newest is Winter '27."""
    listed = local.http.get(f"{local.server.url}/services/data/", timeout=20).json()
    assert listed[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}


def test_retired_and_unknown_versions_are_told_apart(local: Local, sf: Salesforce) -> None:
    """An old version is gone, one that never was isn't there."""
    statuses = []
    for version in ("29.0", "99.0", "62"):
        url = f"{local.server.url}/services/data/v{version}/limits"
        headers = {"Authorization": f"Bearer {sf.session_id}"}
        statuses.append(local.http.get(url, headers=headers, timeout=20).status_code)
    assert statuses == [410, 404, 404]


def test_address_and_headers_have_a_longest_size(local: Local, sf: Salesforce) -> None:
    """Beyond 16,384 bytes the edge answers 414, with a page instead of JSON."""
    soql = "SELECT Id FROM Opportunity WHERE Name = '" + "x" * 16_400 + "'"
    answer = local.get(sf, "query", params={"q": soql})
    assert (answer.status_code, answer.headers["Content-Type"]) == (414, "text/html;charset=UTF-8")


def test_same_world_gives_the_same_ids(local: Local) -> None:
    """Ids depend on the world alone."""
    again = SalesforceApp(small_world(), SandboxClock(NOW, frozen=True), EffectLog())
    assert list(again.ids()) == list(local.app.ids())


def test_person_can_make_delete_and_restore(local: Local, sf: Salesforce) -> None:
    """What people do on the screen is seen over the API and logged under their name."""
    ann = ask(sf, "SELECT Id FROM User WHERE Name = 'Ann Archer'")[0]["Id"]
    made = local.app.create("Account", {"Name": "New"}, who=ann)
    local.app.delete("Account", made, who=ann)
    assert ask(sf, "SELECT Id FROM Account WHERE Name = 'New'") == []
    local.app.restore("Account", made, who=ann)
    assert ask(sf, "SELECT CreatedById, LastModifiedById FROM Account WHERE Name = 'New'") == [
        {"CreatedById": ann, "LastModifiedById": ann}
    ]
    assert {effect.who for effect in local.effects.since()} == {ann}


def test_lost_answer_still_counts(local: Local, sf: Salesforce) -> None:
    """A fault that drops the answer leaves the write in the org and in the effect log."""
    local.server.faults.read({"faults": [{"kind": "lost", "at": 1, "method": "PATCH"}]})
    address = f"sobjects/Opportunity/{local.ids[DEAL_OPEN]}"
    with pytest.raises(requests.ConnectionError):
        local.send(sf, "PATCH", address, json={"NextStep": "x"})
    assert [effect.new for effect in local.effects.since()] == ["x"]
