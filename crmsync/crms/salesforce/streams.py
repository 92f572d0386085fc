"""The objects that a pull reads: which fields of each, which of its records, and what these become."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from crmsync.config import CrmConfig, EngagementSource
from crmsync.crms.salesforce import people
from crmsync.crms.salesforce.deals import Deals
from crmsync.crms.salesforce.engagement import BUILT_IN, Activity, act
from crmsync.crms.salesforce.milestones import Steps
from crmsync.crms.salesforce.org import CONTACT, CONTACT_ROLE, DEAL, USER, Org
from crmsync.crms.salesforce.settings import Settings
from crmsync.crms.salesforce.values import Child, Row, all_of, quoted, soql
from crmsync.errors import BadConfig, SkipRecord
from crmsync.records import DEAL_SOURCE, BadRecord, Page

SYSTEM = ("Id", "CreatedDate", "SystemModstamp")


@dataclass(frozen=True, slots=True)
class Span:
    """The CRM's clock when this read began, and when the last complete one did (0: never)."""

    began: int
    since: int


class Stream(Protocol):
    """One object, or those of its records that a condition names."""

    name: str
    entity: str
    key: str  # where in the config it comes from, "" for an object of Salesforce's own
    listed: bool  # whether a full read lists its records
    bin: bool  # whether its records can lie in the recycle bin
    gone: str  # the source that its deleted records are reported under, "" when nobody asks
    due: str  # a field whose instant, once past, makes a record worth reading again; "" for none
    optional: bool  # whether an org may do without the object

    def select(self, *, held: bool = True) -> list[str]:
        """What is read besides ids and stamps; `held`: our own fields too. Raises BadConfig when something isn't there."""

    def children(self) -> Sequence[Child]:
        """What is read along with each record."""

    def where(self) -> str:
        """Which records, "" for all."""

    def add(self, row: Row, page: Page, span: Span, /) -> None:
        """Puts what a record says into a page. Raises SkipRecord, ValueError or KeyError when it can't be used."""


class Whole:
    """What most objects have in common."""

    key = gone = due = ""
    listed, bin, optional = True, True, False

    def children(self) -> Sequence[Child]:
        """Nothing else."""
        return ()

    def where(self) -> str:
        """All records."""
        return ""


class UserStream(Whole):
    """The org's own people, those who have left included."""

    name = entity = USER
    bin = False

    def select(self, *, held: bool = True) -> list[str]:  # noqa: ARG002 - users hold nothing of ours
        """Names."""
        return ["Name", "Email", "IsActive"]

    def add(self, row: Row, page: Page, _span: Span) -> None:
        """Puts a user into a page."""
        page.people.append(people.user(row))


class ContactStream(Whole):
    """The buyers' people who changed. A full read of the roles brings all of them along, so there is none of its own."""

    name = entity = CONTACT
    listed = False

    def select(self, *, held: bool = True) -> list[str]:  # noqa: ARG002
        """Names."""
        return ["Name", "Email"]

    def where(self) -> str:
        """Those with a part in a deal."""
        return f"Id IN ({soql(['ContactId'], CONTACT_ROLE)})"

    def add(self, row: Row, page: Page, _span: Span) -> None:
        """Puts a contact into a page."""
        page.people.append(people.contact(row.id, row.get("Name"), row.get("Email")))


class RoleStream(Whole):
    """Who of the buyer's people takes part in which deal, since when."""

    name = entity = CONTACT_ROLE

    def select(self, *, held: bool = True) -> list[str]:  # noqa: ARG002
        """The role, and the contact's name."""
        return ["OpportunityId", "ContactId", "Role", "Contact.Name", "Contact.Email"]

    def add(self, row: Row, page: Page, _span: Span) -> None:
        """Puts a role and its contact into a page."""
        people.add_role(row, page)


class DealStream(Whole):
    """Deals with their history, and the plan's steps that are date fields of the deal itself."""

    name, entity, gone = DEAL, DEAL, DEAL_SOURCE

    def __init__(self, org: Org, config: CrmConfig, settings: Settings) -> None:
        self.deals = Deals(org, config, settings)
        self.steps = [steps for steps in all_steps(org, config) if steps.on_deal]

    def select(self, *, held: bool = True) -> list[str]:
        """What is read of a deal."""
        return [*self.deals.select(held=held), *(part for steps in self.steps for part in steps.select())]

    def children(self) -> Sequence[Child]:
        """The deal's history, and that of its steps, which may be another."""
        kept = [self.deals.history(), *(steps.history for steps in self.steps)]
        return list({child.relationship: child for child in kept if child}.values())

    def add(self, row: Row, page: Page, span: Span) -> None:
        """Puts a deal and its steps into a page, or nothing of it."""
        whole = Page(page.stream, page.cursor)
        self.deals.add(row, whole)
        for steps in self.steps:
            steps.add(row, whole, began=span.began, since=span.since)
        for name in ("deals", "milestones", "facts", "held", "gone"):
            getattr(page, name).extend(getattr(whole, name))


class StepStream(Whole):
    """One source of plan steps."""

    def __init__(self, steps: Steps) -> None:
        self.steps, self.key = steps, steps.key
        self.entity = self.gone = steps.source.object
        self.name = f"{self.entity} where {steps.source.where}" if steps.source.where else self.entity

    def select(self, *, held: bool = True) -> list[str]:  # noqa: ARG002
        """What is read of a step."""
        return ["LastModifiedById", *self.steps.select()]

    def children(self) -> Sequence[Child]:
        """The steps' history, where it is kept."""
        return [self.steps.history] if self.steps.history else []

    def where(self) -> str:
        """By the config's own words; a task counts only on a deal."""
        return all_of([_built_in_only(self.entity), self.steps.source.where])

    def add(self, row: Row, page: Page, span: Span) -> None:
        """Puts a step into a page."""
        self.steps.add(row, page, began=span.began, since=span.since)


class ActivityStream(Whole):
    """Acts in an object of Salesforce's own, without those records that are steps of plans."""

    def __init__(self, activity: Activity, steps: Sequence[Steps]) -> None:
        self.activity = activity
        self.name = self.entity = activity.entity
        self.due, self.optional = activity.due, activity.optional
        self._not = [f"(NOT ({one.source.where}))" for one in steps]

    def select(self, *, held: bool = True) -> list[str]:  # noqa: ARG002
        """What is read of an act."""
        return [self.activity.deal, *self.activity.fields]

    def where(self) -> str:
        """Those that belong to a deal."""
        return all_of([_built_in_only(self.entity), *self._not])

    def add(self, row: Row, page: Page, span: Span) -> None:
        """Puts an act into a page."""
        page.facts += list(self.activity.facts(row, span.began))


class ActStream(Whole):
    """A buyer's acts in an object that the config names."""

    def __init__(self, source: EngagementSource, org: Org, *, index: int) -> None:
        self.source, self.org, self.key = source, org, f"engagement.{index}"
        self.name = self.entity = source.object

    def select(self, *, held: bool = True) -> list[str]:  # noqa: ARG002
        """The deal and the instant."""
        if not self.source.deal:
            what, where = "the field that names the deal is missing", self.org.client.config.where(self.key)
            raise BadConfig("E103", f"{self.key}: {what}", where=where, remedy='add deal = "Opportunity__c"')
        self.org.require(self.entity, [self.source.deal, self.source.at], key=self.key)
        return [self.source.deal, self.source.at]

    def add(self, row: Row, page: Page, _span: Span) -> None:
        """Puts an act into a page."""
        page.facts += list(act(self.source, row))


def _built_in_only(entity: str) -> str:
    """The condition that parts a deal's activities from those of accounts and others, "" for objects without that question."""
    return next((f"{one.what}.Type = {quoted(DEAL)}" for one in BUILT_IN if one.entity == entity), "")


def all_steps(org: Org, config: CrmConfig) -> list[Steps]:
    """The milestone sources."""
    return [Steps(source, org, config, index=index) for index, source in enumerate(config.milestones)]


def all_streams(org: Org, config: CrmConfig, settings: Settings) -> Iterator[Stream]:
    """Every object, in the order to store them."""
    yield UserStream()
    yield ContactStream()
    yield DealStream(org, config, settings)
    steps = [one for one in all_steps(org, config) if not one.on_deal]
    yield from (StepStream(one) for one in steps)
    yield RoleStream()
    for activity in BUILT_IN:
        mine = [one for one in steps if one.source.object == activity.entity]
        if all(one.source.where for one in mine):
            yield ActivityStream(activity, mine)
    for index, source in enumerate(config.engagement):
        yield ActStream(source, org, index=index)


def own_fields(stream: Stream, *, held: bool = True) -> list[str]:
    """What is read of a stream's records: ids and stamps, and its own fields."""
    return [*SYSTEM, *(["IsDeleted"] if stream.bin else []), *stream.select(held=held)]


def selected(stream: Stream, *, held: bool = True) -> list[str]:
    """What a query selects of a stream: its fields and its children."""
    return [*own_fields(stream, held=held), *map(str, stream.children())]


def below(stream: Stream) -> list[str]:
    """The relationships under which the children of a stream's records stand."""
    return [child.relationship for child in stream.children()]


def bad(source: str, row: Row, error: Exception) -> BadRecord:
    """A record set aside, with its reason."""
    reason = error.what if isinstance(error, SkipRecord) else f"it can't be read: {error}"
    if isinstance(error, KeyError):
        reason = f"Salesforce's answer lacks {error}"
    return BadRecord(source=source, crm_id=str(row.raw.get("Id") or ""), reason=reason)
