"""The local twin of each room: how it is served, and what its objects and fields are called there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from crmsync import config as configs
from crmsync import crm as crms
from crmsync.clock import parse_instant
from crmsync.config import CrmConfig
from crmsync.crm import Crm
from crmsync.records import DEAL_SOURCE, Cursor, Page
from crmsync.sandbox import columns
from crmsync.sandbox.columns import World
from crmsync.sandbox.control import Served
from crmsync.sandbox.generate import generate
from crmsync.sandbox.guide import config
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.local import LocalCrms

NOW = parse_instant("2026-06-01T02:00:00Z")  # a Monday, before anybody begins to work
LISTS = ("deals", "milestones", "people", "stages", "facts", "held", "gone", "bad")


@dataclass(frozen=True, slots=True)
class Names:
    """What a CRM calls a deal and its amount, a step of a plan and its end, a visit and its instant. `who`: a user's id."""

    code: int
    deals: str
    amount: str
    steps: str
    done: str
    visits: str
    visited: str
    who: str


TWINS = {
    "salesforce": Names(
        columns.SALESFORCE,
        "Opportunity",
        "Amount",
        "Milestone__c",
        "Completed_At__c",
        "Room_Visit__c",
        "Visited_At__c",
        "",
    ),
    "hubspot": Names(
        columns.HUBSPOT, "deals", "amount", "milestone", "completed_at", "room_visit", "visited_at", "5000001"
    ),
}


@dataclass(slots=True)
class Twin:
    """A room over its local twin. `cursors` is where `pull` has got to."""

    kind: str
    local: LocalCrms
    config: CrmConfig
    crm: Crm
    cursors: dict[str, Cursor] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        """What its objects and fields are called."""
        return TWINS[self.kind]

    @property
    def served(self) -> Served:
        """Its server, and its people's screens."""
        return self.local.served[self.kind]

    def connect(self, **different: Any) -> Crm:
        """The room anew, with some options of its own kind changed."""
        return crms.connect(self.config.model_copy(update={"options": {**self.config.options, **different}}))

    def pull(self) -> Page:
        """What one pull of every stream brings, as one page, from where the last one stopped."""
        whole = Page("", Cursor())
        for stream in self.crm.streams():
            for page in self.crm.pull(stream, since=self.cursors.get(stream)):
                self.cursors[stream] = page.cursor
                whole.read += page.read
                for name in LISTS:
                    getattr(whole, name).extend(getattr(page, name))
        return whole

    def ids(self) -> Iterator[str]:
        """The ids of its live deals, as it lists them."""
        return (one.crm_id for one in self.crm.listed(DEAL_SOURCE))

    def forward(self, seconds: float) -> None:
        """Lets the CRM's clock go on."""
        self.local.clock.set(forward_s=seconds)

    def edit(self, kind: str, crm_id: str, values: dict[str, Any]) -> None:
        """A person changes a record on the screen."""
        self.served.people.edit(kind, crm_id, values, who=self.who)

    def delete(self, kind: str, crm_id: str) -> None:
        """A person deletes or archives a record."""
        self.served.people.delete(kind, crm_id, who=self.who)

    def restore(self, kind: str, crm_id: str) -> None:
        """A person takes it back."""
        self.served.people.restore(kind, crm_id, who=self.who)

    @property
    def who(self) -> str:
        """The id of a user of this CRM."""
        return self.names.who or next(page.people[0]["crm_id"] for page in self.crm.pull("User", since=None))

    def cut(self, step: str, deal: str) -> None:
        """A step of a plan loses its deal: by a person in HubSpot, past the rules of the screen in Salesforce."""
        if self.local.salesforce:
            records, now = self.local.salesforce.org.tables[self.names.steps].records, self.local.clock.now()
            row = records.row(step, now)
            assert row is not None
            records.write(row, {"Opportunity__c": None}, at=now, who=self.who)
        if self.local.hubspot:
            self.local.hubspot.dissociate(self.names.steps, step, self.names.deals, deal, who=self.who)

    def join(self, step: str, deal: str) -> None:
        """A person puts a step back to its deal."""
        if self.local.salesforce:
            self.edit(self.names.steps, step, {"Opportunity__c": deal})
        if self.local.hubspot:
            self.local.hubspot.associate(self.names.steps, step, self.names.deals, deal, who=self.who)


@contextmanager
def twin(kind: str, folder: Path, *, deals: int = 60, seed: int = 5) -> Iterator[Twin]:
    """Serves a small made-up past, its clock stopped, the target fields made. Fails for a room that nothing serves."""
    if kind not in TWINS:
        pytest.fail(f"crms/{kind}/ has no local twin: serve it in sandbox/local.py and name its objects in {__file__}")
    world = generate(deals=deals, seed=seed, law=LAWS["milestones"], now=NOW, crms=(TWINS[kind].code,))
    with twin_of(kind, world, folder) as served:
        yield served


@contextmanager
def twin_of(kind: str, world: World, folder: Path) -> Iterator[Twin]:
    """Serves a world, its clock stopped at its end, the target fields made."""
    with LocalCrms(world, folder, crms=(kind,), frozen=True, paced=False) as local:
        file = folder / "config.toml"
        file.write_text(config(local))
        (account,) = configs.load(file).crm.values()
        crm = crms.connect(account)
        crm.create_fields()
        yield Twin(kind, local, account, crm)
