"""Makes a company's past, and a stretch of its future, from a law and a seed."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from crmsync.sandbox.cast import ROLES, account_count, owner_count, people
from crmsync.sandbox.columns import (
    CONTACT,
    HUBSPOT,
    OWNER,
    SALESFORCE,
    STAGE,
    Deals,
    Facts,
    Ints,
    Stage,
    Words,
    World,
)
from crmsync.sandbox.deal_columns import CURRENCIES, Company, draw_deals, first_odds, later_era
from crmsync.sandbox.deal_lives import DealLives, draw_lives
from crmsync.sandbox.fact_rows import FactRows, join_facts
from crmsync.sandbox.laws import Law
from crmsync.sandbox.plan_steps import add_close_dates, add_plans
from crmsync.sandbox.pulses import add_pulses
from crmsync.sandbox.rates import Rates, rates_of
from crmsync.sandbox.stage_paths import stage_paths
from crmsync.sandbox.working_time import DAY, SECOND, from_working, to_working

OPEN_STAGES = (("Qualification", 0.1), ("Discovery", 0.2), ("Validation", 0.4), ("Proposal", 0.6), ("Negotiation", 0.8))
WON_STAGE, LOST_STAGE = "Closed Won", "Closed Lost"
PAST_WEEKS, FUTURE_WEEKS = 130, 13
_WEEK = 7 * DAY
_AT_ONCE = 50_000  # deals that are drawn together: bounds the memory, and keeps small worlds in one go
_SHARED_STREAM = 0  # of the deals' own columns; each block of deals then has a stream of its own


def generate(
    *,
    deals: int = 3_000,
    seed: int = 1,
    law: Law,
    now: int,
    crms: Sequence[int] = (SALESFORCE, HUBSPOT),
) -> World:
    """A world with `deals` deals made up to `now`, and a few more that begin in the weeks after it.

    The same arguments give the same world. Every deal runs to its end, be it years after `now`: the local CRMs hide what lies
    after their clock.
    """
    company = _company(deals, now=now)
    rng = np.random.default_rng([seed, _SHARED_STREAM])
    words, rates = Words(), rates_of(law)
    stages = _stages(words)
    made = draw_deals(rng, company, law=law, words=words)
    made.crm = np.asarray(crms, dtype=np.int8)[rng.integers(len(crms), size=len(made))]
    classes = _draw_classes(rng, rates, made, company, law=law, words=words, seed=seed)
    return World(
        deals=made,
        facts=_draw_facts(made, classes, rates, law=law, words=words, owners=company.owners, seed=seed),
        words=words,
        people=people(owners=company.owners, accounts=company.accounts),
        stages=stages,
        accounts=company.accounts,
        currencies=dict(CURRENCIES),
        start_at=company.start_at,
        now=now,
        law=law.name,
        seed=seed,
        notes={"law": law.text},
    )


def _company(deals: int, *, now: int) -> Company:
    return Company(
        start_at=(now - PAST_WEEKS * _WEEK) // DAY * DAY,
        now=now,
        until_at=now + FUTURE_WEEKS * _WEEK,
        shown=deals,
        to_come=deals * FUTURE_WEEKS // PAST_WEEKS,
        owners=owner_count(deals),
        accounts=account_count(deals),
    )


def _stages(words: Words) -> list[Stage]:
    """The open stages come first, so that a stage's number is its index into words as well."""
    stages = [Stage(words.index(name), probability) for name, probability in OPEN_STAGES]
    won, lost = words.index(WON_STAGE), words.index(LOST_STAGE)
    return [*stages, Stage(won, 1.0, closed=True, won=True), Stage(lost, 0.0, closed=True)]


def _draw_classes(
    rng: np.random.Generator, rates: Rates, deals: Deals, company: Company, *, law: Law, words: Words, seed: int
) -> Ints:
    """What nobody sees: the outcome that each deal is heading for, which is set in `deals`, and its pace."""
    start_at, now = company.start_at, company.now
    era = later_era(deals, law=law, start_at=start_at, now=now)
    odds = first_odds(deals, words, law=law, owners=company.owners, seed=seed, start_at=start_at, now=now)
    deals.won = (rng.random(len(deals)) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    shares = np.cumsum(np.exp(rates.log_pace), axis=1)[era]
    pace = (shares <= rng.random(len(era))[:, None]).sum(axis=1)
    return rates.classes(era, deals.won.astype(np.int64), np.minimum(pace, rates.paces - 1))


def _draw_facts(deals: Deals, classes: Ints, rates: Rates, *, law: Law, words: Words, owners: int, seed: int) -> Facts:
    """The facts of all deals, a block of deals at a time; sets when each deal closes."""
    parts = []
    for block, first in enumerate(range(0, len(deals), _AT_ONCE), _SHARED_STREAM + 1):
        rng = np.random.default_rng([seed, block])
        some = slice(first, first + _AT_ONCE)
        own = Deals(**{each.name: _cut(getattr(deals, each.name), some) for each in fields(Deals)})
        rows = _draw_block(rng, rates, own, classes[some], law=law, words=words, owners=owners)
        deals.closed_at[some] = rows.closed_at
        parts.append(rows.finish(first_deal=first))
    return join_facts(parts)


def _cut(column: Any, some: slice) -> Any:
    return None if column is None else column[some]


def _draw_block(
    rng: np.random.Generator, rates: Rates, deals: Deals, classes: Ints, *, law: Law, words: Words, owners: int
) -> FactRows:
    created = to_working(deals.created_at)
    paths = stage_paths(rng, rates, classes=classes, created=created)
    rows = FactRows(np.maximum(from_working(paths.closed), deals.created_at + SECOND))
    lives = draw_lives(
        rng,
        rates,
        law=law,
        rows=rows,
        owners=owners,
        classes=classes,
        created=created,
        closed=paths.closed,
        account=deals.account,
        first_owner=deals.owner.astype(np.int64),
    )
    who = lives.owner_at(paths.deal, paths.moment)
    rows.add(paths.deal, paths.moment, kind=STAGE, name=paths.stage, who=who)
    _add_people(lives, words)
    add_plans(rng, rates, lives, deals=deals, words=words)
    add_close_dates(rng, rates, lives, deals=deals)
    add_pulses(rng, rates, lives, law=law, words=words, amounts=deals.amount_minor)
    closing = np.array([words.index(LOST_STAGE), words.index(WON_STAGE)])[deals.won]
    rows.add_closings(names=closing, who=lives.owner_at(np.arange(len(deals)), paths.closed))
    return rows


def _add_people(lives: DealLives, words: Words) -> None:
    """The buyer's people as they join, and the owner who takes over."""
    every = np.arange(len(lives.created))
    for role, text in enumerate(ROLES):
        person = lives.person(every, np.full(len(every), role))
        moment = lives.joined[:, role]
        who = lives.owner_at(every, moment)
        there = np.flatnonzero(moment < lives.closed)
        name = words.index(text)
        lives.rows.add(there, moment[there], kind=CONTACT, name=name, value=person[there], who=who[there])
    moved = np.flatnonzero(lives.handed_over < lives.closed)
    owner = lives.next_owner[moved]
    lives.rows.add(moved, lives.handed_over[moved], kind=OWNER, value=owner, who=lives.first_owner[moved])
