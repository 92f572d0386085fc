"""What the museum's tests look at: amounts, links and counts in the store, and worlds of many deals."""

import json
from typing import Any

import numpy as np

from crmsync.records import DEAL_SOURCE, Kind
from crmsync.sandbox.columns import HUBSPOT, SALESFORCE, World
from crmsync.store import dump, listing
from crmsync.store.engine import Store
from tests.crms.twins import Twin
from tests.sandbox.salesforce.world import many_deals

CODES = {"salesforce": SALESFORCE, "hubspot": HUBSPOT}
MINUTE_S = 60.0
HOUR_S = 3_600.0


def many(kind: str, count: int) -> World:
    """That many open deals in one CRM, all made in one second."""
    world = many_deals(count)
    world.deals.crm = np.full(count, CODES[kind], dtype=np.int8)
    return world


def rows(store: Store, table: str) -> list[dict[str, Any]]:
    """The rows of a table as the canonical dump tells them."""
    return [row for row in map(json.loads, dump.lines(store)) if row["table"] == table]


def amounts(store: Store) -> dict[str, int]:
    """The amount of each deal in minor units."""
    return {row["crm_id"]: row["amount_minor"] for row in rows(store, "deal")}


def contacts(store: Store) -> set[tuple[str, str]]:
    """Which contact takes part in which deal."""
    return {(row["deal"], row["source_id"]) for row in rows(store, "fact") if row["kind"] == Kind.CONTACT}


def count(store: Store, room: Twin) -> int:
    """How many deals the store takes for live."""
    return len(listing.live(store, room.crm.name, DEAL_SOURCE))


def open_deals(store: Store, room: Twin) -> list[str]:
    """The ids of the open deals."""
    return listing.of_open_deals(store, room.crm.name, DEAL_SOURCE)
