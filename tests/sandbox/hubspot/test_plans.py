"""Milestones and room visits: custom objects of a plan tool."""

from collections.abc import Callable

import pytest

from crmsync.sandbox.columns import NOBODY
from tests.sandbox.hubspot.conftest import Local
from tests.sandbox.hubspot.world import hubspot_world

STEP = "710000000001"


@pytest.mark.parametrize("name", ["milestone", "2-7100001", "p4400001_milestone"])
def test_custom_object_goes_by_each_of_its_names(local: Local, name: str) -> None:
    """Name, type id, fully qualified name."""
    assert [row["id"] for row in local.get(f"/crm/objects/2026-09/{name}")["results"]] == [STEP]


def test_moved_promise_stands_in_the_history(local: Local) -> None:
    """The day that was promised first is kept, with when it moved."""
    assert local.versions("milestone", STEP, "due_on") == [
        ("2026-03-20T09:00:00Z", "2026-05-01"),
        ("2026-03-03T09:00:00Z", "2026-04-01"),
    ]


def test_buyers_tick_names_no_user(local: Local) -> None:
    """The buyer is no user of the portal: the plan tool wrote it."""
    shown = local.get(f"/crm/v3/objects/milestone/{STEP}", propertiesWithHistory="completed_at")
    (version,) = shown["propertiesWithHistory"]["completed_at"]
    assert (version["value"], version["sourceType"], "updatedByUserId" in version) == (
        "2026-04-20T16:00:00Z",
        "INTEGRATION",
        False,
    )


def test_step_of_nobody_names_no_side(serve: Callable[..., Local]) -> None:
    """Whose step it is stays blank where the world doesn't know."""
    world = hubspot_world()
    world.facts.side[:] = NOBODY
    shown = serve(world).get(f"/crm/v3/objects/milestone/{STEP}", properties="side")
    assert shown["properties"]["side"] is None


def test_removed_step_is_archived(local: Local) -> None:
    """It left the plan on 1 June."""
    (gone,) = local.get("/crm/v3/objects/milestone", archived="true")["results"]
    assert gone["archivedAt"] == "2026-06-01T10:00:00Z"


def test_visit_says_when_and_who(local: Local) -> None:
    """A view by one of the buyer's people."""
    (row,) = local.get("/crm/v3/objects/room_visit", properties="visited_at,kind,visitor")["results"]
    shown = [row["properties"][name] for name in ("visited_at", "kind", "visitor")]
    assert shown == ["2026-05-03T10:00:00Z", "view", "eve@buyer.example"]


def test_schemas_list_the_custom_objects(local: Local) -> None:
    """With the names and type ids that paths take."""
    told = local.client().crm.schemas.core_api.get_all(archived=False)
    assert [(each.name, each.object_type_id) for each in told.results] == [
        ("milestone", "2-7100001"),
        ("room_visit", "2-7100002"),
    ]
