"""Reads somebody's own past from a world directory: `deals.csv` and `facts.csv`, or the same gzipped."""

from pathlib import Path

import numpy as np

from crmsync.sandbox.columns import (
    HUBSPOT,
    MILESTONE,
    NEVER,
    PLAN_OBJECT,
    SALESFORCE,
    STAGE,
    Deals,
    Facts,
    Stage,
    Words,
    World,
)
from crmsync.sandbox.csv_rows import BadWorld
from crmsync.sandbox.load_deals import Users, load_deals
from crmsync.sandbox.load_facts import load_facts

__all__ = ["BadWorld", "load"]

_CRMS = {"salesforce": (SALESFORCE,), "hubspot": (HUBSPOT,), "both": (SALESFORCE, HUBSPOT)}
_FIRST_STAGE = "Open"  # of a world that names no stage at all


def load(folder: Path, *, crm: str, now: int | None = None) -> World:
    """The world of a directory. `crm` is "salesforce", "hubspot" or "both", which get every other deal each.

    The clock starts at `now`, by default at the last instant that the files name. Raises BadWorld, in one line.
    """
    crms = _CRMS.get(crm)
    if crms is None:
        raise BadWorld(str(folder), f"no CRM is called {crm!r}", remedy=f"use one of {', '.join(_CRMS)}")
    words, users = Words(), Users()
    found = load_deals(folder, words=words, users=users)
    deals = found.deals
    if not len(deals):
        raise BadWorld(str(folder), "there are no deals", remedy="put at least one row into deals.csv")
    facts = load_facts(folder, row_of=found.row_of, words=words, users=users)
    deals.crm = np.asarray(crms, dtype=np.int8)[np.arange(len(deals)) % len(crms)]
    deals.plan[facts.deal[facts.kind == MILESTONE]] = PLAN_OBJECT
    return World(
        deals=deals,
        facts=facts,
        words=words,
        people=users.people,
        stages=[] if np.any(facts.kind == STAGE) else [Stage(words.index(_FIRST_STAGE), 0.0)],
        accounts=found.accounts,
        currencies=found.currencies,
        start_at=int(deals.created_at[0]),
        now=_last_instant(deals, facts) if now is None else now,
    )


def _last_instant(deals: Deals, facts: Facts) -> int:
    closed = deals.closed_at[deals.closed_at != NEVER]
    return int(max(deals.created_at.max(), closed.max(initial=0), facts.at.max(initial=0)))
