"""The token endpoint and sessions."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceExpiredSession

from crmsync.sandbox.salesforce.auth import ConnectedApp
from tests.sandbox.salesforce.conftest import Local
from tests.sandbox.salesforce.world import NOW

TOKEN = "/services/oauth2/token"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
NOW_S = NOW // 1_000_000
Serve = Callable[..., Local]


class Home(HTTPAdapter):
    """Sends what is meant for salesforce.com, whose logins can't be pointed elsewhere, to a local server."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self.netloc = urlsplit(target).netloc

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        request.url = urlunsplit(("https", self.netloc, *urlsplit(str(request.url))[2:]))
        return super().send(request, *args, **more)


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """A private key for signing, and the public one that the org holds."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def assertion(key: str, **claims: Any) -> dict[str, str]:
    """The form of a JWT login."""
    usual = {
        "iss": "local-client",
        "sub": "integration@local.example",
        "aud": "https://login.salesforce.com",
        "exp": NOW_S + 180,
    }
    return {"grant_type": JWT_GRANT, "assertion": jwt.encode(usual | claims, key, algorithm="RS256")}


def refusal(response: requests.Response) -> tuple[int, str, str]:
    """Status, error and description of a refused login."""
    return response.status_code, response.json()["error"], response.json()["error_description"]


def test_client_credentials_open_a_session(local: Local) -> None:
    """The reply names token, instance, identity and the time of issue, and no life time."""
    reply = local.post(TOKEN, data={"grant_type": "client_credentials"}).json()
    assert reply["instance_url"] == local.server.url
    assert reply["id"].endswith(f"/{local.app.user}")
    assert (reply["token_type"], reply["issued_at"], "expires_in" in reply) == ("Bearer", str(NOW // 1000), False)


def test_client_credentials_may_come_in_the_form(local: Local) -> None:
    """Key and secret are taken from form fields when there is no Basic header."""
    form = {"grant_type": "client_credentials", "client_id": "local-client", "client_secret": "local-secret"}
    assert local.http.post(local.server.url + TOKEN, data=form, timeout=20).status_code == 200


def test_client_library_logs_in_by_itself(local: Local) -> None:
    """The library's own client-credentials login works once its host is led home."""
    local.http.mount("https://acme.my.salesforce.com", Home(local.server.url))
    sf = Salesforce(
        consumer_key="local-client",
        consumer_secret="local-secret",
        domain="acme.my",
        version="62.0",
        session=local.http,
    )
    assert sf.query("SELECT COUNT() FROM Opportunity")["totalSize"] == 4


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (("local-client", "wrong"), (400, "invalid_client", "invalid client credentials")),
        (("nobody", "local-secret"), (400, "invalid_client_id", "client identifier invalid")),
    ],
)
def test_client_credentials_refuse(local: Local, client: tuple[str, str], expected: tuple[int, str, str]) -> None:
    """A wrong key and a wrong secret are told apart, both as 400."""
    form = {"grant_type": "client_credentials"}
    assert refusal(local.http.post(local.server.url + TOKEN, data=form, auth=client, timeout=20)) == expected


def test_password_login_is_blocked(local: Local) -> None:
    """A password is refused as a current org does: in the words of a wrong one."""
    form = {"grant_type": "password", "username": "integration@local.example", "password": "right"}
    assert refusal(local.post(TOKEN, data=form)) == (400, "invalid_grant", "authentication failure")


def test_unknown_grants_are_refused(local: Local) -> None:
    """A grant that isn't one is unsupported."""
    assert refusal(local.post(TOKEN, data={"grant_type": "magic"}))[1] == "unsupported_grant_type"


def test_soap_login_is_switched_off(local: Local) -> None:
    """The client library's password login meets the fault of a new org."""
    local.http.mount("https://login.salesforce.com", Home(local.server.url))
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        Salesforce(username="a", password="b", security_token="c", session=local.http, version="62.0")
    assert refused.value.code == "INVALID_OPERATION"
    assert "SOAP API login() is disabled by default" in refused.value.auth_message


@pytest.mark.parametrize("exp", [NOW_S + 180, str(NOW_S + 180)])
def test_jwt_opens_a_session(serve: Serve, keys: tuple[str, str], exp: int | str) -> None:
    """A rightly signed assertion is taken, with its end as a number or as text."""
    local = serve(connected=ConnectedApp(public_key=keys[1]))
    assert local.post(TOKEN, data=assertion(keys[0], exp=exp)).status_code == 200


def test_jwt_runs_as_the_user_that_it_names(serve: Serve, keys: tuple[str, str]) -> None:
    """`sub` decides who the session is."""
    local = serve(connected=ConnectedApp(public_key=keys[1]))
    reply = local.post(TOKEN, data=assertion(keys[0], sub="ann@seller.example")).json()
    header = {"Authorization": f"Bearer {reply['access_token']}"}
    who = local.http.get(local.server.url + "/services/oauth2/userinfo", headers=header, timeout=20).json()
    assert who["preferred_username"] == "ann@seller.example"


@pytest.mark.parametrize(
    ("claims", "error", "words"),
    [
        ({"iss": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"aud": "https://elsewhere.example"}, "invalid_grant", "audience is invalid"),
        ({"exp": NOW_S - 1}, "invalid_grant", "assertion expired"),
        ({"exp": NOW_S + 3_600}, "invalid_grant", "invalid assertion"),
        ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
        ({"sub": "stranger@seller.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"sub": "bob@seller.example"}, "invalid_grant", "user hasn't approved this consumer"),
    ],
)
def test_jwt_is_checked(serve: Serve, keys: tuple[str, str], claims: dict[str, Any], error: str, words: str) -> None:
    """Issuer, audience, end and user must be right; a user who has left can't log in."""
    local = serve(connected=ConnectedApp(public_key=keys[1]))
    assert refusal(local.post(TOKEN, data=assertion(keys[0], **claims))) == (400, error, words)


def test_jwt_needs_the_key_that_the_org_holds(serve: Serve, keys: tuple[str, str]) -> None:
    """An assertion signed by another key is worth nothing."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    local = serve(connected=ConnectedApp(public_key=keys[1]))
    assert refusal(local.post(TOKEN, data=assertion(other.decode())))[2] == "invalid assertion"


def refresh(local: Local, token: str) -> requests.Response:
    """A login by refresh token."""
    return local.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": token})


def test_refresh_token_can_be_used_again_without_rotation(serve: Serve) -> None:
    """Without rotation the token stays, and no new one comes."""
    local = serve(connected=ConnectedApp(refresh_token="first"))
    assert [refresh(local, "first").status_code for _ in range(2)] == [200, 200]
    assert "refresh_token" not in refresh(local, "first").json()


def test_refresh_token_is_spent_by_rotation(serve: Serve) -> None:
    """With rotation each use gives a new one; using the old one again revokes that too."""
    local = serve(connected=ConnectedApp(refresh_token="first", rotates=True))
    second = refresh(local, "first").json()["refresh_token"]
    assert refusal(refresh(local, "first")) == (400, "invalid_grant", "expired access/refresh token")
    assert refusal(refresh(local, second))[1] == "invalid_grant"


def test_session_ends_after_idle_time_of_the_sandbox_clock(local: Local, sf: Salesforce) -> None:
    """Two hours without a call end a session; a call within them keeps it."""
    for _ in range(2):
        local.clock.set(forward_s=7_100)
        sf.query("SELECT Id FROM Opportunity LIMIT 1")
    local.clock.set(forward_s=7_201)
    with pytest.raises(SalesforceExpiredSession) as expired:
        sf.query("SELECT Id FROM Opportunity LIMIT 1")
    assert expired.value.content == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_session_is_renewed_by_the_library(local: Local, sf: Salesforce) -> None:
    """The library logs in once more on INVALID_SESSION_ID when it is given a way to."""
    sf._salesforce_login_partial = lambda: (local.login().session_id, sf.sf_instance)
    local.app.auth.expire()
    assert sf.query("SELECT COUNT() FROM Opportunity")["totalSize"] == 4


def test_tokens_differ_and_repeat_from_run_to_run(serve: Serve) -> None:
    """Two logins give two tokens, and a new org gives the same ones again."""
    first, second = serve(), serve()
    tokens = [[local.login().session_id for _ in range(2)] for local in (first, second)]
    assert tokens[0] == tokens[1]
    assert tokens[0][0] != tokens[0][1]
