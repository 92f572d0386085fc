"""The way of deals through the open stages to their closing, drawn from a law's rates."""

from dataclasses import dataclass

import numpy as np

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.rates import BACK, CLOSE, FORWARD, SKIP, STAGE_ACTS, Rates
from crmsync.sandbox.working_time import Floats

STEP_OF_ACT = np.array([1, 2, -1, 0])  # by FORWARD, SKIP, BACK, CLOSE


@dataclass(frozen=True)
class StagePaths:
    """Stage changes in the order of their rounds, and when each deal closes."""

    deal: Ints
    moment: Floats
    stage: Ints  # number of the stage entered
    closed: Floats  # by deal


def choose(rng: np.random.Generator, weights: Floats) -> Ints:
    """A column of each row, with odds in proportion to its weight."""
    reached = np.cumsum(weights, axis=1)
    point = rng.random(len(weights)) * reached[:, -1]
    return np.asarray((reached <= point[:, None]).sum(axis=1), dtype=np.int64)


def stage_paths(rng: np.random.Generator, rates: Rates, *, classes: Ints, created: Floats) -> StagePaths:
    """Every deal enters the first stage when it is created and moves until it closes, all deals a move at a time."""
    closed = np.empty(len(classes))
    active = np.arange(len(classes))
    moment, stage = created.copy(), np.zeros(len(classes), dtype=np.int64)
    moves = [(active, created, stage)]
    while len(active):
        channel = stage[:, None] * STAGE_ACTS + np.arange(STAGE_ACTS)
        leaving = rates.table[classes[active][:, None], channel]
        moment = moment + rng.standard_exponential(len(active)) / leaving.sum(axis=1)
        act = choose(rng, leaving)
        closing = act == CLOSE
        closed[active[closing]] = moment[closing]
        active, moment, stage = active[~closing], moment[~closing], (stage + STEP_OF_ACT[act])[~closing]
        moves.append((active, moment, stage))
    deal, at, entered = (np.concatenate(columns) for columns in zip(*moves, strict=True))
    return StagePaths(deal, at, entered, closed)


def act_of_move(stage: Ints, entered: Ints) -> Ints:
    """By which act a deal came from one open stage to another."""
    return np.select([entered == stage + 1, entered == stage + 2], [FORWARD, SKIP], BACK)
