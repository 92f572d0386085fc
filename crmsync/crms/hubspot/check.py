"""What `crmsync check` finds out about a HubSpot account, without changing anything.

The codes mean the same in every room: C201 reached and logged in, C202 the account, C203 the source objects can be read, C204 the
target fields, C205 the allowance, C206 the clock, C207 the API version.
"""

from collections.abc import Iterator
from datetime import timedelta

from crmsync.addresses import is_loopback
from crmsync.clock import system_clock, to_datetime
from crmsync.config import CrmConfig
from crmsync.crms.hubspot.fields import Fields
from crmsync.crms.hubspot.portal import Portal
from crmsync.crms.hubspot.read import Reader
from crmsync.crms.hubspot.settings import Settings
from crmsync.errors import CrmsyncError
from crmsync.findings import failed, named, skew, targets
from crmsync.records import Finding

LOW_SHARE = 0.1
SOON = timedelta(days=180)


class Check:
    """The findings of one account."""

    def __init__(
        self, portal: Portal, config: CrmConfig, settings: Settings, *, reader: Reader, fields: Fields
    ) -> None:
        self.portal, self.client = portal, portal.client
        self.config, self.settings, self.reader, self.fields = config, settings, reader, fields

    def findings(self) -> Iterator[Finding]:
        """One after the other; when the account can't be reached at all, only that."""
        try:
            now = self.portal.now()
        except CrmsyncError as error:
            yield failed("C201", error)
            return
        yield Finding("C201", "ok", f"{self.config.name}: {self.settings.base_url} answers and takes the token")
        yield self._account()
        for name in self.reader.names():
            yield self._readable(name)
        yield from self._targets()
        yield self._allowance()
        yield skew(
            self.config.name,
            theirs=now,
            ours=system_clock(),
            local=is_loopback(self.settings.base_url),
        )
        yield self._version(now)

    def _account(self) -> Finding:
        portal = self.portal
        account = f"portal {portal.details.get('portalId')}{named(portal.place)}"
        what = f"{account}, days of {portal.zone}, money in {portal.currency or '(unknown)'}"
        return Finding("C202", "ok", f"{self.config.name}: {what}")

    def _readable(self, name: str) -> Finding:
        try:
            self.reader.probe(name)
        except CrmsyncError as error:
            return failed("C203", error)
        return Finding("C203", "ok", f"{self.config.name}: {name} can be read")

    def _targets(self) -> Iterator[Finding]:
        try:
            states = self.fields.states()
        except CrmsyncError as error:
            yield failed("C204", error)
            return
        make = f"crmsync fields --create --crm {self.config.name}"
        yield from targets(self.config.name, states, remedy=lambda it: "name another property" if it.exists else make)

    def _allowance(self) -> Finding:
        left, most = self.client.allowance.left, self.client.allowance.most
        if not most:
            return Finding("C205", "ok", f"{self.config.name}: HubSpot doesn't tell what is left of the day's calls")
        what = f"{self.config.name}: {left} of {most} calls are left today"
        if left < most * max(LOW_SHARE, 1 - self.settings.daily_share):
            return Finding("C205", "warn", what, "see in HubSpot under Development > Monitoring which app uses them")
        return Finding("C205", "ok", what)

    def _version(self, now: int) -> Finding:
        ends_on = self.client.paths.ends_on()
        what = f"{self.config.name}: API version {self.settings.api_version} is supported until {ends_on}"
        left = ends_on - to_datetime(now).date()
        if left > SOON:
            return Finding("C207", "ok", what)
        remedy = "read HubSpot's changelog, then set api_version to the newest"
        return Finding("C207", "warn" if left > timedelta() else "fail", what, remedy)
