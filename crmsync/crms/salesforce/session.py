"""The HTTP session that simple_salesforce is given: bound to one address, with timeouts, counting every request.

The library sets no timeout, trusts the environment's proxies and certificates before ours, and writes `https://` in front of
every address; all of that is mended here, below it.
"""

import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from crmsync.clock import to_micros
from crmsync.config import CrmConfig
from crmsync.crms.salesforce.settings import Settings
from crmsync.errors import BadConfig

FRESH_S = 30.0  # how long the CRM's clock, read off an answer, counts as the present


class Meter(HTTPAdapter):
    """Sends every request of one org, and reads what each answer tells besides."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.calls = 0
        self.seen_at = 0  # the CRM's clock in the last answer, in micros
        self.used, self.allowed = 0, 0  # API calls of the whole org in the last 24 hours; 0 allowed: not told yet
        self.wait_s: float | None = None  # the wait that the last answer asked for
        self._plain = settings.instance_url.startswith("http://")
        self._timeout = (settings.connect_timeout_s, settings.read_timeout_s)
        self._read_at = 0.0

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
        self.calls += 1
        if self._plain and request.url:
            request.url = "http://" + request.url.partition("://")[2]
        response = super().send(request, stream, timeout or self._timeout, verify, cert, proxies)
        self._note(response.headers)
        return response

    @property
    def fresh(self) -> bool:
        """Whether `seen_at` was read a moment ago."""
        return bool(self.seen_at) and time.monotonic() - self._read_at < FRESH_S

    def _note(self, headers: Mapping[str, str]) -> None:
        with suppress(ValueError):  # an edge that doesn't tell the time: the last answer's stands
            self.seen_at = max(self.seen_at, to_micros(parsedate_to_datetime(headers.get("Date", ""))))
            self._read_at = time.monotonic()
        wait = headers.get("Retry-After", "")
        self.wait_s = float(wait) if wait.isdigit() else None
        usage = headers.get("Sforce-Limit-Info", "").partition(";")[0].partition("api-usage=")[2].partition("/")
        if usage[0].isdigit() and usage[2].isdigit():
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
