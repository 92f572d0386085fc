"""A past replayed week by week: each Monday every method learns from what had ended by then and speaks of what was open."""

from dataclasses import dataclass, field

import numpy as np

from bench.rivals import RIVALS, Rivals
from bench.worlds import Past
from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.dataset import STILL_OPEN, Ends, examples
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.fit import Training
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.score import score


@dataclass(frozen=True, slots=True)
class Replay:
    """Predictions of snapshots and what became of them. `won` is STILL_OPEN where the past ends before the deal."""

    deal: Ints
    at: Ints
    won: Ints
    days: Floats  # to the end, or to the end of the past
    watched: Floats  # days from the snapshot to the end of the past
    chance: dict[str, Floats]  # by method
    soon: Floats  # the model's won_28d
    quantiles: Floats  # days to the win at 20, 50, 80 %, shape (m, 3)
    kinds: list[str] = field(default_factory=list)


def replay(
    past: Past, recipe: Recipe, *, test_from: int, until: int = 0, refit_days: int = 7, rivals: tuple[str, ...] = RIVALS
) -> Replay:
    """Replays the Mondays from `test_from` to `until` (0: to the end of the past); outcomes are those of the whole past."""
    history = past.history
    training = Training(history, recipe, until=until or past.now)
    found = training.found
    late = np.flatnonzero(found.at >= test_from)
    chance = {name: np.full(len(found), np.nan) for name in ("model", *RIVALS)}
    soon, quantiles = np.full(len(found), np.nan), np.full((len(found), 3), np.nan)
    others = Rivals(training, rivals)
    fit, fitted_at = None, 0
    for at in np.unique(found.at[late]).tolist():
        rows = np.flatnonzero(found.at == at)
        if fit is None or at - fitted_at >= refit_days * MICROS_PER_DAY:
            fit, fitted_at = training.fit(at), at
            others.tell(chance, examples(history, found, by=at), _until_next(found.at, at, refit_days))
        scores = score(fit, history, history.deals[found.deal[rows]], as_of=at)
        chance["model"][rows], soon[rows] = scores.probability, scores.won_soon
        today = at // MICROS_PER_DAY
        quantiles[rows] = np.stack([scores.close_p20, scores.close_p50, scores.close_p80], axis=1) - today
    ends = Ends.of(history, by=past.now)
    deal: Ints = found.deal[late]
    won = ends.won[deal].astype(np.int64)
    ended = np.where(won == STILL_OPEN, past.now, ends.closed_at[deal])
    kept = np.flatnonzero(ends.counted[deal])
    seen = found.at[late]
    made = Replay(
        deal,
        seen,
        won,
        (ended - seen) / MICROS_PER_DAY,
        (past.now - seen) / MICROS_PER_DAY,
        {name: values[late] for name, values in chance.items()},
        soon[late],
        quantiles[late],
    )
    return made if len(kept) == len(deal) else _take(made, kept)


def _until_next(found_at: Ints, at: int, refit_days: int) -> Ints:
    """The snapshots that a fit made at an instant speaks of."""
    return np.flatnonzero((found_at >= at) & (found_at < at + refit_days * MICROS_PER_DAY))


def _take(made: Replay, rows: Ints) -> Replay:
    chance = {name: values[rows] for name, values in made.chance.items()}
    return Replay(
        made.deal[rows],
        made.at[rows],
        made.won[rows],
        made.days[rows],
        made.watched[rows],
        chance,
        made.soon[rows],
        made.quantiles[rows],
    )
