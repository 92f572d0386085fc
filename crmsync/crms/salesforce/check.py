"""What `crmsync check` finds out about a Salesforce org, without changing anything.

The codes mean the same in every room: C201 reached and logged in, C202 the account, C203 the source objects can be read, C204 the
target fields, C205 the allowance, C206 the clock, C207 the API version.
"""

from collections.abc import Iterator

from crmsync.addresses import is_loopback
from crmsync.clock import system_clock
from crmsync.config import CrmConfig
from crmsync.crms.salesforce.fields import Fields
from crmsync.crms.salesforce.org import Org
from crmsync.crms.salesforce.read import Reader
from crmsync.crms.salesforce.settings import Settings
from crmsync.errors import BadConfig, CrmsyncError
from crmsync.findings import failed, named, skew, targets
from crmsync.records import Finding

LOW_SHARE = 0.1


def refuse_password(config: CrmConfig) -> None:
    """Raises BadConfig for a login with a person's password, with the reason why there is none."""
    for key in ("auth", "password", "security_token"):
        if key in config.options and (key != "auth" or config.options[key] == "password"):
            what = (
                "a program can't log in with a person's password: Salesforce blocks it for new apps and is removing it"
            )
            remedy = 'auth = "client_credentials" with an external client app, or "jwt"'
            raise BadConfig("E202", what, where=config.where(key), remedy=remedy)


class Check:
    """The findings of one org."""

    def __init__(self, org: Org, config: CrmConfig, settings: Settings, *, reader: Reader, fields: Fields) -> None:
        self.org, self.client = org, org.client
        self.config, self.settings, self.reader, self.fields = config, settings, reader, fields

    def findings(self) -> Iterator[Finding]:
        """One after the other; when the org can't be reached at all, only that."""
        try:
            now = self.client.door.now()
            self.client.door.identity()
        except CrmsyncError as error:
            yield failed("C201", error)
            return
        yield self._ok("C201", f"{self.settings.instance_url} answers and takes the login ({self.settings.auth})")
        yield self._account()
        for name in self.reader.names():
            yield self._readable(name)
        yield from self._targets()
        yield self._allowance()
        yield skew(
            self.config.name,
            theirs=now,
            ours=system_clock(),
            local=is_loopback(self.settings.instance_url),
        )
        yield self._version()

    def _ok(self, code: str, what: str) -> Finding:
        return Finding(code, "ok", f"{self.config.name}: {what}")

    def _account(self) -> Finding:
        try:
            currency = self.org.currency
        except CrmsyncError as error:
            return failed("C202", error)
        return self._ok(
            "C202", f"org {self.client.door.identity().org}{named(self.org.place)}, money in {currency or '(unknown)'}"
        )

    def _readable(self, name: str) -> Finding:
        try:
            warning = self.reader.probe(name)
        except CrmsyncError as error:
            return failed("C203", error)
        if warning:
            what = f"{self.config.name}: {name} can't be read and is left out: {warning}"
            return Finding(
                "C203", "warn", what, f"give the integration user the right to read {name}, if the org uses it"
            )
        return self._ok("C203", f"{name} can be read")

    def _targets(self) -> Iterator[Finding]:
        try:
            states = self.fields.states()
        except CrmsyncError as error:
            yield failed("C204", error)
            return
        make = f"crmsync fields --create --crm {self.config.name}"
        yield from targets(
            self.config.name,
            states,
            remedy=lambda it: "name another field" if it.exists and it.writable else make,
        )

    def _allowance(self) -> Finding:
        try:
            told = (self.client.get("limits") or {}).get("DailyApiRequests") or {}
        except CrmsyncError as error:
            return failed("C205", error)
        left, most = int(told.get("Remaining") or 0), int(told.get("Max") or 0)
        what = f"{left} of {most} calls are left of the last 24 hours' allowance"
        if left < most * max(LOW_SHARE, 1 - self.settings.daily_share):
            remedy = "see in Salesforce under Setup > System Overview which app uses them"
            return Finding("C205", "warn", f"{self.config.name}: {what}", remedy)
        return self._ok("C205", what)

    def _version(self) -> Finding:
        try:
            served = [str(version.get("version")) for version in self.client.door.versions()]
        except CrmsyncError as error:
            return failed("C207", error)
        if self.settings.api_version in served:
            return self._ok("C207", f"API version {self.settings.api_version} is served; the newest is {served[-1]}")
        what = f"{self.config.name}: the org doesn't serve API version {self.settings.api_version}"
        return Finding("C207", "fail", what, f'api_version = "{served[-1]}"' if served else "mend instance_url")
