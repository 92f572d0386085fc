"""The object types that a pull reads: which properties of each, and what their rows become."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from crmsync import strict
from crmsync.config import CrmConfig
from crmsync.crms.hubspot import engagement
from crmsync.crms.hubspot.batches import Link, associated, linked_ids
from crmsync.crms.hubspot.deals import DATED, Deals, created_at
from crmsync.crms.hubspot.milestones import Steps
from crmsync.crms.hubspot.people import NAMES, add_changed, add_contacts
from crmsync.crms.hubspot.portal import CALLS, COMPANIES, CONTACTS, DEALS, EMAILS, MEETINGS, TASKS, Portal
from crmsync.crms.hubspot.settings import Settings
from crmsync.crms.hubspot.stream import Span, Stream
from crmsync.crms.hubspot.values import Row
from crmsync.errors import SkipRecord
from crmsync.records import DEAL_SOURCE, BadRecord, FactRecord, Page

MODIFIED = "hs_lastmodifieddate"


class DealStream:
    """Deals, with their company, their contacts, and the plan's steps that are date properties of the deal itself."""

    name, listed, gone, modified, linked, due = DEALS, True, DEAL_SOURCE, MODIFIED, "", ""

    def __init__(self, portal: Portal, config: CrmConfig, settings: Settings) -> None:
        self.portal = portal
        self.deals = Deals(portal, config, settings)
        self.steps = steps_on(DEALS, portal, config)

    def kind(self) -> str:
        """Deals have a name of their own."""
        self.deals.check_properties()
        for steps in self.steps:
            steps.check_properties(DEALS)
        return DEALS

    def properties(self) -> Sequence[str]:
        """What is read of a deal."""
        return _once(self.deals.properties(), *(steps.properties() for steps in self.steps))

    def histories(self) -> Sequence[str]:
        """What is read with its history."""
        return _once(self.deals.histories(), *(steps.histories() for steps in self.steps))

    def needed(self) -> Sequence[str]:
        """What the config names of a deal, and what a deal is nothing without."""
        own = [self.deals.segment] if self.deals.segment else []
        return _once(DATED, own, self.deals.targets.values(), *(steps.properties() for steps in self.steps))

    def counts(self, _row: Row) -> bool:
        """Every deal is listed by its id."""
        return True

    def add(self, rows: list[Row], page: Page, _span: Span) -> None:
        """Puts deals into a page; one that can't be used is set aside."""
        client = self.portal.client
        companies = associated(client, DEALS, COMPANIES, [row.id for row in rows])
        good = []
        for row in rows:
            with_steps = Page(page.stream, page.cursor)
            try:
                strict.refuse_doubt(row.raw)
                self.deals.add(row, with_steps, account=_company(companies.get(row.id, ())))
                for steps in self.steps:
                    if steps.counts(row):
                        steps.add(row, with_steps, deal=row.id, kind=DEALS)
                good.append((row.id, created_at(row)))
            except (SkipRecord, ValueError, KeyError) as error:
                page.bad.append(bad(DEAL_SOURCE, row, error))
                continue
            _merge(page, with_steps)
        add_contacts(client, good, page)


class ContactStream:
    """Contacts that changed. A full read of the deals brings all their contacts along, so there is none of its own."""

    name, listed, gone, modified, linked, due = CONTACTS, False, "", "lastmodifieddate", "", ""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def kind(self) -> str:
        """Contacts have a name of their own."""
        return CONTACTS

    def properties(self) -> Sequence[str]:
        """What is read of a contact."""
        return NAMES

    def histories(self) -> Sequence[str]:
        """Nothing is read with its history."""
        return ()

    def needed(self) -> Sequence[str]:
        """The config names nothing of a contact."""
        return ()

    def add(self, rows: list[Row], page: Page, span: Span) -> None:
        """Puts contacts of deals into a page."""
        add_changed(self.portal.client, rows, page, known_deals_until=span.since)


class ActivityStream:
    """An object whose records belong to deals: steps of plans, acts of people, or both, as with tasks."""

    listed, modified, linked = True, MODIFIED, DEALS

    def __init__(self, name: str, portal: Portal, config: CrmConfig) -> None:
        self.name, self.portal = name, portal
        self.steps = steps_on(name, portal, config)
        self.gone = name if self.steps else ""
        self.due = engagement.MEETING_START if name == MEETINGS else ""
        self.sources = [(n, source) for n, source in enumerate(config.engagement) if source.object == name]
        self.key = self.steps[0].key if self.steps else f"engagement.{self.sources[0][0]}" if self.sources else ""
        self.acts: list[Callable[[Row, engagement.Seen], Iterator[FactRecord]]]
        self.acts = [engagement.BUILT_IN[name]] if name in engagement.BUILT_IN else []
        self.acts += (partial(engagement.act, source) for _, source in self.sources)

    def kind(self) -> str:
        """The object's type, its configured properties checked."""
        kind = self.portal.object_type(self.name, key=self.key)
        for steps in self.steps:
            steps.check_properties(kind)
        for number, source in self.sources:
            self.portal.require(kind, [source.at], key=f"engagement.{number}.at")
        return kind

    def properties(self) -> Sequence[str]:
        """What is read of a record."""
        acts, _ = engagement.PROPERTIES.get(self.name, ((engagement.OWNER, engagement.MADE), ()))
        mine = [source.at for _, source in self.sources]
        return _once(acts, mine, *(steps.properties() for steps in self.steps))

    def histories(self) -> Sequence[str]:
        """What is read with its history."""
        _, acts = engagement.PROPERTIES.get(self.name, ((), ()))
        return _once(acts, *(steps.histories() for steps in self.steps))

    def needed(self) -> Sequence[str]:
        """What the config names of a record."""
        return _once([source.at for _, source in self.sources], *(steps.properties() for steps in self.steps))

    def counts(self, row: Row) -> bool:
        """Whether a record is a step of a plan, which is listed by its id."""
        return any(steps.counts(row) for steps in self.steps)

    def add(self, rows: list[Row], page: Page, span: Span) -> None:
        """Puts steps and acts into a page. An act that belongs to no deal is none of ours; such a step is set aside."""
        kind = self.kind()
        deals = linked_ids(self.portal.client, kind, DEALS, rows)
        for row in rows:
            try:
                strict.refuse_doubt(row.raw)
                self._add(row, page, deals=deals.get(row.id, []), kind=kind, span=span)
            except (SkipRecord, ValueError, KeyError) as error:
                page.bad.append(bad(self.name, row, error))

    def _add(self, row: Row, page: Page, *, deals: list[str], kind: str, span: Span) -> None:
        step = next((steps for steps in self.steps if steps.counts(row)), None)
        if step is None:
            acts = [told for act in self.acts for deal in deals for told in act(row, engagement.Seen(deal, span.began))]
            page.facts += acts
        elif deals:
            step.add(row, page, deal=deals[0], kind=kind)
        else:
            raise SkipRecord("E206", "it is a step of a plan, but belongs to no deal")


def steps_on(name: str, portal: Portal, config: CrmConfig) -> list[Steps]:
    """The milestone sources whose object this is."""
    return [
        Steps(source, portal, config, index=index)
        for index, source in enumerate(config.milestones)
        if source.object == name
    ]


def activity_names(config: CrmConfig) -> list[str]:
    """The objects that belong to deals, each once: configured plans first, then HubSpot's own activities, then configured acts."""
    plans = [source.object for source in config.milestones if source.object not in (DEALS, TASKS)]
    return _once(plans, (TASKS, CALLS, MEETINGS, EMAILS), (source.object for source in config.engagement))


def bad(source: str, row: Row, error: Exception) -> BadRecord:
    """A record set aside, with its reason."""
    reason = error.what if isinstance(error, SkipRecord) else f"it can't be read: {error}"
    if isinstance(error, KeyError):
        reason = f"HubSpot's answer lacks {error}"
    return BadRecord(source=source, crm_id=row.id, reason=reason)


def _company(links: Iterable[Link]) -> str:
    """The primary company, else the first by id."""
    ranked = sorted(links, key=lambda link: (not link.primary, link.id))
    return ranked[0].id if ranked else ""


def _merge(page: Page, more: Page) -> None:
    for name in ("deals", "milestones", "facts", "held", "gone"):
        getattr(page, name).extend(getattr(more, name))


def _once(*lists: Iterable[str]) -> list[str]:
    """All of them, each once, in order."""
    return list(dict.fromkeys(name for names in lists for name in names))


def all_streams(portal: Portal, config: CrmConfig, settings: Settings) -> Iterator[Stream]:
    """Every object type, in the order to store them."""
    yield ContactStream(portal)
    yield DealStream(portal, config, settings)
    for name in activity_names(config):
        yield ActivityStream(name, portal, config)
