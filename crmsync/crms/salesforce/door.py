"""Sessions through which calls go: retry -> guard -> log in -> send -> translate errors. Every request of an org passes here."""

from collections.abc import Callable
from decimal import Decimal
from threading import Lock
from typing import Any

from requests.exceptions import RequestException
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError
from urllib3.exceptions import HTTPError

from crmsync import retry, strict
from crmsync.config import CrmConfig
from crmsync.crms.salesforce.login import Login, Pass
from crmsync.crms.salesforce.refusals import WAIT, SessionOver, no_answer, refusal
from crmsync.crms.salesforce.session import open_session
from crmsync.crms.salesforce.settings import Settings
from crmsync.errors import BadConfig, RetryLater
from crmsync.gate import Gate

Send = Callable[[Salesforce], Any]  # one call through the library


class Door:
    """The way into one org, within its limits."""

    def __init__(self, config: CrmConfig, settings: Settings) -> None:
        self.config, self.settings = config, settings
        self._session, self.meter = open_session(config, settings)
        self._login = Login(config, settings, self._session, clock=self.present)
        self._open: tuple[Salesforce, Pass] | None = None
        self._opening, self._gate = Lock(), Gate(config.parallel)

    def now(self) -> int:
        """The CRM's clock, by a call that its allowance doesn't count."""
        self.versions()
        if not self.meter.seen_at:
            remedy = "let the proxy in between leave the header Date in"
            raise RetryLater("E201", "Salesforce's answers carry no Date", where=self.config.name, remedy=remedy)
        return self.meter.seen_at

    def present(self) -> int:
        """The CRM's clock, off the last answer where that is fresh enough: never later than the present."""
        return self.meter.seen_at if self.meter.fresh else self.now()

    def versions(self) -> list[dict[str, Any]]:
        """The API versions that the org serves."""
        return retry.call(self._versions, where=self.where("versions"))

    def _versions(self) -> list[dict[str, Any]]:
        """One call, which no allowance counts."""
        with self._gate.call(lambda _more: False):
            return self._login.versions()

    def identity(self) -> Pass:
        """The org and the user of the session."""
        return retry.call(lambda: self._library()[1], where=self.where("login"))

    def where(self, path: str) -> str:
        """What a message says of the place of a call."""
        return f"{self.config.name} {path}"

    def call(self, send: Send, path: str, *, once: bool = False) -> Any:
        """A call, tried until it succeeds. `once`: it changes something, and once it may have arrived it is never sent again."""
        return retry.call(lambda: self._logged_in(send, path, once=once), where=self.where(path))

    def _logged_in(self, send: Send, path: str, *, once: bool) -> Any:
        """One call; a session that has ended is opened anew once, and a second end is a fault of the login."""
        session = self._library()
        try:
            return self._send(send, path, session, once=once)
        except SessionOver:
            self._close(session)
        try:
            return self._send(send, path, self._library(), once=once)
        except SessionOver as over:
            what = f"Salesforce ends every session at once: {over.what}"
            remedy = "look in Salesforce at the app's session policies and IP ranges"
            raise BadConfig("E202", what, where=self.config.where("auth"), remedy=remedy) from None

    def _library(self) -> tuple[Salesforce, Pass]:
        """The library with an open session. It is given no way to log in: it would do so without end."""
        with self._opening:
            return self._opened()

    def _close(self, session: tuple[Salesforce, Pass]) -> None:
        """A session has ended; another thread may have opened the next one already."""
        with self._opening:
            if self._open is session:
                self._open = None

    def _opened(self) -> tuple[Salesforce, Pass]:
        if self._open is None:
            opened = self._login.open()
            library = Salesforce(
                session_id=opened.token,
                instance_url=self.settings.instance_url,
                version=self.settings.api_version,
                session=self._session,
                parse_float=Decimal,
                object_pairs_hook=strict.once,
            )
            self._open = library, opened
        return self._open

    def _send(self, send: Send, path: str, session: tuple[Salesforce, Pass], *, once: bool) -> Any:
        """One HTTP request. `once`: an unreadable answer is lost instead of passing."""
        library, opened = session
        try:
            with self._gate.call(self._spent):
                self._spare_people()
                return send(library)
        except SalesforceError as error:
            secrets = [opened.token, *self._login.secrets()]
            wait_s = self.meter.wait_s
            raise refusal(error, where=self.where(path), once=once, wait_s=wait_s, secrets=secrets) from None
        except (RequestException, HTTPError, ValueError) as error:
            raise no_answer(error, self.config, self.settings, once=once) from None

    def _spent(self, more: int) -> bool:
        """Whether our share of the allowance is used, with so many calls more than are told."""
        used, allowed = self.meter.used + more, self.meter.allowed
        return self.meter.fresh and bool(allowed) and used >= allowed * self.settings.daily_share

    def _spare_people(self) -> None:
        """Stops before the org's people are locked out. An old count is measured anew by the next call."""
        if self._spent(0):
            used, allowed, share = self.meter.used, self.meter.allowed, self.settings.daily_share
            what = f"the org has used {used} of its {allowed} calls of 24 hours; we stop at {share:.0%}"
            raise RetryLater("E204", what, where=self.config.where("daily_share"), remedy=WAIT)
