"""pull -> train -> score -> stage -> push over both CRMs, on each database."""

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path

import pytest
from simple_salesforce import format_soql

from crmsync.clock import parse_instant
from crmsync.config import StoreConfig
from crmsync.errors import Stopped
from crmsync.pipeline import Pipeline
from crmsync.store import dump, runs
from crmsync.store.engine import open_store
from tests.postgres import database
from tests.story.tale import NOW, SQLITE, Tale, hubspot, salesforce, tale

STAGES = 7  # read whole each time
WRITTEN = ("probability", "expected_amount", "deciding_step", "scored_at", "run_id")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgresql_address: str,
    new_name: Callable[[], str],
) -> Iterator[Tale]:
    """The story, told once on each database."""
    kept = nullcontext(SQLITE) if request.param == "sqlite" else database(postgresql_address, new_name())
    with kept as url, tale(tmp_path_factory.mktemp("flow"), url=url) as it:
        it.pipeline.pull()
        it.pipeline.train("close")
        it.plan()
        it.pipeline.push()
        yield it


def in_hubspot(told: Tale) -> dict[str, dict[str, str]]:
    """Properties of the deals that HubSpot's own client sees, by id."""
    names = ["amount", *(f"crmsync_{name}" for name in WRITTEN)]
    deals = hubspot(told.local).crm.deals.get_all(properties=names)
    return {deal.id: {name.removeprefix("crmsync_"): deal.properties[name] for name in names} for deal in deals}


def in_salesforce(told: Tale) -> dict[str, dict[str, str]]:
    """Fields of the opportunities that simple_salesforce sees, by id."""
    names = {"Amount": "amount", **{f"Crmsync_{name.title()}__c": name for name in WRITTEN}}
    rows = salesforce(told.local).query_all_iter(
        format_soql("SELECT Id, {:literal} FROM Opportunity", ", ".join(names))
    )
    return {row["Id"]: {short: row[name] for name, short in names.items()} for row in rows}


def shown(told: Tale, crm: str) -> dict[str, dict[str, str]]:
    """What the CRM's own client sees of the deals that have a score there."""
    deals = in_salesforce(told) if crm == "main" else in_hubspot(told)
    return {crm_id: deal for crm_id, deal in deals.items() if deal["probability"] is not None}


def test_each_step_stands_in_the_ledger_as_done(told: Tale) -> None:
    """Pull, stage and push once for each CRM, train and score once for the model."""
    ran = told.statuses()[:10]
    steps = ["pull", "pull", "train", "pull", "pull", "score", "stage", "stage", "push", "push"]
    assert [step for step, _, _ in ran] == steps
    assert {status for _, _, status in ran} == {"done"}


@pytest.mark.parametrize("crm", ["main", "hub"])
def test_fields_hold_the_scores(told: Tale, crm: str) -> None:
    """Every open deal shows its probability in the CRM, and no other deal does."""
    scores = {crm_id: f"{100 * row['probability']:.1f}" for crm_id, row in told.scores(crm).items()}
    assert {crm_id: f"{float(deal['probability']):.1f}" for crm_id, deal in shown(told, crm).items()} == scores
    assert len(scores) > 5


@pytest.mark.parametrize("crm", ["main", "hub"])
def test_expected_amount_is_amount_times_probability(told: Tale, crm: str) -> None:
    """In the deal's own currency, so that a CRM report can sum it."""
    scores = told.scores(crm)
    for crm_id, deal in shown(told, crm).items():
        whole = Decimal(str(deal["amount"])) * Decimal(scores[crm_id]["probability"])
        assert abs(Decimal(str(deal["expected_amount"])) - whole) <= Decimal("0.5")


@pytest.mark.parametrize("crm", ["main", "hub"])
def test_scores_tell_of_promises(told: Tale, crm: str) -> None:
    """A deal with open promises shows in its CRM which one decides; chances of periods stay within the probability."""
    scores = told.scores(crm)
    decides = {crm_id: row["deciding_step"] for crm_id, row in scores.items() if json.loads(row["promises"])}
    assert {crm_id: shown(told, crm)[crm_id]["deciding_step"] for crm_id in decides} == decides != {}
    assert all(row["won_in_period"] + row["won_next_period"] <= row["probability"] + 1e-12 for row in scores.values())


@pytest.mark.parametrize("crm", ["main", "hub"])
def test_values_can_be_traced_to_their_run(told: Tale, crm: str) -> None:
    """Each scored deal names the run and the instant."""
    marks = {(str(deal["run_id"]), parse_instant(deal["scored_at"])) for deal in shown(told, crm).values()}
    first = next(row.run_id for row in runs.after(told.store, 0) if row.step == "score")
    assert marks == {(str(first), NOW)}


def test_second_round_plans_nothing(told: Tale) -> None:
    """With the CRMs' clock stopped a pull brings the look-back only, which our own writes lie in, and no value differs."""
    counts = told.plan()
    newest = {row.target: row.counts for row in runs.newest(told.store) if row.step == "pull"}
    assert [each["planned"] for each in counts] == [0, 0]
    assert {crm: row["facts"] for crm, row in newest.items()} == {"main": 0, "hub": 0}
    assert newest["main"]["read"] == len(told.scores("main")) + STAGES


def test_the_same_world_gives_the_same_dump_on_both_databases(tmp_path: Path, postgresql_url: str) -> None:
    """Row numbers, types and the order of texts are the database's own; what was pulled is not."""
    with tale(tmp_path) as it:
        it.pipeline.pull()
        other = open_store(StoreConfig(url=postgresql_url))
        Pipeline(it.config, other).pull()
        assert dump.digest(other) == dump.digest(it.store)
        other.close()


def test_training_of_the_past_leaves_the_present_as_it_is(told: Tale) -> None:
    """An as-of day before the first deal is refused, in a row of its own that says which day was asked for."""
    before = runs.newest(told.store)
    with pytest.raises(Stopped, match="E40"):
        told.pipeline.train("close", as_of=parse_instant("2020-01-31"))
    (row,) = runs.after(told.store, before[-1].run_id)
    assert (row.target, row.status) == ("close as of 2020-01-31T00:00:00Z", "early")
    assert runs.newest(told.store) == before
