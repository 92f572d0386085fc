"""One world, shown by each local CRM in its own way, becomes the same records, but for what a CRM doesn't keep (docs/crms.md)."""

from collections import Counter
from dataclasses import dataclass

import pytest

from crmsync.clock import MICROS_PER_SECOND
from crmsync.records import DealRecord, FactRecord, Kind, Page, Phase
from tests.crms.twins import Names, twin

Told = tuple[object, ...]

SAME = (Kind.CREATED, Kind.STAGE, Kind.OUTCOME, Kind.AMOUNT, Kind.MEETING, Kind.EMAIL, Kind.VIEW, Kind.WORK)
WHOLE = ("phase", "at", "known_at", "name", "value", "side")
TASKS = {"Milestone__c": "Task", "milestone": "tasks"}  # the other source of steps, which has a history in HubSpot only


@dataclass(frozen=True, slots=True)
class Read:
    """What a room told of the world. `deals`: the world's own number of each deal, by its id in the CRM."""

    names: Names
    page: Page
    deals: dict[str, int]

    def told(self, kind: Kind, *names: str, **only: object) -> Counter[Told]:
        """How often each fact of a kind is told, by the deal and those parts of it; ids and sources are the CRM's own."""
        facts = (fact for fact in self.page.facts if fact["kind"] == kind)
        return Counter(
            (self.deals[fact["deal"]], *(_part(fact, name) for name in names))
            for fact in facts
            if all(fact[name] == value for name, value in only.items())
        )

    def steps(self) -> Counter[Told]:
        """Each step of a plan as it stands."""
        names = ("name", "side", "due_on", "done_at")
        return Counter((self.deals[row["deal"]], *(row[name] for name in names)) for row in self.page.milestones)


def _part(fact: FactRecord, name: str) -> object:
    if name in ("at", "known_at"):
        return fact[name] // MICROS_PER_SECOND  # Salesforce's stamps have no fraction
    if name == "name" and fact["kind"] == Kind.STAGE:
        return fact["name"].replace(" ", "").lower()  # HubSpot's ids of the same stages
    return fact[name]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[Read, Read]:
    """Salesforce's and HubSpot's telling of one world."""
    found = []
    for kind in ("salesforce", "hubspot"):
        with twin(kind, tmp_path_factory.mktemp(kind), deals=150) as room:
            found.append(Read(room.names, room.pull(), {crm_id: row for _, crm_id, row in room.local.ids()}))
    return found[0], found[1]


def test_both_tell_the_same_deals(read: tuple[Read, Read]) -> None:
    """Name, money, segment, outcome and instants, to the second; the close date of those that are open."""
    salesforce, hubspot = ({one.deals[deal["crm_id"]]: _shown(deal) for deal in one.page.deals} for one in read)
    assert salesforce == hubspot


def _shown(deal: DealRecord) -> Told:
    closed_at, close_on = (deal["closed_at"], None) if deal["closed_at"] else (0, deal["close_on"])
    instants = (deal["created_at"] // MICROS_PER_SECOND, (closed_at or 0) // MICROS_PER_SECOND)
    return (deal["name"], deal["amount_minor"], deal["currency"], deal["segment"], deal["won"], close_on, *instants)


@pytest.mark.parametrize("kind", SAME, ids=lambda kind: kind.name.lower())
def test_both_tell_the_same_facts(read: tuple[Read, Read], kind: Kind) -> None:
    """At the same second, with the same name, value and side, known since the same second."""
    salesforce, hubspot = (one.told(kind, *WHOLE) for one in read)
    assert salesforce == hubspot
    assert len(salesforce) > 0


def test_both_tell_the_same_of_plans_with_a_history(read: tuple[Read, Read]) -> None:
    """Promises, moves, ends and re-openings of steps that are a custom object."""
    salesforce, hubspot = (one.told(Kind.MILESTONE, *WHOLE, source=one.names.steps) for one in read)
    assert salesforce == hubspot
    assert {phase for _, phase, *_ in salesforce} == {Phase.PLANNED, Phase.DONE, Phase.REOPENED}


def test_plans_stand_the_same_today(read: tuple[Read, Read]) -> None:
    """Tasks included: the last promise and the end of each step."""
    salesforce, hubspot = (one.steps() for one in read)
    assert salesforce == hubspot


def test_tasks_have_a_past_in_hubspot_only(read: tuple[Read, Read]) -> None:
    """Salesforce keeps no history of a task: a step is told without a day, and by its present day since the pull."""
    salesforce, hubspot = (
        one.told(Kind.MILESTONE, "name", source=TASKS[one.names.steps], phase=Phase.PLANNED) for one in read
    )
    assert set(salesforce) == set(hubspot)
    assert set(salesforce.values()) == {2} != set(hubspot.values())


def test_calls_are_closed_tasks_in_salesforce(read: tuple[Read, Read]) -> None:
    """At the same instants; who rang whom is HubSpot's alone."""
    salesforce, hubspot = read
    done = salesforce.told(Kind.CALL, "at", "known_at", phase=Phase.DONE)
    assert done == hubspot.told(Kind.CALL, "at", "known_at", phase=Phase.HAPPENED)


def test_close_dates_differ_at_closings_only(read: tuple[Read, Read]) -> None:
    """HubSpot sets the close date at every closing, Salesforce only where a deal is won before it."""
    salesforce, hubspot = (one.told(Kind.CLOSE_ON, "at", "value") for one in read)
    closings = set(read[1].told(Kind.OUTCOME, "at"))
    assert salesforce - hubspot == Counter()
    assert {(deal, at) for deal, at, _ in hubspot - salesforce} <= closings


def test_later_owners_are_told_by_hubspot_only(read: tuple[Read, Read]) -> None:
    """Salesforce keeps no history of the owner: the present one counts since the creation."""
    salesforce, hubspot = (one.told(Kind.OWNER, "at") for one in read)
    assert salesforce == read[0].told(Kind.CREATED, "at")
    assert salesforce < hubspot


def test_contacts_have_the_same_roles(read: tuple[Read, Read]) -> None:
    """HubSpot doesn't tell since when: there a contact counts as joined as soon as it can have been."""
    salesforce, hubspot = (one.told(Kind.CONTACT, "name") for one in read)
    first, second = (sorted(one.told(Kind.CONTACT, "name", "at")) for one in read)
    assert salesforce == hubspot
    assert all(theirs <= ours for ours, theirs in zip(first, second, strict=True))
