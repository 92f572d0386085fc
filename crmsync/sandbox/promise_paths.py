"""What becomes of promised dates: kept, moved, missed, undone. Steps of a plan and expected close dates live by it."""

from dataclasses import dataclass

import numpy as np

from crmsync.sandbox.columns import Ints
from crmsync.sandbox.laws import NEAR_DAYS, PHASES
from crmsync.sandbox.rates import DONE, MOVE, PROMISE_ACTS, PROMISE_CHANNELS, REMOVED, REOPENED, Rates
from crmsync.sandbox.stage_paths import choose
from crmsync.sandbox.working_time import Floats

MOVED_BY = (3, 16)  # working days from now, or from the old date if that is later, to the new one: at least, less than


@dataclass(frozen=True)
class Promises:
    """Promises to follow. `due` is the end of the promised day on the working clock, a whole number."""

    classes: Ints  # of the deal
    group: Ints  # BUYER_STEP, SELLER_STEP or CLOSE_DATE
    made: Floats
    due: Floats
    end: Floats  # when the deal closes


@dataclass(frozen=True)
class PromiseActs:
    """What happened to promises, in the order of its rounds. `act` is DONE, MOVE, REMOVED or REOPENED."""

    promise: Ints
    moment: Floats
    act: Ints
    due: Floats  # afterwards


@dataclass(slots=True)
class _State:
    """The promises that are still followed."""

    promise: Ints
    moment: Floats
    due: Floats
    done: np.typing.NDArray[np.bool_]

    def keep(self, kept: np.typing.NDArray[np.bool_]) -> "_State":
        return _State(self.promise[kept], self.moment[kept], self.due[kept], self.done[kept])


def phase_edges(moment: Floats, due: Floats) -> tuple[Floats, Floats]:
    """When a promise looked at from a moment on comes near, and when it becomes overdue; not before that moment."""
    return np.maximum(moment, due - NEAR_DAYS), np.maximum(moment, due)


def phase_at(moment: Floats, due: Floats) -> Ints:
    """The phase of a promise at a moment."""
    return np.asarray((moment >= due - NEAR_DAYS).astype(np.int64) + (moment >= due))


def promise_acts(rng: np.random.Generator, rates: Rates, promises: Promises) -> PromiseActs:
    """Follows every promise until its deal closes or it is removed, all promises an act at a time."""
    count = len(promises.made)
    state = _State(np.arange(count), promises.made.copy(), promises.due.copy(), np.zeros(count, dtype=np.bool_))
    found = []
    while len(state.promise):
        act = _advance(rng, rates, promises, state)
        state, act = _within(state, act, state.moment < promises.end[state.promise])
        moved = act == MOVE
        state.due = np.where(moved, _new_due(rng, state), state.due)
        state.done = act == DONE
        found.append((state.promise, state.moment, act, state.due))
        state, _ = _within(state, act, act != REMOVED)
    columns = [np.concatenate(column) for column in zip(*found, strict=True)] if found else [np.zeros(0)] * 4
    return PromiseActs(columns[0].astype(np.int64), columns[1], columns[2].astype(np.int64), columns[3])


def _within(state: _State, act: Ints, kept: np.typing.NDArray[np.bool_]) -> tuple[_State, Ints]:
    return state.keep(kept), act[kept]


def _new_due(rng: np.random.Generator, state: _State) -> Floats:
    start = np.maximum(np.floor(state.moment) + 1, state.due)
    return np.asarray(start + rng.integers(*MOVED_BY, size=len(start)), dtype=np.float64)


def _advance(rng: np.random.Generator, rates: Rates, promises: Promises, state: _State) -> Ints:
    """Moves each promise to its next act, and says which it is."""
    classes, group = promises.classes[state.promise], promises.group[state.promise]
    base = rates.promises + group * PROMISE_CHANNELS
    acts = rates.table[classes[:, None], base[:, None] + np.arange(REOPENED)].reshape(-1, PHASES, PROMISE_ACTS)
    reopening = rates.table[classes, base + REOPENED]
    effort = rng.standard_exponential(len(base))
    moment, phase = _next_moment(effort, acts.sum(axis=2), state)
    act = choose(rng, acts[np.arange(len(base)), phase])
    with np.errstate(divide="ignore"):
        undone = state.moment + effort / reopening
    state.moment = np.where(state.done, undone, moment)
    return np.where(state.done, REOPENED, act)


def _next_moment(effort: Floats, speed: Floats, state: _State) -> tuple[Floats, Ints]:
    """When the effort is used up at the speed of each phase, and in which phase."""
    near, overdue = phase_edges(state.moment, state.due)
    first = speed[:, 0] * (near - state.moment)
    second = first + speed[:, 1] * (overdue - near)
    phase = (effort >= first).astype(np.int64) + (effort >= second)
    starts = np.stack([state.moment, near, overdue], axis=1)
    used = np.stack([np.zeros(len(effort)), first, second], axis=1)
    row = np.arange(len(effort))
    with np.errstate(divide="ignore"):  # what can't happen comes after all time
        moment = starts[row, phase] + (effort - used[row, phase]) / speed[row, phase]
    return moment, phase
