"""A workspace over both local CRMs, and the real client libraries beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from hubspot import HubSpot
from simple_salesforce import Salesforce

from crmsync import config as configs
from crmsync import starter
from crmsync.clock import parse_instant
from crmsync.config import Config
from crmsync.pipeline import Pipeline
from crmsync.sandbox.generate import generate
from crmsync.sandbox.guide import config
from crmsync.sandbox.hostile import make_hostile
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.local import HUBSPOT, SALESFORCE, SECRETS, LocalCrms
from crmsync.store import frames, runs, scores
from crmsync.store.engine import Store, open_store
from crmsync.views import reasons

NOW = parse_instant("2026-06-01T02:00:00Z")
DEALS = 240
SQLITE = "sqlite:///crmsync.db"
TWO_WEEKS_S = 14 * 86_400.0
MODEL = 'features = ["age", "stage", "step_done", "buyer_idle", "overdue"]\n[penalty]\ngrid = [0.03]\n[write]\nprior = true\n'
PROBABILITY = {SALESFORCE: "Crmsync_Probability__c", HUBSPOT: "crmsync_probability"}


@dataclass
class Tale:
    """Both local CRMs, a store, and the pipeline between them. The machine's clock is the local CRMs' own."""

    local: LocalCrms
    config: Config
    store: Store
    pipeline: Pipeline

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """A request to the control address."""
        answer = requests.request(method, self.local.control.url + path, json=body, timeout=20)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def forward(self, seconds: float) -> None:
        """Lets the CRMs' clock go on."""
        self.ask("PUT", "/clock", {"forward_s": seconds})

    def effects(self, since: int = 0) -> list[dict[str, Any]]:
        """What was changed in our fields of the CRMs' deals since a mark."""
        told: list[dict[str, Any]] = self.ask("GET", f"/effects?since={since}")["effects"]
        return [one for one in told if one["crm_id"] and "crmsync" in one["field"].lower()]

    def mark(self) -> int:
        """Where the log of changes stands."""
        return int(self.ask("GET", "/effects")["next"])

    def plan(self) -> list[dict[str, int]]:
        """Pulls, scores and stages; gives what was counted for each CRM."""
        self.pipeline.pull()
        self.pipeline.score("close")
        return [row.counts for row in self.pipeline.stage()]

    def scores(self, crm: str) -> dict[str, dict[str, Any]]:
        """The newest score of each open deal of a CRM, by its id there."""
        return {
            row["crm_id"]: row for row in reasons.told(self.store, frames.rows(self.store, scores.newest_of_open(crm)))
        }

    def statuses(self) -> list[tuple[str, str, str]]:
        """The ledger: step, target, status."""
        return [(row.step, row.target, row.status) for row in runs.after(self.store, 0)]


@contextmanager
def tale(folder: Path, *, url: str = SQLITE, first: str = "send", hostile: bool = False) -> Iterator[Tale]:
    """A new workspace over two CRMs of a small made-up past, their clock stopped, the fields made."""
    world = generate(deals=DEALS, seed=3, law=LAWS["milestones"], now=NOW)
    world = make_hostile(world) if hostile else world
    with LocalCrms(world, folder / "crms", frozen=True, paced=False) as local:
        file = workspace(folder / "work", config(local).replace(SQLITE, url).replace('"send"', f'"{first}"'))
        read = configs.load(file)
        store = open_store(read.store)
        pipeline = Pipeline(read, store, clock=local.clock.now)
        for name in read.crm:
            pipeline.connect(name).create_fields()
        yield Tale(local, read, store, pipeline)
        store.close()


def workspace(folder: Path, text: str) -> Path:
    """A new workspace with that config and a short model; gives the config's file."""
    starter.init(folder)
    file = folder / "config.toml"
    file.write_text(text)
    (folder / "models" / "close.toml").write_text(MODEL)
    return file


def salesforce(local: LocalCrms) -> Salesforce:
    """simple_salesforce, logged in to the local Salesforce."""
    url = local.served[SALESFORCE].server.url
    session = requests.Session()
    session.trust_env, session.verify = False, str(local.ca_file)
    client = (SECRETS["salesforce-id"], SECRETS["salesforce-secret"])
    grant = session.post(f"{url}/services/oauth2/token", auth=client, data={"grant_type": "client_credentials"})
    return Salesforce(session_id=grant.json()["access_token"], instance_url=url, version="62.0", session=session)


def hubspot(local: LocalCrms) -> HubSpot:
    """HubSpot's client, with the local token."""
    url = local.served[HUBSPOT].server.url
    return HubSpot(access_token=SECRETS["hubspot-token"], host=url, base_url=url)
