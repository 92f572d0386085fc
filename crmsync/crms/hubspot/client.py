"""The one door to HubSpot's API: pace -> retry -> send -> translate errors -> parse.

What a call may raise: BadConfig (E202 token, E203 a right, property or object, E205 TLS), RetryLater (E201 unreachable or
failing, E204 the day's allowance), and `Refused` where the caller wants to look at a refusal itself.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from hubspot import Client as HubSpotClient
from hubspot.crm.objects.exceptions import ApiException
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from crmsync import retry, strict, transport
from crmsync.config import CrmConfig
from crmsync.crms.hubspot.limits import Allowance, Pace
from crmsync.crms.hubspot.paths import Paths
from crmsync.crms.hubspot.refusals import SECONDLY_WAIT_S, Json, Refused, no_answer, refusal, unread, used_up
from crmsync.crms.hubspot.settings import Settings
from crmsync.errors import BadConfig
from crmsync.gate import Gate

Query = Sequence[tuple[str, str]]

NO_CONTENT = 204


class Client:
    """Calls to one account, within its limits. `calls`: HTTP requests so far; `seen_at`: its clock in its last good answer."""

    def __init__(self, config: CrmConfig, settings: Settings) -> None:
        self.config, self.settings = config, settings
        self.paths = Paths(settings.api_version)
        self.calls = 0
        self.seen_at = 0
        self.allowance = Allowance()
        self._gate, self._lock = Gate(config.parallel), threading.Lock()
        self._pace = Pace(settings.calls_per_10s, 10.0)
        self._search_pace = Pace(settings.searches_per_s, 1.0)
        self._token = settings.token.get_secret_value()
        # The library's typed methods know only the numbered paths and build a model per record; its api_request opens a new
        # connection for each call and takes no timeout. ApiClient.request lies under the typed methods: it keeps connections,
        # takes a timeout and any path, and hands out raw bytes. Retry(0), because retrying, waiting and counting are ours; no
        # redirect, because the token goes nowhere but to the configured address.
        library = HubSpotClient.create(
            access_token=self._token,
            host=settings.base_url,
            base_url=settings.base_url,
            retry=Retry(0, redirect=False),
            ssl_ca_cert=settings.ca_file or None,
        )
        self._api = library.crm.objects.basic_api.api_client
        transport.bound(self._api.rest_client.pool_manager, answer_s=settings.answer_timeout_s)
        self._headers = {"User-Agent": self._api.user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
        self._api.update_params_for_auth(self._headers, None, ["oauth2"])

    def get(self, path: str, query: Query = ()) -> Json:
        """Reads a list."""
        return self._read(lambda: _listing(self._send("GET", path, query=query)), path)

    def post(self, path: str, body: Json) -> Json:
        """Reads a list that takes a body to ask for."""
        return self._read(lambda: _listing(self._send("POST", path, body=body)), path)

    def one(self, path: str) -> Json:
        """Reads a single thing."""
        return self._read(lambda: self._send("GET", path), path)

    def ask(self, path: str, body: Json) -> Json:
        """Makes what may safely be asked for twice, because a second one is refused. Raises Refused."""
        return retry.call(lambda: self._send("POST", path, body=body), where=self._where(path))

    def write(self, path: str, body: Json) -> Json:
        """Changes something. Raises Refused or LostAnswer: once it may have arrived it is never sent again."""
        return retry.call(lambda: self._send("POST", path, body=body, once=True), where=self._where(path))

    def _where(self, path: str) -> str:
        return f"{self.config.name} {path}"

    def _read(self, attempt: Callable[[], Json], path: str) -> Json:
        try:
            return retry.call(attempt, where=self._where(path))
        except Refused as refused:
            raise BadConfig("E203", refused.what, where=self._where(path), remedy="crmsync check") from None

    def _send(self, method: str, path: str, *, query: Query = (), body: Json | None = None, once: bool = False) -> Json:
        """One HTTP request. `once`: it changes something, so an unreadable answer is lost instead of passing."""
        with self._gate.call(partial(self.allowance.spent, self.settings.daily_share)):
            return self._sent(method, path, query=query, body=body, once=once)

    def _sent(self, method: str, path: str, *, query: Query, body: Json | None, once: bool) -> Json:
        self._spare_people()
        if path.endswith("/search"):
            self._search_pace.wait()
        self._pace.wait()
        with self._lock:
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
            self._note_limits(answer.headers)
            told = _parse(answer, once=once)
        except ApiException as error:
            self._note_limits(error.headers or {})
            raise refusal(
                error, self.config, path=path, once=once, token=self._token, renewed=self._renewed()
            ) from None
        except HTTPError as error:
            raise no_answer(error, self.config, self.settings, once=once) from None
        with self._lock:
            self.seen_at = max(self.seen_at, transport.told_at(answer.headers) or 0)
        return told

    def _note_limits(self, headers: Mapping[str, str]) -> None:
        """What every answer tells besides: how much is left of the allowance."""
        if headers.get("X-HubSpot-RateLimit-Remaining") == "0":
            self._pace.hold(SECONDLY_WAIT_S)
        self.allowance.note(headers)

    def _spare_people(self) -> None:
        """Stops before the account's other apps are locked out."""
        told, share = self.allowance, self.settings.daily_share
        if told.spent(share):
            what = f"the account has used {told.most - told.left} of its {told.most} calls of today; we stop at {share:.0%}"
            raise used_up(what, where=self.config.where("daily_share"), renewed=self._renewed())

    def _renewed(self) -> str:
        return self.allowance.renewed(self.seen_at)


def _parse(answer: BaseHTTPResponse, *, once: bool) -> Json:
    try:
        parsed = strict.loads(answer.data) if answer.status != NO_CONTENT else {}
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return parsed
    raise unread("HubSpot's answer is not JSON", once=once)


def _listing(answer: Json) -> Json:
    """An answer that is a list. An edge's own JSON isn't one, and would read as a list that has ended."""
    if not isinstance(answer.get("results"), list):
        raise unread("HubSpot's answer is no list", once=False)
    return answer
