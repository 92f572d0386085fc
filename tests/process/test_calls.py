"""What an hourly pull costs: a call for each object, and one more for each block of what changed."""

from collections import Counter
from math import ceil
from pathlib import Path

import pytest

from tests.crms.twins import TWINS, Twin, twin

DEALS, HOUR_S = 330, 3_600.0
BLOCK = 50  # records that HubSpot gives with their history in one call
READ = "/crm/objects/2026-09/deals/batch/read"
TWICE = {
    "salesforce": 0,
    "hubspot": 5,
}  # streams that take a second call: lists with retired entries, objects with an archive
CALLS_A_BLOCK = {"salesforce": 0, "hubspot": 5}  # deals, links to companies and to contacts, and twice as many contacts


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


@pytest.mark.parametrize("count", [0, 1, 120])
@pytest.mark.parametrize("kind", TWINS)
def test_hourly_pull_costs_a_call_an_object_and_one_a_block(tmp_path: Path, kind: str, count: int) -> None:
    """Salesforce gives what changed with the question; HubSpot takes calls for each fifty deals: the deals, their links to
    companies and to contacts, and the contacts; and one more for each object that has an archive.
    """
    with twin(kind, tmp_path, deals=DEALS) as room:
        room.pull()
        changed(room, 0)
        quiet = asked(room)
        changed(room, count)
        found = asked(room)
    more, blocks = found - quiet, ceil(count / BLOCK)
    assert quiet.total() == len(room.crm.streams()) + TWICE[kind]
    assert more[READ] == (blocks if kind == "hubspot" else 0)
    assert more.total() <= CALLS_A_BLOCK[kind] * blocks
