"""The token endpoint and the sessions that it opens."""

import base64
import binascii
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import jwt

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.salesforce.errors import session_expired
from crmsync.sandbox.salesforce.moments import SECOND

IDLE_S = 7_200.0
LONGEST_ASSERTION_S = 300  # how far in the future a JWT's `exp` may lie
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")


@dataclass(slots=True)
class ConnectedApp:
    """The one app that may log in. `public_key` is the PEM of the certificate that its JWTs are signed with, None to refuse them.

    `refresh_token` is the one that a person's consent gave it; with `rotates`, each use of one gives a new one and spends it.
    """

    client_id: str = "local-client"
    client_secret: str = "local-secret"  # noqa: S105 - opens nothing but the local CRM
    public_key: str | None = None
    refresh_token: str | None = None
    rotates: bool = False
    idle_s: float = IDLE_S


class Denied(Exception):
    """A refusal in the words of OAuth: 400 with `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description

    def response(self) -> Response:
        """The answer."""
        return Response(400, {"error": self.error, "error_description": self.description})


@dataclass(slots=True)
class _Session:
    user: str
    used_at: int


@dataclass(slots=True)
class _RefreshTokens:
    current: str | None
    spent: set[str] = field(default_factory=set)


class Auth:
    """Opens sessions and knows which are alive. Idle time runs on the local CRM's clock."""

    def __init__(
        self, app: ConnectedApp, clock: SandboxClock, *, org_id: str, user_of: Callable[[str], str | None], run_as: str
    ) -> None:
        self.app, self.clock, self.org_id = app, clock, org_id
        self.user_of, self.run_as = user_of, run_as
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._refresh = _RefreshTokens(app.refresh_token)
        self._made = 0

    def token(self, request: Request) -> Response:
        """POST /services/oauth2/token."""
        try:
            form = request.form()
        except UnicodeDecodeError:
            return Denied("invalid_request", "the body is no form").response()
        grants: dict[str, Callable[[Request, dict[str, str]], Response]] = {
            "client_credentials": self._client_credentials,
            _JWT_GRANT: self._assertion,
            "refresh_token": self._refreshed,
            "password": self._password,
        }
        grant = grants.get(form.get("grant_type", ""))
        try:
            if grant is None:
                raise Denied("unsupported_grant_type", "grant type not supported")
            return grant(request, form)
        except Denied as denied:
            return denied.response()

    def user(self, request: Request) -> str:
        """The user of a request's session. Raises INVALID_SESSION_ID."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        now = self.clock.now()
        with self._lock:
            session = self._sessions.get(token) if scheme.lower() in ("bearer", "oauth") else None
            if session is None or now - session.used_at > self.app.idle_s * SECOND:
                raise session_expired()
            session.used_at = now
            return session.user

    def expire(self) -> None:
        """Ends every session at once, as an admin can."""
        with self._lock:
            self._sessions.clear()

    def _client_credentials(self, request: Request, form: dict[str, str]) -> Response:
        self._check_client(request, form)
        return self._opened(request, self.run_as)

    def _password(self, _request: Request, _form: dict[str, str]) -> Response:
        """Blocked in every org since Summer '23: the answer is that of a wrong password."""
        raise Denied("invalid_grant", "authentication failure")

    def _check_client(self, request: Request, form: dict[str, str]) -> None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if scheme.lower() == "basic":
            try:
                client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise Denied("invalid_client", "invalid client credentials") from None
        if client != self.app.client_id:
            raise Denied("invalid_client_id", "client identifier invalid")
        if secret != self.app.client_secret:
            raise Denied("invalid_client", "invalid client credentials")

    def _assertion(self, request: Request, form: dict[str, str]) -> Response:
        """A JWT signed with the app's key, for a user of this org, by an audience that means Salesforce's login or this host."""
        key = self.app.public_key
        claims = _claims(form.get("assertion", ""), key)
        if claims.get("iss") != self.app.client_id:
            raise Denied("invalid_client_id", "client identifier invalid")
        audiences = (*_AUDIENCES, _address(request))
        if str(claims.get("aud", "")).rstrip("/") not in audiences:
            raise Denied("invalid_grant", "audience is invalid")
        expires = _epoch(claims.get("exp"))
        now_s = self.clock.now() / SECOND
        if expires is None or not now_s <= expires <= now_s + LONGEST_ASSERTION_S:
            raise Denied("invalid_grant", "assertion expired" if expires and expires < now_s else "invalid assertion")
        user = self.user_of(str(claims.get("sub", "")))
        if user is None:
            raise Denied("invalid_grant", "user hasn't approved this consumer")
        return self._opened(request, user)

    def _refreshed(self, request: Request, form: dict[str, str]) -> Response:
        """A spent token in rotation is a sign of theft: it revokes the newest one too."""
        self._check_client(request, form)
        given = form.get("refresh_token", "")
        with self._lock:
            if given in self._refresh.spent:
                self._refresh.current = None
                self._sessions.clear()
            if not given or given != self._refresh.current:
                raise Denied("invalid_grant", "expired access/refresh token")
            fresh = None
            if self.app.rotates:
                self._refresh.spent.add(given)
                fresh = self._refresh.current = "5Aep861" + self._secret()
        response = self._opened(request, self.run_as)
        if fresh:
            response.body["refresh_token"] = fresh
        return response

    def _secret(self) -> str:
        """A token that is different each time, and the same in each run."""
        self._made += 1
        return hashlib.sha256(f"{self.org_id}/{self._made}".encode()).hexdigest()

    def _opened(self, request: Request, user: str) -> Response:
        now = self.clock.now()
        with self._lock:
            token = f"{self.org_id[:15]}!AQ{self._secret()}"
            self._sessions[token] = _Session(user, now)
        address = _address(request)
        identity = f"{address}/id/{self.org_id}/{user}"
        signature = hashlib.sha256(f"{identity}{now}".encode()).digest()
        return Response(
            200,
            {
                "access_token": token,
                "signature": base64.b64encode(signature).decode(),
                "scope": "api refresh_token",
                "instance_url": address,
                "id": identity,
                "token_type": "Bearer",
                "issued_at": str(now // 1000),
                "api_instance_url": address,
            },
        )


def _address(request: Request) -> str:
    return f"https://{request.headers.get('host', '')}"


def _epoch(value: object) -> float | None:
    """Seconds since 1970 from a claim that clients write as a number or as text."""
    try:
        return float(str(value))
    except ValueError:
        return None


def _claims(assertion: str, key: str | None) -> dict[str, object]:
    """The claims of a JWT with a right signature. Times are checked by the local clock, not here."""
    if key is None:
        raise Denied("invalid_grant", "user hasn't approved this consumer")
    try:
        claims: dict[str, object] = jwt.decode(
            assertion,
            key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.InvalidTokenError:
        raise Denied("invalid_grant", "invalid assertion") from None
    return claims


def soap_fault() -> Response:
    """What the SOAP login of a new org answers."""
    code = "INVALID_OPERATION"
    message = (
        "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API login()."
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring><detail>"
        f'<sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault></soapenv:Body>"
        "</soapenv:Envelope>"
    )
    return Response(500, body, {"Content-Type": "text/xml;charset=UTF-8"})
