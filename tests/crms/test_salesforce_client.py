"""The door to Salesforce: logins, retries, limits, refusals, and what never leaves this machine."""

from collections.abc import Callable
from pathlib import Path

import pytest
import simple_salesforce.util as vendor
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr
from simple_salesforce.exceptions import SalesforceError

from crmsync.errors import BadConfig, CrmsyncError, RetryLater
from crmsync.sandbox.http import Server
from crmsync.sandbox.salesforce.auth import ConnectedApp
from tests.crms.salesforce_org import lay, org, pull, refused
from tests.sandbox.salesforce.conftest import Local
from tests.sandbox.salesforce.world import NOW

QUERY = "/services/data/v62.0/query"


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, refused("INVALID_FIELD"), BadConfig, "E203"),
        (400, refused("MALFORMED_QUERY"), BadConfig, "E203"),
        (400, refused("QUERY_TIMEOUT"), RetryLater, "E201"),
        (401, refused("INVALID_SESSION_ID", "local-secret"), BadConfig, "E202"),
        (403, refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), RetryLater, "E204"),
        (403, refused("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."), RetryLater, "E201"),
        (403, refused("API_DISABLED_FOR_ORG"), BadConfig, "E203"),
        (404, refused("NOT_FOUND"), BadConfig, "E203"),
        (410, refused("UNSUPPORTED_API_VERSION"), BadConfig, "E203"),
        (403, "<html>maintenance</html>", RetryLater, "E201"),
        (503, "<html>down</html>", RetryLater, "E201"),
        (503, refused("SERVER_UNAVAILABLE"), RetryLater, "E201"),
        (200, "<html>hello</html>", RetryLater, "E201"),
        (420, "", RetryLater, "E201"),
    ],
)
def test_client_translates_each_refusal(
    local: Local, status: int, body: object, kind: type[CrmsyncError], code: str
) -> None:
    """Every way in which Salesforce refuses becomes one line with a stable code, and no secret is ever in it."""
    lay(local, body, status=status, path=QUERY, rate=1.0)
    with pytest.raises(kind) as caught:
        pull(org(local), "User")
    assert (caught.value.code, "local-secret" in str(caught.value)) == (code, False)


@pytest.mark.parametrize("fault", ["reset", "truncate", "lost", "status"])
def test_client_tries_again_after_a_passing_fault(local: Local, fault: str) -> None:
    """One bad answer is repeated and counted; the run goes on."""
    local.server.faults.read({"faults": [{"kind": fault, "at": 1, "path": QUERY}]})
    crm = org(local)
    crm.now()
    assert (len(pull(crm, "User").people), crm.calls) == (4, 4)


@pytest.mark.parametrize("fault", ["reset", "truncate", "status"])
def test_login_tries_again_after_a_passing_fault(local: Local, fault: str) -> None:
    """The token endpoint may stumble too."""
    local.server.faults.read({"faults": [{"kind": fault, "at": 1, "path": "token"}]})
    assert org(local).account() == local.app.org.org_id


def test_client_logs_in_again_when_the_session_ends(local: Local) -> None:
    """A token that expired in the middle of a read costs one more login, and no record."""
    crm = org(local)
    pull(crm, "User")
    local.clock.set(forward_s=3 * 3600)
    assert len(pull(crm, "User").people) == 4


def test_client_stops_when_every_session_ends_at_once(local: Local) -> None:
    """A steady 401 is no reason to log in without end."""
    lay(local, refused("INVALID_SESSION_ID"), status=401, path=QUERY, rate=1.0)
    crm = org(local)
    crm.now()
    with pytest.raises(BadConfig, match="ends every session"):
        pull(crm, "User")
    assert crm.calls == 5  # the clock, and twice a login with a query


def test_login_names_a_wrong_secret(local: Local) -> None:
    """The secret's own line is named and what to correct, the secret is not shown, and nothing is tried again."""
    crm = org(local, options={"client_secret": SecretStr("wrong-secret")})
    with pytest.raises(BadConfig, match=r"E202.*invalid_client.*correct client_secret") as caught:
        crm.account()
    assert ("wrong-secret" in str(caught.value), crm.calls) == (False, 1)


def test_login_signs_an_assertion(serve: Callable[..., Local]) -> None:
    """The JWT flow needs no secret, and is dated by the CRM's clock, not by this machine's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    local = serve(connected=ConnectedApp(public_key=public))
    jwt = {"auth": "jwt", "username": "integration@local.example", "private_key": SecretStr(private)}
    assert org(local, options=jwt).account() == local.app.org.org_id


def test_login_refuses_a_key_that_cannot_sign(local: Local) -> None:
    """Something that is no key is told before anything is sent to the token endpoint."""
    crm = org(local, options={"auth": "jwt", "username": "x", "private_key": SecretStr("no key")})
    with pytest.raises(BadConfig, match=r"E202.*private_key"):
        crm.account()


def test_login_takes_a_refresh_token(serve: Callable[..., Local]) -> None:
    """A person's consent, given once, opens sessions."""
    local = serve(connected=ConnectedApp(refresh_token="5Aep"))
    options = {"auth": "refresh_token", "refresh_token": SecretStr("5Aep")}
    assert org(local, options=options).account() == local.app.org.org_id


def test_login_refuses_a_rotating_refresh_token(serve: Callable[..., Local]) -> None:
    """A second use of a spent token would revoke the consent: the first login says so."""
    local = serve(connected=ConnectedApp(refresh_token="5Aep", rotates=True))
    with pytest.raises(BadConfig, match=r"E202.*rotation off"):
        org(local, options={"auth": "refresh_token", "refresh_token": SecretStr("5Aep")}).account()


def test_login_sends_no_token_to_another_address(local: Local) -> None:
    """An org that answers that it lives elsewhere is a question for a person."""
    moved = {"access_token": "t", "instance_url": "https://other.example", "id": "https://x/id/00D/005"}
    lay(local, moved, path="token")
    with pytest.raises(BadConfig, match=r"lives at other\.example"):
        org(local).account()


@pytest.mark.parametrize("options", [{"auth": "password"}, {"password": "env:X"}])
def test_connect_says_why_a_password_is_refused(local: Local, options: dict[str, str]) -> None:
    """Who configures a password login reads why there is none, and what to use."""
    with pytest.raises(BadConfig, match=r"person's password.*client_credentials"):
        org(local, options=options)


def test_client_reports_an_unreachable_address(local: Local) -> None:
    """Nothing listens there: RetryLater, in one line."""
    local.server.stop()
    with pytest.raises(RetryLater, match=r"E201.*NewConnectionError"):
        org(local).account()


def test_client_gives_up_on_a_silent_server(local: Local) -> None:
    """A server that doesn't answer is left after the timeout."""
    local.server.faults.read({"faults": [{"kind": "latency", "rate": 1.0, "seconds": 0.6}]})
    with pytest.raises(RetryLater, match="E201"):
        org(local, options={"read_timeout_s": 0.1}).account()


def test_client_trusts_only_named_certificates(local: Local) -> None:
    """Without the authority's certificate there is no connection, and the remedy names the key."""
    with pytest.raises(BadConfig, match=r"E205.*ca_file"):
        org(local, options={"ca_file": ""}).account()


def test_client_refuses_a_file_without_certificates(local: Local, tmp_path: Path) -> None:
    """A ca_file that holds none is told at once."""
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(BadConfig, match="E205"):
        org(local, options={"ca_file": str(tmp_path / "ca.pem")})


def test_client_stops_before_the_orgs_people_are_locked_out(serve: Callable[..., Local], no_waiting: None) -> None:
    """When the org has used its share of the day's calls we stop, while there are calls left for others."""
    local = serve(daily_calls=10)
    crm = org(local)
    for _ in range(8):
        pull(crm, "User")
    with pytest.raises(RetryLater, match=r"E204.*8 of its 10 calls"):
        pull(crm, "User")


def test_client_knows_every_exception_of_the_library() -> None:
    """What the library raises for an answer of the REST API derives from the one class that is translated here."""
    raised = {name for name in vars(vendor) if name.startswith("Salesforce")}
    assert len(raised) == 6
    assert all(issubclass(getattr(vendor, name), SalesforceError) for name in raised)


def test_client_tells_the_crms_clock(local: Local) -> None:
    """now() is the CRM's time, not this machine's."""
    assert org(local).now() == NOW


def test_client_leaves_a_netrc_alone(local: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that stands in a .netrc for the same host doesn't take the token's place."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(local.http.verify))
    assert len(pull(org(local, options={"ca_file": ""}), "User").people) == 4


def test_client_speaks_plain_http_to_this_machine(local: Local) -> None:
    """A local CRM without certificates is reached as its address says, though the library writes https everywhere."""
    plain = Server(local.app)
    plain.start()
    people = pull(org(local, options={"instance_url": plain.url, "ca_file": ""}), "User").people
    plain.stop()
    assert len(people) == 4


LONG = "sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the names."
QUOTED = "\nSELECT Id, Nosuch__c FROM Opportunity\n           ^\nERROR at Row:1:Column:12\n"


def test_refusal_is_told_without_the_query_and_without_hints_for_developers(local: Local) -> None:
    """What Salesforce says is wrong stays; the query that it quotes and where developers should look go."""
    core = "No such column 'Nosuch__c' on entity 'Opportunity'."
    wordy = f"{QUOTED}{core} If you are attempting to use a custom field, be {LONG}"
    lay(local, refused("INVALID_FIELD", wordy), status=400, path="/query", rate=1.0)
    with pytest.raises(BadConfig, match="E203") as told:
        pull(org(local), "Opportunity")
    assert told.value.what == f"400 INVALID_FIELD {core}"
