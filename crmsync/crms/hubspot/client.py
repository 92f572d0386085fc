"""The one door to HubSpot's API: pace -> retry -> send -> translate errors -> parse.

What a call may raise: BadConfig (E202 token, E203 a right, property or object, E205 TLS), RetryLater (E201 unreachable or
failing, E204 the day's allowance), and `Refused` where the caller wants to look at a refusal itself.
"""

import json
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

from hubspot import Client as HubSpotClient
from hubspot.crm.objects.exceptions import ApiException
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, SSLError
from urllib3.util.retry import Retry

from crmsync import retry
from crmsync.clock import to_micros
from crmsync.config import CrmConfig
from crmsync.crms.hubspot.limits import Pace
from crmsync.crms.hubspot.paths import Paths
from crmsync.crms.hubspot.settings import Settings
from crmsync.errors import BadConfig, CrmsyncError, RetryLater
from crmsync.retry import CallError

Json = dict[str, Any]
Query = Sequence[tuple[str, str]]

MESSAGE_LENGTH = 300
LOCKED_WAIT_S = 2.0
SECONDLY_WAIT_S = 1.0
NOT_CARRIED_OUT = (423, 429, 477)  # locked, rate limit, account being moved: even a change may be sent again


class Refused(CallError):
    """HubSpot understood the call and refused it; nothing was changed."""

    def __init__(self, what: str, *, status: int) -> None:
        super().__init__(what, passing=False)
        self.status = status


class LostAnswer(CallError):
    """A call that changes something has left, and no answer that could be read came back."""

    def __init__(self, what: str) -> None:
        super().__init__(what, passing=False)


class Client:
    """Calls to one account, within its limits. `calls`: HTTP requests so far; `seen_at`: the CRM's clock in its last answer."""

    def __init__(self, config: CrmConfig, settings: Settings) -> None:
        self.config, self.settings = config, settings
        self.paths = Paths(settings.api_version)
        self.calls = 0
        self.seen_at = 0
        self.daily: tuple[int, int] | None = None  # calls left today and the day's allowance, where the CRM tells
        self._pace = Pace(settings.calls_per_10s, 10.0)
        self._search_pace = Pace(settings.searches_per_s, 1.0)
        self._token = settings.token.get_secret_value()
        # The library's typed methods know only the numbered paths and build a model per record; its api_request opens a new
        # connection for each call and takes no timeout. ApiClient.request lies under the typed methods: it keeps connections,
        # takes a timeout and any path, and hands out raw bytes. Retry(0), because retrying, waiting and counting are ours.
        library = HubSpotClient.create(
            access_token=self._token,
            host=settings.base_url,
            base_url=settings.base_url,
            retry=Retry(0),
            ssl_ca_cert=settings.ca_file or None,
        )
        self._api = library.crm.objects.basic_api.api_client
        self._headers = {"User-Agent": self._api.user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
        self._api.update_params_for_auth(self._headers, None, ["oauth2"])

    def get(self, path: str, query: Query = ()) -> Json:
        """Reads."""
        try:
            return retry.call(lambda: self._send("GET", path, query=query), where=self._where(path))
        except Refused as refused:
            raise self._bad(refused, path) from None

    def post(self, path: str, body: Json) -> Json:
        """Reads what takes a body to ask for."""
        try:
            return self.ask(path, body)
        except Refused as refused:
            raise self._bad(refused, path) from None

    def ask(self, path: str, body: Json) -> Json:
        """As `post`, for what may safely be sent twice, but raises Refused."""
        return retry.call(lambda: self._send("POST", path, body=body), where=self._where(path))

    def write(self, path: str, body: Json) -> Json:
        """Changes something. Raises Refused or LostAnswer: once it may have arrived it is never sent again."""
        return retry.call(lambda: self._send("POST", path, body=body, once=True), where=self._where(path))

    def _where(self, path: str) -> str:
        return f"{self.config.name} {path}"

    def _bad(self, refused: Refused, path: str) -> BadConfig:
        return BadConfig("E203", refused.what, where=self._where(path), remedy="crmsync check")

    def _send(self, method: str, path: str, *, query: Query = (), body: Json | None = None, once: bool = False) -> Json:
        """One HTTP request. `once`: it changes something, so an unreadable answer is lost instead of passing."""
        if path.endswith("/search"):
            self._search_pace.wait()
        self._pace.wait()
        self.calls += 1
        try:
            answer = self._api.request(
                method,
                self.settings.base_url + path,
                query_params=list(query),
                headers=dict(self._headers),
                body=body,
                _preload_content=False,
                _request_timeout=(self.settings.connect_timeout_s, self.settings.read_timeout_s),
            )
            self._note(answer.headers)
            return _parse(answer.data, once=once)
        except ApiException as error:
            self._note(error.headers or {})
            raise self._refusal(error.status, error.headers or {}, error.body or b"", path, once=once) from None
        except HTTPError as error:
            raise self._no_answer(error, once=once) from None

    def _note(self, headers: Mapping[str, str]) -> None:
        """What every answer tells besides: the CRM's clock and what is left of the allowance."""
        with suppress(ValueError):  # an edge that doesn't tell the time: the last answer's stands
            self.seen_at = max(self.seen_at, to_micros(parsedate_to_datetime(headers.get("Date", ""))))
        if headers.get("X-HubSpot-RateLimit-Remaining") == "0":
            self._pace.hold(SECONDLY_WAIT_S)
        left, most = (headers.get(f"X-HubSpot-RateLimit-Daily{end}", "") for end in ("-Remaining", ""))
        if left.isdigit() and most.isdigit():
            self.daily = (int(left), int(most))

    def _no_answer(self, error: HTTPError, *, once: bool) -> Exception:
        reason = error.reason if isinstance(error, MaxRetryError) else error
        if isinstance(reason, SSLError) and not isinstance(next(iter(reason.args), None), ssl.SSLEOFError):
            what = f"no trusted TLS connection to {self.settings.base_url}"
            remedy = "name the certificates to trust in ca_file, or mend base_url"
            return BadConfig("E205", what, where=self.config.where("base_url"), remedy=remedy)
        what = f"no answer from {self.settings.base_url} ({type(reason).__name__})"
        if once and not isinstance(reason, NewConnectionError | ConnectTimeoutError):
            return LostAnswer(what)
        return CallError(what, passing=True)

    def _refusal(self, status: int, headers: Mapping[str, str], body: bytes, path: str, *, once: bool) -> Exception:
        told = _told(body)
        message = f"{status} {told.get('category', '')} {told.get('message', '')}".replace(self._token, "****")
        message = " ".join(message.split())[:MESSAGE_LENGTH]
        if status == 401:
            remedy = "make a service key in HubSpot under Development > Keys and give its value to the token's variable"
            return BadConfig("E202", f"HubSpot refuses the token: {message}", where=self._key("token"), remedy=remedy)
        if status == 403:
            return self._no_right(told, message, path)
        if status in NOT_CARRIED_OUT:
            return _passing(status, headers, told, message, where=self._where(path))
        if status >= 500:
            return LostAnswer(message) if once else CallError(message, passing=True, wait_s=_wait_s(headers))
        return Refused(message, status=status)

    def _no_right(self, told: Json, message: str, path: str) -> CrmsyncError:
        errors = [error for error in told.get("errors") or () if isinstance(error, dict)]
        scopes = [scope for error in errors for scope in (error.get("context") or {}).get("requiredScopes") or ()]
        remedy = (
            f"add {' or '.join(scopes)} to the service key" if scopes else "add the missing scope to the service key"
        )
        return BadConfig("E203", f"the token may not do this: {message}", where=self._where(path), remedy=remedy)

    def _key(self, key: str) -> str:
        return self.config.where(key)


def _parse(data: bytes, *, once: bool) -> Json:
    if not data:
        return {}
    try:
        parsed = json.loads(data)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return parsed
    what = "HubSpot's answer is not JSON"
    raise LostAnswer(what) if once else CallError(what, passing=True)


def _told(body: bytes) -> Json:
    """The body of a refusal; the edge in front of HubSpot may send HTML instead."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _passing(status: int, headers: Mapping[str, str], told: Json, message: str, *, where: str) -> Exception:
    policy = told.get("policyName", "")
    if policy == "DAILY":
        remedy = "wait until midnight in the account's time zone; the next run goes on from what is stored"
        return RetryLater("E204", f"the account's calls for today are used up: {message}", where=where, remedy=remedy)
    wait_s = _wait_s(headers)
    if wait_s is None and status == 423:
        wait_s = LOCKED_WAIT_S
    if wait_s is None and policy == "SECONDLY":
        wait_s = SECONDLY_WAIT_S
    return CallError(message, passing=True, wait_s=wait_s)


def _wait_s(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, None where it is missing (as it often is) or a date."""
    text = headers.get("Retry-After") or ""
    return float(text) if text.isdigit() else None
