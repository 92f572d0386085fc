"""The small world as HubSpot shows it: its four deals change sides, so that a test knows their every fact."""

import numpy as np

from crmsync.sandbox.columns import World
from tests.sandbox.salesforce.world import many_deals, small_world

ZONE = "America/New_York"


def hubspot_world() -> World:
    """Four deals in HubSpot, one in Salesforce."""
    world = small_world()
    world.deals.crm = 1 - world.deals.crm
    return world


def many_hubspot_deals(count: int) -> World:
    """A world of `count` open deals that share one second of creation, and nothing else in it."""
    world = many_deals(count)
    world.deals.crm = np.ones(count, dtype=np.int8)
    return world
