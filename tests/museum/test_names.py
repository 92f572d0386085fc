"""Fields whose names are words of the query language, beside labels in any script."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crmsync import crm as crms
from crmsync.crm import Crm
from crmsync.records import Result, Write
from crmsync.sandbox.hostile_fields import HUBSPOT_NAMES, SALESFORCE_NAMES, add_odd_fields
from crmsync.store import dump
from tests.crms.stores import opened, pull_into
from tests.crms.twins import TWINS, Twin, twin
from tests.museum.test_changes import schema

NAMES = {"salesforce": SALESFORCE_NAMES, "hubspot": HUBSPOT_NAMES}
RESULTS = (Result.RISK, Result.CATEGORY, Result.KIND, Result.MILESTONES, Result.NEXT_STEP)
WIDE = 800  # fields of an object in an old account
TEXT = 'O\'Neil \\ "x" {0} %s'


@pytest.fixture(params=TWINS)
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Twin, Crm]]:
    """A local CRM with such fields, and a room that reads its segment from one and writes results to others."""
    with twin(request.param, tmp_path) as served:
        add_odd_fields(served.local)
        segment, *targets = NAMES[request.param]
        config = served.config.model_copy(
            update={
                "fields": dict(zip(RESULTS, targets, strict=False)),
                "options": {**served.config.options, "segment": segment},
            }
        )
        yield served, crms.connect(config)


def test_fields_of_odd_names_are_read_and_written(odd: tuple[Twin, Crm]) -> None:
    """What stands in them is pulled, what is pushed stands there, and nothing else of the deal moves."""
    room, crm = odd
    deal = next(iter(room.ids()))
    room.edit(room.names.deals, deal, {NAMES[room.kind][0]: TEXT})
    (answer,) = crm.push([Write(deal, dict.fromkeys(RESULTS, TEXT), ())])
    shown = crm.read_back([deal])[deal]
    stream = next(name for name in crm.streams() if name in ("Opportunity", "deals"))
    (record,) = [each for page in crm.pull(stream, since=None) for each in page.deals if each["crm_id"] == deal]
    assert (answer.done, shown, record["segment"]) == (True, dict.fromkeys(RESULTS, TEXT), TEXT)


def test_fields_of_odd_names_pass_the_check(odd: tuple[Twin, Crm]) -> None:
    """They are there, writable and of the right type, whatever they are called."""
    _, crm = odd
    assert [state.problem for state in crm.fields() if state.problem] == []


def test_fields_that_nobody_named_change_nothing(live: Twin, tmp_path: Path) -> None:
    """Hundreds of further fields on the deals cost no call, and nothing of them is stored."""
    found = []
    for name in ("before", "after"):
        with opened(tmp_path, name) as store:
            crm = live.connect()
            pull_into(store, crm)
            found.append((dump.digest(store), crm.calls))
        fields, like = schema(live), live.names.amount
        fields.update({f"wide_{number}": replace(fields[like], name=f"wide_{number}") for number in range(WIDE)})
    assert found[0] == found[1]
