"""The door to HubSpot: limits, retries, refusals, and what never leaves this machine."""

import logging
from collections.abc import Iterator

import hubspot.crm.objects.exceptions as vendor
import pytest
import stamina
from pydantic import SecretStr

from crmsync.config import CrmConfig
from crmsync.crms.hubspot import connect
from crmsync.crms.hubspot.limits import Pace
from crmsync.crms.hubspot.paths import Paths
from crmsync.errors import BadConfig, CrmsyncError, RetryLater
from crmsync.sandbox.http import Response, Server
from tests.crms.hubspot_replies import ACCOUNT, DETAILS, TOKEN, Replies, crm

SCOPES = {
    "status": "error",
    "category": "MISSING_SCOPES",
    "message": f"no scopes for {TOKEN}",
    "errors": [{"context": {"requiredScopes": ["crm.objects.deals.read"]}}],
}


@pytest.fixture
def replies() -> Replies:
    """What the server answers."""
    return Replies()


@pytest.fixture
def server(replies: Replies) -> Iterator[Server]:
    """A HubSpot that answers what is laid out, and retries without waiting."""
    served = Server(replies)
    served.start()
    with stamina.set_testing(True, attempts=3):
        yield served
    served.stop()


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (Response(401, {"category": "EXPIRED_AUTHENTICATION", "message": TOKEN}), BadConfig, "E202"),
        (Response(403, SCOPES), BadConfig, "E203"),
        (Response(404, {"category": "OBJECT_NOT_FOUND", "message": "no"}), BadConfig, "E203"),
        (Response(429, {"policyName": "DAILY", "message": "daily"}), RetryLater, "E204"),
        (Response(429, {"policyName": "TEN_SECONDLY_ROLLING"}), RetryLater, "E201"),
        (Response(503, "<html>down</html>"), RetryLater, "E201"),
        (Response(530, b"\xff\xfe"), RetryLater, "E201"),
        (Response(403, {"errors": ["odd"], "message": None}), BadConfig, "E203"),
        (Response(302, None, {"Location": "http://127.0.0.1:9/"}), RetryLater, "E201"),
        (Response(200, "<html>hello</html>"), RetryLater, "E201"),
    ],
)
def test_client_translates_each_refusal(
    server: Server, replies: Replies, answer: Response, kind: type[CrmsyncError], code: str
) -> None:
    """Every way in which HubSpot refuses becomes one line with a stable code, and the token is never in it."""
    replies.lay(ACCOUNT, answer)
    with pytest.raises(kind) as caught:
        crm(server).account()
    assert (caught.value.code, TOKEN in str(caught.value)) == (code, False)


def test_client_names_the_missing_scope(server: Server, replies: Replies) -> None:
    """A missing right is told with the scope that would give it."""
    replies.lay(ACCOUNT, SCOPES, status=403)
    with pytest.raises(BadConfig, match=r"add crm\.objects\.deals\.read to the service key"):
        crm(server).account()


@pytest.mark.parametrize("fault", ["reset", "truncate", "lost", "status"])
def test_client_tries_again_after_a_passing_fault(server: Server, fault: str) -> None:
    """One bad answer is repeated and counted; the run goes on."""
    server.faults.read({"faults": [{"kind": fault, "at": 1}]})
    hubspot = crm(server)
    assert (hubspot.account(), hubspot.calls) == ("77", 2)


def test_client_reports_an_unreachable_address() -> None:
    """Nothing listens there: RetryLater, in one line."""
    closed = Server(Replies())
    closed.start()
    closed.stop()
    with stamina.set_testing(True, attempts=2), pytest.raises(RetryLater, match="NewConnectionError"):
        crm(closed).account()


def test_client_gives_up_on_a_silent_server(server: Server) -> None:
    """A server that doesn't answer is left after the timeout, for every call."""
    server.faults.read({"faults": [{"kind": "latency", "rate": 1.0, "seconds": 0.4}]})
    with pytest.raises(RetryLater, match="ReadTimeoutError"):
        crm(server, options={"read_timeout_s": 0.05}).account()


def test_client_keeps_one_connection(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Calls share a connection instead of opening one each."""
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")
    hubspot = crm(server)
    for _ in range(3):
        hubspot.now()
    assert len([record for record in caplog.records if "Starting new" in record.message]) == 1


@pytest.mark.parametrize(
    "address", ["http://api.example.com", "ftp://127.0.0.1", "https://user@api.hubapi.com", "api.hubapi.com"]
)
def test_settings_refuse_an_address_that_would_show_the_token(address: str) -> None:
    """The token only travels over TLS, or to this very machine."""
    with pytest.raises(BadConfig, match="base_url"):
        connect(CrmConfig(name="hub", kind="hubspot", options={"token": SecretStr("t"), "base_url": address}))


def test_client_knows_every_exception_of_the_library() -> None:
    """What the library raises for an answer derives from the one class that is translated here."""
    raised = {name for name in vars(vendor) if name.endswith("Exception")} - {"OpenApiException"}
    assert all(issubclass(getattr(vendor, name), vendor.ApiException) for name in raised)


def test_client_tells_the_crms_clock(server: Server, replies: Replies) -> None:
    """now() is the Date of the answer, not this machine's time."""
    replies.lay(ACCOUNT, Response(200, DETAILS))
    assert crm(server).now() % 1_000_000 == 0


def test_pace_keeps_any_window_within_the_limit() -> None:
    """However calls are bunched, no window holds more than the limit."""
    at, began = 0.0, []

    def sleep(seconds: float) -> None:
        nonlocal at
        at += seconds

    pace = Pace(3, 10.0, clock=lambda: at, sleep=sleep)
    for number in range(9):
        at += 4.0 if number == 4 else 0.0
        pace.wait()
        began.append(at)
    assert all(later - earlier >= 10.0 for earlier, later in zip(began, began[3:], strict=False))


def test_pace_without_a_limit_never_waits() -> None:
    """0 switches our own limit off."""
    pace = Pace(0, 10.0, sleep=lambda _seconds: pytest.fail("waited"))
    for _ in range(1000):
        pace.wait()


@pytest.mark.parametrize(
    ("version", "objects", "associations", "ends_on"),
    [
        (
            "2026-09",
            "/crm/objects/2026-09/deals/search",
            "/crm/associations/2026-09/tasks/deals/batch/read",
            "2028-03-01",
        ),
        (
            "2026-03",
            "/crm/objects/2026-03/deals/search",
            "/crm/associations/2026-03/tasks/deals/batch/read",
            "2027-09-01",
        ),
        ("v3", "/crm/v3/objects/deals/search", "/crm/v4/associations/tasks/deals/batch/read", "2027-03-30"),
    ],
)
def test_paths_follow_the_version(version: str, objects: str, associations: str, ends_on: str) -> None:
    """One setting moves every call to another API version, and its end is known."""
    paths = Paths(version)
    told = (paths.objects("deals", "search"), paths.associations("tasks", "deals"), paths.ends_on().isoformat())
    assert told == (objects, associations, ends_on)
