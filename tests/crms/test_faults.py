"""What every room makes of a network that fails: whatever comes back, the answer is whole, or the run says why there is none."""

import ssl
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import stamina
import trustme
from stamina.instrumentation import RetryDetails, get_on_retry_hooks, set_on_retry_hooks

from crmsync import crm as crms
from crmsync import retry
from crmsync.crm import Crm
from crmsync.errors import BadConfig, RetryLater
from crmsync.records import Result
from crmsync.retry import CallError
from crmsync.sandbox.http import Request, Response, Server
from crmsync.transport import MOST_BYTES
from tests.crms.twins import Twin

READ_BACK = {"salesforce": "composite/sobjects/Opportunity", "hubspot": "deals/batch/read"}
ADDRESS = {"salesforce": "instance_url", "hubspot": "base_url"}
LISTING = {"salesforce": "/queryAll", "hubspot": "/deals$"}
FUTURE = "Sun, 01 Jan 2040 00:00:00 GMT"
Shown = dict[str, dict[Result, str | None]]


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """Retries come at once."""
    with stamina.set_testing(True, attempts=retry.ATTEMPTS, cap=True):
        yield


@pytest.fixture
def waits() -> Iterator[list[float | None]]:
    """The waits that the CRM asked for, one for each try that failed; None where it named none."""
    asked: list[float | None] = []

    def note(details: RetryDetails) -> None:
        if isinstance(details.caused_by, CallError):
            asked.append(details.caused_by.wait_s)

    before = get_on_retry_hooks()
    set_on_retry_hooks([note])
    yield asked
    set_on_retry_hooks(before)


def fail(room: Twin, *faults: dict[str, Any]) -> None:
    """Sets the plan of faults. One without `at` strikes every matching request."""
    listed = [fault if "at" in fault else {"rate": 1.0, **fault} for fault in faults]
    room.served.server.faults.read({"faults": listed})


def reads(crm: Crm) -> list[int]:
    """How many records each page of a full pull brings."""
    return [page.read for stream in crm.streams() for page in crm.pull(stream, since=None)]


def one(room: Twin) -> str:
    """A deal's id."""
    return next(room.ids())


def again(room: Twin, deal: str) -> tuple[Shown, int]:
    """Our fields of a deal as the CRM shows them, and how many calls that took."""
    before = room.crm.calls
    return room.crm.read_back([deal]), room.crm.calls - before


def test_answer_cut_at_any_byte_is_asked_for_again(live: Twin) -> None:
    """Wherever a small page is cut it is never taken in part: one more call, and the same values."""
    deal, field = one(live), {Result.PROBABILITY: live.config.fields[Result.PROBABILITY]}
    live.crm = crms.connect(live.config.model_copy(update={"fields": field}))
    whole, _ = again(live, deal)
    calls = kept = 0
    while calls != 1:
        fail(live, {"kind": "truncate", "at": 1, "keep": kept, "path": READ_BACK[live.kind]})
        shown, calls = again(live, deal)
        assert (shown, calls in (1, 2)) == (whole, True)
        kept += 1
    assert kept > 100  # the length of the page: each shorter one was asked for again


@pytest.mark.parametrize("fault", [{"kind": "garble"}, {"kind": "status", "status": 200, "body": "<html>down</html>"}])
def test_answer_that_cannot_be_read_is_asked_for_again(live: Twin, fault: dict[str, Any]) -> None:
    """A body that isn't the gzip or the JSON that it should be is a passing fault."""
    deal = one(live)
    whole, _ = again(live, deal)
    fail(live, {**fault, "at": 1, "path": READ_BACK[live.kind]})
    assert again(live, deal) == (whole, 2)


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"status": "maintenance"}', '{"results": null, "records": null}'])
def test_list_that_is_none_is_asked_for_again(live: Twin, body: str) -> None:
    """JSON of an edge that holds no records isn't taken for a list that has ended."""
    ids = sorted(live.ids())
    fail(live, {"kind": "status", "status": 200, "body": body, "at": 1, "path": LISTING[live.kind]})
    assert sorted(live.ids()) == ids


def test_answer_that_trickles_ends_by_its_deadline(live: Twin) -> None:
    """Each byte comes well within the read timeout; the answer as a whole doesn't come in time."""
    deal = one(live)
    crm = live.connect(read_timeout_s=20.0, answer_timeout_s=0.3)
    crm.read_back([deal])
    fail(live, {"kind": "trickle", "seconds": 0.05, "path": READ_BACK[live.kind]})
    with pytest.raises(RetryLater, match=r"E201.*Timeout"):
        crm.read_back([deal])


@pytest.mark.parametrize("kind", ["endless", "bomb"])
@pytest.mark.parametrize("status", [200, 503])
def test_answer_without_end_is_too_large(live: Twin, kind: str, status: int) -> None:
    """An endless body, or one that unpacks to more than any page, ends the run at once, in bounded memory; errors' bodies too."""
    deal = one(live)
    fail(live, {"kind": kind, "status": status, "path": READ_BACK[live.kind]})
    tracemalloc.start()
    before = live.crm.calls
    with pytest.raises(RetryLater, match=r"E209.*larger than 64 MB"):
        live.crm.read_back([deal])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (live.crm.calls - before, peak < 3 * MOST_BYTES) == (1, True)


def test_connection_that_the_crm_closed_meanwhile_is_opened_anew(live: Twin) -> None:
    """A keep-alive connection that died while nobody used it costs nothing that can be seen."""
    deal = one(live)
    whole, _ = again(live, deal)
    fail(live, {"kind": "leave"})
    assert [again(live, deal)[0] for _ in range(5)] == [whole] * 5


def test_every_call_may_be_refused_once(live: Twin, waits: list[float | None]) -> None:
    """Each call of a pull is refused once with 429 and goes out again after the wait that was named; the pull is as ever."""
    whole = reads(live.connect())
    refused = {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}}
    each = ({**refused, "at": number} for number in range(1, 200))  # which sees only what those before it let through
    fail(live, *each)
    crm = live.connect()
    assert (reads(crm), set(waits), len(waits) * 2) == (whole, {7.0}, crm.calls)


def test_wait_may_be_named_as_a_date(live: Twin, waits: list[float | None]) -> None:
    """The date is one on the CRM's clock, not on this machine's."""
    deal = one(live)
    dated = {"Date": "Sun, 01 Jan 2040 00:00:00 GMT", "Retry-After": "Sun, 01 Jan 2040 00:00:42 GMT"}
    fail(live, {"kind": "status", "status": 429, "headers": dated, "at": 1, "path": READ_BACK[live.kind]})
    assert (again(live, deal)[1], waits) == (2, [42.0])


def test_storm_of_refusals_ends_after_a_bounded_number_of_tries(live: Twin) -> None:
    """A CRM that refuses everything is asked no more often than the policy says."""
    deal = one(live)
    fail(live, {"kind": "status", "status": 429})
    before = live.crm.calls
    with pytest.raises(RetryLater, match=f"E201.*tried {retry.ATTEMPTS} times"):
        live.crm.read_back([deal])
    assert live.crm.calls - before == retry.ATTEMPTS


@pytest.mark.parametrize("status", [200, 302, 429, 503])
def test_clock_is_read_off_good_answers_only(live: Twin, status: int) -> None:
    """An edge in front of the CRM may have another time: what it says moves no cursor."""
    fail(live, {"kind": "status", "status": status, "body": "<html/>", "headers": {"Date": FUTURE}, "at": 1})
    assert live.connect().now() == live.local.clock.now()


class Recorder:
    """Somebody else's server, which keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        self.requests.append(request)
        return Response(200, {"results": [], "records": [], "done": True})


@pytest.fixture
def other() -> Iterator[Server]:
    """Another host."""
    server = Server(Recorder())
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(live: Twin, other: Server, status: int) -> None:
    """An answer that points elsewhere is told by its host; the token goes nowhere, and what the address holds isn't shown."""
    deal = one(live)
    away = {"Location": f"{other.url}/elsewhere?secret=4711"}
    fail(live, {"kind": "status", "status": status, "headers": away, "path": READ_BACK[live.kind]})
    with pytest.raises(RetryLater, match=r"points to 127\.0\.0\.1, and nothing is sent there") as caught:
        live.crm.read_back([deal])
    assert (other.requests, "4711" in str(caught.value)) == (0, False)


@pytest.fixture
def expired(tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """A server whose certificate has expired, and the authority that signed it."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    past = datetime(2020, 1, 1, tzinfo=UTC)
    authority.issue_cert("127.0.0.1", not_before=past, not_after=past.replace(year=2021)).configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "past.pem")
    server = Server(Recorder(), tls=context)
    server.start()
    yield server, tmp_path / "past.pem"
    server.stop()


def test_expired_certificate_is_named_with_its_host(live: Twin, expired: tuple[Server, Path]) -> None:
    """One line with the address, the reason and a remedy; nothing was sent, and nothing is tried again."""
    server, ca_file = expired
    crm = live.connect(ca_file=str(ca_file), **{ADDRESS[live.kind]: server.url})
    with pytest.raises(BadConfig, match=rf"E205.*{server.url}: certificate has expired -> name the certificates"):
        crm.now()
    assert (crm.calls, server.requests) == (1, 0)
