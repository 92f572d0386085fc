"""Logging in without a person: the three grants of the token endpoint, posted to the org's own address.

The client library's own logins go to fixed hosts and log in again without end; ours goes where the config says, once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from pydantic import SecretStr
from requests import PreparedRequest, Response, Session
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from crmsync.clock import MICROS_PER_SECOND
from crmsync.config import CrmConfig
from crmsync.crms.salesforce.refusals import clean, no_answer
from crmsync.crms.salesforce.settings import Settings
from crmsync.errors import BadConfig
from crmsync.retry import CallError
from crmsync.transport import wait_s

TOKEN_PATH, VERSIONS_PATH = "/services/oauth2/token", "/services/data"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_S = 180  # how long a signed assertion holds, on the CRM's clock
PASSING = ("rate_limit_exceeded", "server_error", "temporarily_unavailable")
REMEDIES = {
    "invalid_client_id": "correct client_id: the consumer key of the external client app",
    "invalid_client": "correct client_secret: the consumer secret of the external client app",
    "invalid_grant": "see in Salesforce whether the app's flow is on, its user active and approved, and the key or token valid",
    "unsupported_grant_type": "switch this flow on in the external client app, or choose another auth",
    "inactive_org": "the org is switched off: ask its administrator",
}


@dataclass(frozen=True, slots=True)
class Pass:
    """An open session: its token, the org's id and that of the user whom it runs as."""

    token: str
    org: str
    user: str


def keep_header(request: PreparedRequest) -> PreparedRequest:
    """Leaves a request as it is: without an `auth` of its own the session would put a .netrc's password in place of the token."""
    return request


class Login:
    """Opens sessions of one org."""

    def __init__(self, config: CrmConfig, settings: Settings, session: Session, *, clock: Callable[[], int]) -> None:
        self.config, self.settings, self.session, self.clock = config, settings, session, clock
        session.auth = keep_header

    def secrets(self) -> list[str]:
        """Everything that a message must never show."""
        own = self.settings
        return [_plain(one) for one in (own.client_secret, own.private_key, own.refresh_token) if one]

    def open(self) -> Pass:
        """A new session. Raises BadConfig when the login is refused, CallError when it may be tried again."""
        body = self._answer(lambda: self.session.post(self._url(TOKEN_PATH), data=self._form(), allow_redirects=False))
        token, identity = str(body.get("access_token") or ""), str(body.get("id") or "").split("/")
        if not token:
            raise self._refused(body)
        self._check_home(str(body.get("instance_url") or ""))
        self._check_rotation(str(body.get("refresh_token") or ""))
        return Pass(token, identity[-2] if len(identity) > 1 else "", identity[-1])

    def versions(self) -> list[dict[str, Any]]:
        """The API versions that the org serves: needs no session, counts as no call of the allowance, tells the CRM's time."""
        listed = self._answer(lambda: self.session.get(self._url(VERSIONS_PATH), allow_redirects=False))
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []

    def _url(self, path: str) -> str:
        return self.settings.instance_url + path

    def _answer(self, send: Callable[[], Response]) -> Any:
        try:
            response = send()
            if response.status_code >= 500 or response.status_code in (420, 429):
                what = f"{response.status_code} from {self.settings.instance_url}"
                raise CallError(what, passing=True, wait_s=wait_s(response.headers))
            return response.json()
        except (RequestException, HTTPError, ValueError) as error:
            raise no_answer(error, self.config, self.settings, once=False) from None

    def _form(self) -> dict[str, str]:
        own = self.settings
        form = {"client_id": _plain(own.client_id)}
        if own.auth == "jwt":
            return {"grant_type": JWT_GRANT, "assertion": self._assertion()}
        if own.client_secret:
            form["client_secret"] = _plain(own.client_secret)
        if own.auth == "refresh_token":
            return {**form, "grant_type": "refresh_token", "refresh_token": _plain(own.refresh_token)}
        return {**form, "grant_type": "client_credentials"}

    def _assertion(self) -> str:
        """Dated by the CRM's clock: a machine whose own is wrong can still log in."""
        own = self.settings
        claims = {
            "iss": _plain(own.client_id),
            "sub": own.username,
            "aud": own.audience,
            "exp": self.clock() // MICROS_PER_SECOND + ASSERTION_S,
        }
        try:
            return jwt.encode(claims, _plain(own.private_key), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            what = f"private_key can't sign ({type(error).__name__})"
            remedy = "give the RSA key of the app's certificate as PEM"
            raise BadConfig("E202", what, where=self.config.where("private_key"), remedy=remedy) from None

    def _refused(self, body: Any) -> Exception:
        told = body if isinstance(body, dict) else {}
        error = str(told.get("error") or "")
        words = clean(f"{error} {told.get('error_description') or ''}", self.secrets())
        if error in PASSING:
            return CallError(words, passing=True)
        where = self.config.where("client_secret" if error == "invalid_client" else "auth")
        what = f"Salesforce refuses the login: {words}"
        return BadConfig("E202", what, where=where, remedy=REMEDIES.get(error, "crmsync check"))

    def _check_home(self, url: str) -> None:
        """An org may have moved; its token is sent nowhere but to the configured address."""
        host, ours = urlsplit(url).hostname, urlsplit(self.settings.instance_url).hostname
        if host and host != ours:
            remedy = f'set instance_url = "https://{host}" if that is your org'
            what = f"the org answers that it lives at {host}"
            raise BadConfig("E202", what, where=self.config.where("instance_url"), remedy=remedy)

    def _check_rotation(self, fresh: str) -> None:
        """A token that each login replaces would be spent after this one, and using it again would revoke the consent."""
        if fresh and fresh != _plain(self.settings.refresh_token):
            remedy = "switch refresh token rotation off in the app, connect anew, and store the new token"
            what = "the app rotates refresh tokens: this login has spent the configured one"
            raise BadConfig("E202", what, where=self.config.where("refresh_token"), remedy=remedy)


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
