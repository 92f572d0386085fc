"""What an hourly pull costs: a call for each object, and one more for each block of what changed."""

from collections import Counter
from math import ceil
from pathlib import Path

import pytest

from tests.crms.twins import Twin, twin

DEALS, HOUR_S = 250, 3_600.0
OBJECTS, LINKS = "/crm/objects/2026-09", "/crm/associations/2026-09"
BLOCK, CONTACTS = 50, 100  # records that HubSpot gives in one call with their history, and without
MOST_CONTACTS = 3  # of a deal, on average
FOUND = 200  # ids that one search finds


def asked(room: Twin) -> Counter[str]:
    """The calls of one pull, by their paths."""
    before = room.served.server.requests
    room.pull()
    made = room.served.server.requests - before
    return Counter(entry.path for entry in room.served.server.journal[-made:])


def changed(room: Twin, count: int) -> None:
    """An hour in which people change so many deals."""
    room.forward(HOUR_S)
    for number, crm_id in enumerate(list(room.ids())[:count]):
        room.edit(room.names.deals, crm_id, {room.names.amount: 4_000 + number})
    room.forward(HOUR_S)


@pytest.mark.parametrize("count", [0, 120])
def test_hourly_pull_of_salesforce_costs_a_call_an_object(tmp_path: Path, count: int) -> None:
    """What changed comes with the question."""
    with twin("salesforce", tmp_path, deals=DEALS) as room:
        room.pull()
        changed(room, count)
        assert asked(room).total() == len(room.crm.streams())


@pytest.mark.parametrize("count", [1, 120, 230])
def test_hourly_pull_of_hubspot_costs_a_call_an_object_and_one_a_block(tmp_path: Path, count: int) -> None:
    """Of what changed: a call for each fifty deals, for each 200 one for their companies and one for their contacts, and one for
    each hundred contacts; beyond 200 deals the searches by id, and a count.
    """
    with twin("hubspot", tmp_path, deals=DEALS) as room:
        room.pull()
        changed(room, count)
        found = asked(room)
    pages, contacts = ceil(count / FOUND), found.pop(f"{OBJECTS}/contacts/batch/read", 0)
    searches = 1 if count < FOUND else 2 + pages
    expected = {f"{OBJECTS}/deals/batch/read": ceil(count / BLOCK), f"{OBJECTS}/deals/search": searches}
    expected |= {f"{LINKS}/deals/{to}/batch/read": pages for to in ("companies", "contacts")}
    assert {path: found[path] for path in expected} == expected
    assert found.total() - sum(expected.values()) == len(room.crm.streams()) - 1
    assert contacts <= pages + ceil(count * MOST_CONTACTS / CONTACTS)
