"""The HTTP session that simple_salesforce is given: bound to one address, with timeouts, counting every request.

The library sets no timeout, trusts the environment's proxies and certificates before ours, and writes `https://` in front of
every address; all of that is mended here, below it.
"""

import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager

from crmsync import transport
from crmsync.config import CrmConfig
from crmsync.crms.salesforce.refusals import Elsewhere
from crmsync.crms.salesforce.settings import Settings
from crmsync.errors import BadConfig
from crmsync.gate import overtaken

FRESH_S = 30.0  # how long the CRM's clock, read off an answer, counts as the present


class Meter(HTTPAdapter):
    """Sends every request of one org, and reads what each answer tells besides."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.calls = 0
        self.seen_at = 0  # the CRM's clock in the last good answer, in micros
        self.used, self.allowed = 0, 0  # API calls of the whole org in the last 24 hours; 0 allowed: not told yet
        self._plain = settings.instance_url.startswith("http://")
        self._timeout = (settings.connect_timeout_s, settings.read_timeout_s)
        self._answer_s = settings.answer_timeout_s
        transport.bound(self.poolmanager, answer_s=self._answer_s)
        self._read_at = 0.0
        self._lock, self._of_thread = threading.Lock(), threading.local()

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the library's signature
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """One HTTP request, with the default timeouts where none are given."""
        with self._lock:
            self.calls += 1
        if self._plain and request.url:
            request.url = "http://" + request.url.partition("://")[2]
        response = super().send(request, stream, timeout or self._timeout, verify, cert, proxies)
        self._note_limits(response.headers)
        if response.is_redirect:
            raise Elsewhere(transport.elsewhere(response.headers))
        if response.ok and "json" in response.headers.get("Content-Type", ""):
            self._note_time(response.headers)
        return response

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        """The connections through a proxy, bound by the same limits."""
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        transport.bound(manager, answer_s=self._answer_s)
        return manager

    @property
    def wait_s(self) -> float | None:
        """The wait that the last answer to this thread asked for."""
        told: float | None = getattr(self._of_thread, "wait_s", None)
        return told

    @property
    def fresh(self) -> bool:
        """Whether `seen_at` was read a moment ago."""
        return bool(self.seen_at) and time.monotonic() - self._read_at < FRESH_S

    def _note_time(self, headers: Mapping[str, str]) -> None:
        """The CRM's clock. An edge that answers in its place may have another."""
        if told_at := transport.told_at(headers):
            with self._lock:
                self.seen_at, self._read_at = max(self.seen_at, told_at), time.monotonic()

    def _note_limits(self, headers: Mapping[str, str]) -> None:
        self._of_thread.wait_s = transport.wait_s(headers)
        usage = headers.get("Sforce-Limit-Info", "").partition(";")[0].partition("api-usage=")[2].partition("/")
        if usage[0].isdigit() and usage[2].isdigit():
            with self._lock:
                if not (self.fresh and overtaken(int(usage[0]), self.used)):
                    self.used, self.allowed = int(usage[0]), int(usage[2])


def open_session(config: CrmConfig, settings: Settings) -> tuple[Session, Meter]:
    """A session that can reach the org's own address and nothing else, whatever an answer points to. Raises BadConfig."""
    session, meter = Session(), Meter(settings)
    session.adapters.clear()
    address = settings.instance_url.partition("://")[2]
    for scheme in ("http", "https"):
        session.mount(f"{scheme}://{address}/", meter)
    if settings.ca_file:
        session.trust_env = False  # the environment's certificates would win over `verify`
        session.verify = _readable(config, settings.ca_file)
    return session, meter


def _readable(config: CrmConfig, ca_file: str) -> str:
    try:
        ssl.create_default_context().load_verify_locations(ca_file)
    except OSError as error:
        what = f"{ca_file} holds no certificates ({type(error).__name__})"
        raise BadConfig("E205", what, where=config.where("ca_file"), remedy="name a PEM file") from None
    return ca_file
