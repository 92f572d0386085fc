"""Pipelines, owners and the account's details."""

from collections.abc import Callable

from tests.sandbox.hubspot.conftest import ANN_OWNER, BOB_OWNER, DEAL_OPEN, DEALS, Local
from tests.sandbox.hubspot.world import hubspot_world


def test_stage_metadata_are_texts(local: Local) -> None:
    """Closed and won are told by the metadata, whose values are texts."""
    (pipeline,) = local.client().crm.pipelines.pipelines_api.get_all("deals").results
    assert {stage.id: stage.metadata for stage in pipeline.stages} == {
        "qualify": {"isClosed": "false", "probability": "0.1"},
        "propose": {"isClosed": "false", "probability": "0.5"},
        "closedwon": {"isClosed": "true", "probability": "1.0"},
        "closedlost": {"isClosed": "true", "probability": "0.0"},
    }


def test_further_pipelines_have_numbered_stages(serve: Callable[..., Local]) -> None:
    """A stage's id is unique in the account, and says nothing of its label."""
    world = hubspot_world()
    world.deals.pipeline[1] = world.words.index("Renewals")
    local = serve(world)
    second = local.get("/crm/pipelines/2026-09/deals")["results"][1]
    shown = local.get(f"{DEALS}/{local.ids[DEAL_OPEN]}")["properties"]
    assert (shown["pipeline"], shown["dealstage"]) == (second["id"], second["stages"][0]["id"])
    assert (second["label"], shown["dealstage"].isdigit()) == ("Renewals", True)


def test_owners_who_left_are_archived(local: Local) -> None:
    """They are listed apart, and keep the user id that old histories name."""
    api = local.client().crm.owners.owners_api
    ids = [[owner.id for owner in api.get_page(archived=archived).results] for archived in (False, True)]
    gone = local.get("/crm/v3/owners", archived="true")["results"][0]
    assert ids == [[ANN_OWNER], [BOB_OWNER]]
    assert (gone["userId"], gone["userIdIncludingInactive"]) == (None, 5_000_002)


def test_details_name_zone_and_currency(local: Local) -> None:
    """By both path families."""
    told = local.get("/account-info/2026-09/details")
    assert (told["portalId"], told["timeZone"], told["companyCurrency"]) == (4_400_001, "America/New_York", "EUR")
    assert told == local.get("/account-info/v3/details")
