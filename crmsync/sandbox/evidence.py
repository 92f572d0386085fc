"""What the CRMs show of open deals at an instant, as counts and times per channel of a law's rates.

In a channel, an act that was seen counts as one event, and every working day on which it could have happened, whether it did or
not, as exposure. The likelihood of a deal's whole past needs nothing else of it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmsync.sandbox.cast import ROLES
from crmsync.sandbox.columns import (
    BUYER,
    CLOSE_ON,
    COMPLETE,
    CONTACT,
    EMAIL,
    HAPPENED,
    MILESTONE,
    REMOVE,
    REOPEN,
    SCHEDULE,
    STAGE,
    Ints,
    World,
)
from crmsync.sandbox.laws import PHASES
from crmsync.sandbox.promise_paths import phase_at, phase_edges
from crmsync.sandbox.pulses import age_at, time_by_age
from crmsync.sandbox.rates import (
    AGES,
    BUYER_STEP,
    CLOSE_DATE,
    DONE,
    MOVE,
    PROMISE_ACTS,
    PROMISE_CHANNELS,
    REMOVED,
    REOPENED,
    SELLER_STEP,
    STAGE_ACTS,
    Rates,
)
from crmsync.sandbox.stage_paths import act_of_move
from crmsync.sandbox.working_time import Floats, end_of_day, to_working

_ACT_OF = {SCHEDULE: MOVE, COMPLETE: DONE, REMOVE: REMOVED, REOPEN: REOPENED}


@dataclass(frozen=True, slots=True)
class Evidence:
    """By open deal, in the order of `deal`."""

    deal: Ints  # row in the world's deals
    events: Floats  # by [deal, channel]
    exposure: Floats  # working days by [deal, channel]
    age: Floats  # working days since creation
    planned: Floats  # age at which the plan began; nan: no plan yet


@dataclass(frozen=True, slots=True)
class _Seen:
    """Facts of the open deals up to the instant. `deal` is the place in Evidence, `moment` is on the working clock."""

    fact: Ints
    deal: Ints
    moment: Floats
    kind: Ints
    lifecycle: Ints

    def of(self, kind: int) -> "_Seen":
        chosen = self.kind == kind
        return _Seen(
            self.fact[chosen], self.deal[chosen], self.moment[chosen], self.kind[chosen], self.lifecycle[chosen]
        )


@dataclass(frozen=True, slots=True)
class _Trail:
    """Promises as they are seen: each made and then acted on, in order. `act` of a making is UNMADE."""

    deal: Ints
    group: Ints
    first: NDArray[np.bool_]
    moment: Floats
    act: Ints
    due: Floats


def evidence(world: World, at: int, *, rates: Rates) -> Evidence:
    """The evidence on all deals that are open at an instant. Nothing after it is looked at, but that they are open."""
    deals = world.deals
    deal = np.flatnonzero((deals.created_at <= at) & (at < deals.closed_at))
    created, now = to_working(deals.created_at[deal]), float(to_working(np.array([at]))[0])
    shape = len(deal), rates.table.shape[1]
    found = Evidence(deal, np.zeros(shape), np.zeros(shape), now - created, np.full(len(deal), np.nan))
    seen = _seen(world, at, deal)
    _weigh_stages(world, seen.of(STAGE), found, now=now)
    _weigh_joins(world, seen.of(CONTACT), found, rates=rates, created=created)
    _weigh_pulses(world, seen, found, rates=rates, created=created)
    steps = seen.of(MILESTONE)
    np.fmin.at(found.planned, steps.deal, steps.moment - created[steps.deal])
    _weigh_promises(_steps(world, steps), found, rates=rates, now=now)
    _weigh_promises(_close_dates(world, seen.of(CLOSE_ON), deal, created), found, rates=rates, now=now)
    return found


def _seen(world: World, at: int, deal: Ints) -> _Seen:
    place = np.full(len(world.deals), -1, dtype=np.int64)
    place[deal] = np.arange(len(deal))
    fact = np.flatnonzero((world.facts.at <= at) & (place[world.facts.deal] >= 0))
    kind, lifecycle = (column[fact].astype(np.int64) for column in (world.facts.kind, world.facts.lifecycle))
    return _Seen(fact, place[world.facts.deal[fact]], to_working(world.facts.at[fact]), kind, lifecycle)


def _until_next(key: Ints, moment: Floats, *, now: float) -> Floats:
    """When the next entry of the same key comes; now for the last one."""
    following = np.append(moment[1:], now)
    return np.where(np.diff(key, append=-1) == 0, following, now)


def _weigh_stages(world: World, seen: _Seen, found: Evidence, *, now: float) -> None:
    number = np.zeros(len(world.words), dtype=np.int64)
    number[[stage.name for stage in world.stages]] = np.arange(len(world.stages))
    stage = number[world.facts.name[seen.fact]]
    until = _until_next(seen.deal, seen.moment, now=now)
    for act in range(STAGE_ACTS):
        np.add.at(found.exposure, (seen.deal, stage * STAGE_ACTS + act), until - seen.moment)
    moved = np.flatnonzero(np.diff(seen.deal, prepend=-1) == 0)
    before = stage[moved - 1]
    np.add.at(found.events, (seen.deal[moved], before * STAGE_ACTS + act_of_move(before, stage[moved])), 1.0)


def _weigh_joins(world: World, seen: _Seen, found: Evidence, *, rates: Rates, created: Floats) -> None:
    """Each of the buyer's further people joins once, so the exposure ends with the joining."""
    for role, text in enumerate(ROLES[1:]):
        mine = world.facts.name[seen.fact] == world.words.index(text)
        deal, channel = seen.deal[mine], rates.joins + role
        found.exposure[:, channel] = found.age
        found.exposure[deal, channel] = seen.moment[mine] - created[deal]
        found.events[deal, channel] = 1.0


def _weigh_pulses(world: World, seen: _Seen, found: Evidence, *, rates: Rates, created: Floats) -> None:
    spent = time_by_age(found.age)
    begun = np.isin(seen.lifecycle, (HAPPENED, SCHEDULE))
    side = world.facts.side[seen.fact]
    for number, pulse in enumerate(rates.eras[0].pulses):
        first = rates.pulses + number * AGES
        found.exposure[:, first : first + AGES] = spent
        mine = begun & (seen.kind == pulse.kind) & ((seen.kind != EMAIL) | (side == pulse.side))
        age = age_at(seen.moment[mine] - created[seen.deal[mine]])
        np.add.at(found.events, (seen.deal[mine], first + age), 1.0)


def _steps(world: World, seen: _Seen) -> _Trail:
    facts = world.facts
    step = facts.step[seen.fact]
    order = np.lexsort((seen.fact, step, seen.deal))
    fact, deal, lifecycle = seen.fact[order], seen.deal[order], seen.lifecycle[order]
    first = (np.diff(deal, prepend=-1) != 0) | (np.diff(step[order], prepend=-1) != 0)
    promised = np.maximum.accumulate(np.where(lifecycle == SCHEDULE, np.arange(len(order)), 0))
    group = np.where(facts.side[fact] == BUYER, BUYER_STEP, SELLER_STEP)
    act = np.zeros(len(order), dtype=np.int64)
    for phase, number in _ACT_OF.items():
        act[lifecycle == phase] = number
    return _Trail(deal, group, first, seen.moment[order], act, end_of_day(facts.value[fact][promised]))


def _close_dates(world: World, seen: _Seen, deal: Ints, created: Floats) -> _Trail:
    """The date that a deal begins with, then its moves."""
    every = np.arange(len(deal))
    owner = np.concatenate([every, seen.deal])
    day = np.concatenate([world.deals.close_on[deal], world.facts.value[seen.fact]])
    order = np.argsort(owner, kind="stable")
    moment = np.concatenate([created, seen.moment])[order]
    first = np.diff(owner[order], prepend=-1) != 0
    group = np.full(len(order), CLOSE_DATE)
    return _Trail(owner[order], group, first, moment, np.full(len(order), MOVE), end_of_day(day[order]))


def _weigh_promises(trail: _Trail, found: Evidence, *, rates: Rates, now: float) -> None:
    base = rates.promises + trail.group * PROMISE_CHANNELS
    until = _until_next(np.cumsum(trail.first), trail.moment, now=now)
    done, gone = ((trail.act == act) & ~trail.first for act in (DONE, REMOVED))
    still = np.flatnonzero(~done & ~gone)
    _expose(trail, found, base=base, until=until, still=still)
    np.add.at(found.exposure, (trail.deal[done], base[done] + REOPENED), (until - trail.moment)[done])
    acted = np.flatnonzero(~trail.first)
    phase = phase_at(trail.moment[acted], trail.due[acted - 1])
    act = trail.act[acted]
    channel = base[acted] + np.where(act == REOPENED, REOPENED, phase * PROMISE_ACTS + act)
    np.add.at(found.events, (trail.deal[acted], channel), 1.0)


def _expose(trail: _Trail, found: Evidence, *, base: Ints, until: Floats, still: NDArray[Any]) -> None:
    """How long open promises were in each phase."""
    start, end, due = trail.moment[still], until[still], trail.due[still]
    near, overdue = phase_edges(start, due)
    edges = (start, np.minimum(near, end), np.minimum(overdue, end), end)
    for phase in range(PHASES):
        spent = edges[phase + 1] - edges[phase]
        for act in range(PROMISE_ACTS):
            np.add.at(found.exposure, (trail.deal[still], base[still] + phase * PROMISE_ACTS + act), spent)
