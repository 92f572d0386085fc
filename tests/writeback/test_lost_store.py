"""A new, empty store over CRMs that already show our values."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from crmsync.config import StoreConfig
from crmsync.pipeline import Pipeline
from crmsync.records import Result
from crmsync.sandbox.local import HUBSPOT, NAMES, SALESFORCE
from crmsync.steps.stage import BY_CRM
from crmsync.store import outbox
from crmsync.store.engine import open_store
from crmsync.store.outbox import Planned
from tests.story.tale import PROBABILITY, TWO_WEEKS_S, Tale, tale

OBJECTS = {SALESFORCE: "Opportunity", HUBSPOT: "deals"}
HUBSPOT_USER = "5000001"


@dataclass
class Anew:
    """A story that lost its store. `edited`: the deals whose probability a person has set, by CRM."""

    tale: Tale
    edited: dict[str, str]
    planned: list[dict[str, int]]


def someone(it: Tale, crm: str) -> str:
    """A user who isn't ours."""
    app = it.local.salesforce
    assert app is not None
    return HUBSPOT_USER if crm == HUBSPOT else next(u for u in map(app.org.past.user_id, range(2, 9)) if u != app.user)


def spoils(plan: list[Planned], deal: str) -> bool:
    """Whether a plan goes over a deal's probability."""
    return any((row.crm_id, row.result) == (deal, Result.PROBABILITY) for row in plan)


@pytest.fixture(scope="module")
def anew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anew]:
    """The first push; a person's edit in each CRM; the store is lost, and everything is pulled and learnt anew."""
    folder = tmp_path_factory.mktemp("lost")
    with tale(folder) as it:
        it.pipeline.pull()
        it.pipeline.train("close")
        it.plan()
        it.pipeline.push()
        it.forward(60)
        edited = {crm: min(it.scores(NAMES[crm])) for crm in OBJECTS}
        for crm, deal in edited.items():
            told = {"object": OBJECTS[crm], "id": deal, "values": {PROBABILITY[crm]: 99}, "who": someone(it, crm)}
            it.ask("POST", f"/edit/{crm}", told)
        it.store.close()
        it.store = open_store(StoreConfig(url=f"sqlite:///{folder}/new.db"))
        it.pipeline = Pipeline(it.config, it.store, clock=it.local.clock.now)
        it.pipeline.pull()
        it.pipeline.train("close")
        yield Anew(it, edited, it.plan())


def test_stage_knows_our_values_without_a_ledger(anew: Anew) -> None:
    """Nothing of ours is taken for a person's, and since nothing has moved nothing is written."""
    main, hub = anew.planned
    assert (main["planned"], hub["planned"], hub["edited"]) == (0, 0, 1)


def test_stage_spares_a_persons_value_without_a_ledger(anew: Anew) -> None:
    """On Salesforce the whole record counts as the person's who changed it last."""
    shown = {name: outbox.overrides(anew.tale.store, name) for name in NAMES.values()}
    assert [(row[0], row[1]) for row in shown["hub"]] == [(anew.edited[HUBSPOT], "probability")]
    assert {row[0] for row in shown["main"]} == {anew.edited[SALESFORCE]}


def test_stage_renews_our_values_without_a_ledger(anew: Anew) -> None:
    """Two weeks later they are planned again, each with the reason that only the CRM calls it ours."""
    anew.tale.forward(TWO_WEEKS_S)
    anew.tale.plan()
    plans = {name: outbox.newest_plan(anew.tale.store, name) for name in NAMES.values()}
    assert all(BY_CRM in {row.reason for row in plan} for plan in plans.values())
    assert not any(spoils(plans[NAMES[crm]], deal) for crm, deal in anew.edited.items())


def test_stage_spares_a_persons_value_after_writes_beside_it(anew: Anew) -> None:
    """Salesforce stamps a write to another field of the deal as a change of the whole: the person's value stays theirs."""
    for _ in range(2):
        anew.tale.forward(TWO_WEEKS_S)
        anew.tale.plan()
        anew.tale.pipeline.push()
    anew.tale.forward(TWO_WEEKS_S)
    anew.tale.plan()
    plan = outbox.newest_plan(anew.tale.store, NAMES[SALESFORCE])
    shown = anew.tale.pipeline.connect(NAMES[SALESFORCE]).read_back([anew.edited[SALESFORCE]])
    assert (spoils(plan, anew.edited[SALESFORCE]), len(plan) > 0) == (False, True)
    assert shown[anew.edited[SALESFORCE]][Result.PROBABILITY] == "99.0"
