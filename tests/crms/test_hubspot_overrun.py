"""A value that a person sets between our reading and our writing, which HubSpot can't keep us from going over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmsync.records import Answer, Result, Write
from tests.crms.twins import Twin, twin


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Twin]:
    """HubSpot's room over its twin."""
    with twin("hubspot", tmp_path) as served:
        yield served


def read_then_write(hub: Twin, deal: str, *, between: str = "", **options: bool) -> Answer:
    """Reads a deal's fields, lets a person set the probability, and writes ours."""
    crm = hub.connect(**options)
    crm.read_back([deal])
    hub.forward(1)
    if between:
        hub.edit("deals", deal, {"crmsync_probability": between})
        hub.forward(1)
    (answer,) = crm.push([Write(deal, {Result.PROBABILITY: "63.2", Result.RISK: "low"})])
    return answer


def test_push_names_a_value_that_it_went_over(hub: Twin) -> None:
    """The write is done, and the answer says which value is gone, of which field."""
    deal = min(crm_id for _, crm_id, _ in hub.local.ids())
    assert read_then_write(hub, deal, between="99") == Answer(deal, done=True, lost=((Result.PROBABILITY, "99.0"),))


def test_push_over_what_was_read_went_over_nothing(hub: Twin) -> None:
    """Neither a blank field nor a value that was read back counts as lost."""
    deal = min(crm_id for _, crm_id, _ in hub.local.ids())
    assert read_then_write(hub, deal) == Answer(deal, done=True)
    hub.edit("deals", deal, {"crmsync_probability": 40, "crmsync_risk": "high"})
    assert read_then_write(hub, deal) == Answer(deal, done=True)


def test_push_looks_again_only_where_it_is_told_to(hub: Twin) -> None:
    """`verify = false` saves the reading of the histories."""
    deal = min(crm_id for _, crm_id, _ in hub.local.ids())
    assert read_then_write(hub, deal, between="99", verify=False).lost == ()
