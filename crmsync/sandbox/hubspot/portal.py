"""The portal: its object types made from a world, how their records hang together, and the one lock that changes take."""

import threading
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.columns import UNKNOWN, Ints, World
from crmsync.sandbox.hubspot.activities import call_kind, email_kind, meeting_kind, task_kind
from crmsync.sandbox.hubspot.catalogue import (
    CALLS,
    COMPANIES,
    CONTACTS,
    DEALS,
    EMAILS,
    MEETINGS,
    MILESTONES,
    TASKS,
    VISITS,
    object_types,
)
from crmsync.sandbox.hubspot.deals import deal_kind
from crmsync.sandbox.hubspot.errors import invalid
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.links import Link, Links, LinkType
from crmsync.sandbox.hubspot.past import Past
from crmsync.sandbox.hubspot.people import company_kind, contact_companies, contact_kind, contact_roles, owners
from crmsync.sandbox.hubspot.plans import milestone_kind, visit_kind
from crmsync.sandbox.hubspot.schema import ObjectType
from crmsync.sandbox.hubspot.scopes import Scopes
from crmsync.sandbox.records import EffectLog

DEAL_CONTACTS = LinkType(DEALS, CONTACTS, (3, 4))
DEAL_COMPANIES = LinkType(DEALS, COMPANIES, (341, 342), primary=(5, 6))
CONTACT_COMPANIES = LinkType(CONTACTS, COMPANIES, (279, 280), primary=(1, 2))
OF_DEALS = {  # what belongs to one deal
    TASKS: LinkType(DEALS, TASKS, (215, 216)),
    CALLS: LinkType(DEALS, CALLS, (205, 206)),
    MEETINGS: LinkType(DEALS, MEETINGS, (211, 212)),
    EMAILS: LinkType(DEALS, EMAILS, (209, 210)),
    MILESTONES: LinkType(DEALS, MILESTONES, (21, 22), category="USER_DEFINED"),
    VISITS: LinkType(DEALS, VISITS, (23, 24), category="USER_DEFINED"),
}
_MAKERS = {
    TASKS: task_kind,
    CALLS: call_kind,
    MEETINGS: meeting_kind,
    EMAILS: email_kind,
    MILESTONES: milestone_kind,
    VISITS: visit_kind,
}


class Portal:
    """All state of the local HubSpot. `index_lag_s`: how far the search index lies behind."""

    def __init__(
        self, world: World, clock: SandboxClock, effects: EffectLog, *, portal_id: int, time_zone: str
    ) -> None:
        self.clock, self.effects, self.portal_id, self.time_zone = clock, effects, portal_id, time_zone
        self.index_lag_s = 0.0
        self.lock = threading.RLock()  # one change at a time
        self.scopes = Scopes()
        self.past = past = Past(world, effects, zone=ZoneInfo(time_zone))
        self.owners = owners(past)
        types = object_types(
            portal_id,
            pipelines=[(pipeline.crm_id, pipeline.label) for pipeline in past.pipelines],
            stages=[(stage.crm_id, stage.label) for pipeline in past.pipelines for stage in pipeline.stages],
            currencies=[(code, code) for code in world.currencies],
        )
        self.kinds: dict[str, Kind] = {DEALS: deal_kind(past, types[DEALS])}
        self.kinds[CONTACTS] = contact_kind(past, types[CONTACTS])
        self.kinds[COMPANIES] = company_kind(past, types[COMPANIES])
        self.links: list[Links] = list(self._links_of_people())
        for name, make in _MAKERS.items():
            self.kinds[name], deal = make(past, types[name])
            self.links.append(self._links(OF_DEALS[name], deal, np.arange(len(deal))))
        self._names = {each: kind.name for kind in self.kinds.values() for each in kind.schema.names()}

    def _links_of_people(self) -> Iterator[Links]:
        past = self.past
        account = past.world.deals.account[past.deals].astype(np.int64)
        deals = np.flatnonzero(account != UNKNOWN)
        yield self._links(DEAL_COMPANIES, deals, account[deals])
        yield self._links(CONTACT_COMPANIES, *contact_companies(past))
        deal, contact, since, until, role = contact_roles(past)
        words, label = np.unique(role, return_inverse=True)
        labels = ["" if word == UNKNOWN else past.world.words[word] for word in words.tolist()]
        yield Links(DEAL_CONTACTS, (deal, contact), since=since, until=until, label=label, labels=labels)

    def _links(self, kind: LinkType, first: Ints, second: Ints) -> Links:
        """Associations that are as old as the younger of the two records."""
        made = [self.kinds[name].records.created_at for name in (kind.first, kind.second)]
        return Links(kind, (first, second), since=np.maximum(made[0][first], made[1][second]))

    def kind(self, name: str) -> Kind:
        """An object type by any of its names. Raises 400 for one that isn't there."""
        found = self._names.get(name) or self._names.get(name.lower())
        if found is None:
            raise invalid(f"Unable to infer object type from: {name}")
        return self.kinds[found]

    def custom(self) -> list[ObjectType]:
        """The custom object types."""
        return [kind.schema for kind in self.kinds.values() if kind.schema.full_name]

    def links_between(self, kind: Kind, other: Kind) -> tuple[Links, int] | None:
        """The associations of two types, and which end the first one is; None for types that can't be associated."""
        for links in self.links:
            ends = (links.kind.first, links.kind.second)
            if ends == (kind.name, other.name):
                return links, 0
            if ends == (other.name, kind.name):
                return links, 1
        return None

    def linked(self, kind: Kind, row: int, other: Kind, now: int) -> list[Link]:
        """The live records of another type that a record is associated with."""
        found = self.links_between(kind, other)
        if found is None:
            return []
        links, end = found
        return [link for link in links.of(row, now, end=end) if other.is_live(link.row, now)]
