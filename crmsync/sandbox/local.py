"""Both local CRMs over one world, with what somebody needs to reach them: a config, Python lines for each client library, ids."""

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.columns import World
from crmsync.sandbox.control import Control, People, Served
from crmsync.sandbox.http import Server
from crmsync.sandbox.hubspot import HubSpotApp
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.records import EffectLog
from crmsync.sandbox.salesforce import SalesforceApp
from crmsync.sandbox.salesforce.auth import ConnectedApp
from crmsync.sandbox.tls import CA_FILE, server_context
from crmsync.sandbox.truth import truth

SALESFORCE, HUBSPOT = "salesforce", "hubspot"
NAMES = {SALESFORCE: "main", HUBSPOT: "hub"}  # of each CRM in the config, and in ids.csv
SECRETS = {"salesforce-id": "local-client", "salesforce-secret": "local-secret", "hubspot-token": "pat-local-token"}
SECRETS_FOLDER = "sandbox-secrets"
IDS_FILE = "ids.csv"
UNPACED = 10**9  # calls in a window that nobody makes


@dataclass(slots=True)
class LocalCrms:
    """The local CRMs of a world. Start them by `with`, or with `start` and `stop`. Files go to `folder`."""

    world: World
    folder: Path
    crms: Sequence[str] = (SALESFORCE, HUBSPOT)
    now: int | None = None
    frozen: bool = False
    port: int = 0  # of the control address; the CRMs take the next two. 0: free ones
    paced: bool = True  # False: no limit per second or per ten seconds, so that a demo needn't wait for them
    effects: EffectLog = field(default_factory=EffectLog)
    clock: SandboxClock = field(init=False)
    served: dict[str, Served] = field(default_factory=dict)
    control: Server = field(init=False)
    salesforce: SalesforceApp | None = None
    hubspot: HubSpotApp | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Begins to answer."""
        self.clock = SandboxClock(self.world.now if self.now is None else self.now, frozen=self.frozen)
        self.folder.mkdir(parents=True, exist_ok=True)
        if SALESFORCE in self.crms:
            app = ConnectedApp(client_id=SECRETS["salesforce-id"], client_secret=SECRETS["salesforce-secret"])
            self.salesforce = SalesforceApp(self.world, self.clock, self.effects, connected=app)
            server = Server(self.salesforce, port=self._port(1), tls=server_context(self.folder))
            self._serve(SALESFORCE, server, self.salesforce)
        if HUBSPOT in self.crms:
            pace: Any = {} if self.paced else {"calls_per_10s": UNPACED, "searches_per_s": UNPACED}
            self.hubspot = HubSpotApp(self.world, self.clock, self.effects, token=SECRETS["hubspot-token"], **pace)
            self._serve(HUBSPOT, Server(self.hubspot, port=self._port(2)), self.hubspot)
        control = Control(self.clock, self.effects, self.served, truth=self.truth if self.world.law in LAWS else None)
        self.control = Server(control, port=self._port(0))
        self.control.start()
        self._write_secrets()

    def _port(self, number: int) -> int:
        return self.port + number if self.port else 0

    def _serve(self, crm: str, server: Server, people: People) -> None:
        self.served[crm] = Served(server, people)
        server.start()

    def stop(self) -> None:
        """Stops answering."""
        for each in (*(served.server for served in self.served.values()), self.control):
            each.stop()

    def ids(self) -> Iterator[tuple[str, str, int]]:
        """For each deal: the name of its CRM in the config, its id there, its row in the world."""
        for crm, app in ((SALESFORCE, self.salesforce), (HUBSPOT, self.hubspot)):
            for row, crm_id in app.ids() if app else ():
                yield NAMES[crm], crm_id, row

    def truth(self, at: int) -> Iterator[tuple[str, str, float]]:
        """The chance of each open deal of these CRMs, by the world's law. Raises KeyError for a world without one."""
        known = {row: (crm, crm_id) for crm, crm_id, row in self.ids()}
        found = truth(self.world, at)
        for row, chance in zip(found.deal.tolist(), found.probability.tolist(), strict=True):
            if row in known:
                yield *known[row], chance

    def write_ids(self) -> Path:
        """ids.csv: crm, crm_id, deal_id (of the world's own files, or the number of a deal that was made up)."""
        outside = self.world.deals.outside_id
        target = self.folder / IDS_FILE
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("crm", "crm_id", "deal_id"))
            writer.writerows((crm, crm_id, outside[row] if outside else row + 1) for crm, crm_id, row in self.ids())
        return target

    def _write_secrets(self) -> None:
        """The local CRMs' secrets as files that only their owner reads, as anybody's secrets should be."""
        folder = self.folder / SECRETS_FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, secret in SECRETS.items():
            with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secret + "\n")

    @property
    def ca_file(self) -> Path:
        """The authority that a client of the local Salesforce has to trust."""
        return self.folder.resolve() / CA_FILE

    def secret_file(self, name: str) -> Path:
        """The file of a secret."""
        return self.folder.resolve() / SECRETS_FOLDER / name
