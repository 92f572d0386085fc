"""When deals are won and promises kept: how far off the days are, and how often the ranges hold.

    python -m bench.when laws --seeds 5                                     generated worlds, every law
    python -m bench.when world DIR --prefix loans_ --from 2011-11-28        a world directory

Deals are scored on Mondays by fits that saw only what was known by then. Of generated worlds the whole future is known; of a
directory what ended by its last fact, so that each won deal is weighted by the inverse of the share of snapshots that were watched
for as long as it took. Beside each range stands what comes of leaving the open deals out of the learning. A range of 80 % begins on
the day after that of 10 % and ends with that of 90 %. Standard errors sample deals.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from bench import options, worlds
from bench.figures import ece_of_the_calibrated
from bench.forecast import NOW, recipe
from crmsync.clock import MICROS_PER_DAY, iso, parse_instant
from crmsync.forecast.dataset import STILL_OPEN, Ends, open_deals
from crmsync.forecast.evaluate import expected_calibration_error, standard_error
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.fit import Training
from crmsync.forecast.history import History
from crmsync.forecast.logistic import Fit
from crmsync.forecast.outlook import SHARES, outlook
from crmsync.forecast.score import Scores, score
from crmsync.forecast.spells import DONE, spells
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS

HORIZON_DAYS = 28
FUTURE = 5 * 365 * MICROS_PER_DAY
WEEKS, EVERY_WEEKS, REFIT_WEEKS = 26, 2, 13
LOW, MIDDLE, HIGH = 0, 2, 4  # places in SHARES


@dataclass(frozen=True, slots=True)
class Days:
    """Days ahead that were said of something, and what came. All of shape (m,), or (m, shares)."""

    group: Ints  # the deal
    at: Ints
    said: Floats  # chance of its coming within the horizon
    came: Floats  # 1 or 0, nan where that isn't known yet
    by: Ints  # days ahead by which SHARES of it come
    day: Ints  # when it came, -1 if not or not yet
    weight: Floats
    other: Ints  # days ahead that something simpler says: without the open deals, or the promised day

    @classmethod
    def together(cls, parts: list["Days"]) -> "Days":
        """All of them."""
        return cls(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(cls)))


def main() -> None:
    """Reads the arguments and prints."""
    parser = argparse.ArgumentParser(
        prog="bench.when", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    options.add_worlds(verbs.add_parser("laws"), seeds=5)
    world = verbs.add_parser("world")
    world.add_argument("place", type=Path)
    world.add_argument("--prefix", default="", help="before the names deals.csv and facts.csv")
    world.add_argument("--from", dest="test_from", required=True, help="first Monday")
    world.add_argument("--to", dest="test_to", default="", help="last Monday; default: all")
    chosen = parser.parse_args()
    if chosen.verb == "laws":
        for law in chosen.law or list(LAWS):
            print(law)
            show(*of_law(law, options.seeds_of(chosen), chosen.deals))
    else:
        past = worlds.read(chosen.place, prefix=chosen.prefix)
        last = parse_instant(chosen.test_to) if chosen.test_to else past.now
        show(*of_past(past, list(range(parse_instant(chosen.test_from), last + 1, 7 * MICROS_PER_DAY)), refit_weeks=1))


def of_law(law: str, seeds: range, deals: int) -> tuple[Days, Days]:
    """The last half year of each world, every other Monday."""
    monday = NOW - WEEKS * 7 * MICROS_PER_DAY
    dates = list(range(monday, NOW, EVERY_WEEKS * 7 * MICROS_PER_DAY))
    made = []
    for seed in seeds:
        past = worlds.made(generate(law=LAWS[law], now=NOW, deals=deals, seed=seed))
        made.append(of_past(replace(past, now=NOW + FUTURE), dates, refit_weeks=REFIT_WEEKS))
    wins, promises = zip(*made, strict=True)
    return _numbered(list(wins)), _numbered(list(promises))


def _numbered(parts: list[Days]) -> Days:
    """Deals of different worlds are different ones."""
    return Days.together([replace(part, group=part.group + 1_000_000 * number) for number, part in enumerate(parts)])


def of_past(past: worlds.Past, dates: list[int], *, refit_weeks: int) -> tuple[Days, Days]:
    """Wins and kept promises on these dates, held against what the whole past tells."""
    history = past.history
    training = Training(history, recipe(), until=dates[-1])
    ends, done = Ends.of(history, by=past.now), _done(history, by=past.now)
    wins, promises = [], []
    fit, fitted_at = training.fit(dates[0]), dates[0]
    closed = _without_open_deals(training, fit)
    for at in dates:
        if at - fitted_at >= refit_weeks * 7 * MICROS_PER_DAY:
            fit, fitted_at = training.fit(at), at
            closed = _without_open_deals(training, fit)
        deals = open_deals(history, as_of=at)
        deals = deals[ends.counted[np.searchsorted(history.deals, deals)]]
        scores, others = (score(each, history, deals, as_of=at) for each in (fit, closed))
        wins.append(_wins(scores, others, history, ends, until=past.now))
        promises.append(_promises(scores, history, done))
    found = Days.together(wins)
    watched = (past.now - found.at) / MICROS_PER_DAY
    return replace(found, weight=_weights(found.day, watched)), Days.together(promises)


def _without_open_deals(training: Training, fit: Fit) -> Fit:
    """The fit with a time of the end that was learnt from ended deals only, as a regression on won deals would be."""
    rows, days, end = training.watched(fit.trained.as_of)
    ended = end != STILL_OPEN
    return replace(fit, timing=training.timing(fit.formula, fit.pace, rows[ended], days[ended], end[ended]))


def _done(history: History, *, by: int) -> dict[tuple[int, int], list[int]]:
    """On which days each step was done, by deal and step."""
    every = spells(history, by=by)
    kept = every.take(every.how == DONE)
    found: dict[tuple[int, int], list[int]] = {}
    for deal, step, day in zip(history.deals[kept.deal].tolist(), kept.step.tolist(), kept.ended.tolist(), strict=True):
        found.setdefault((deal, step), []).append(day)
    return found


def _wins(scores: Scores, others: Scores, history: History, ends: Ends, *, until: int) -> Days:
    """Days to the win of the scored deals."""
    place = np.searchsorted(history.deals, scores.deal)
    at, won = np.full(len(scores), scores.as_of), ends.won[place]
    days = (ends.closed_at[place] - scores.as_of) / MICROS_PER_DAY
    soon = (won == 1) & (days <= HORIZON_DAYS)
    seen = until - scores.as_of >= HORIZON_DAYS * MICROS_PER_DAY
    return Days(
        scores.deal,
        at,
        scores.won_soon,
        np.where(seen, soon, np.nan),
        _ahead(scores, SHARES),
        np.where(won == 1, np.floor(days), -1).astype(np.int64),
        np.ones(len(scores)),
        _ahead(others, (0.5,))[:, 0],
    )


def _ahead(scores: Scores, shares: tuple[float, ...]) -> Ints:
    """Days by which these shares of the chance of winning are reached, -1 is yesterday; a range begins on the day after."""
    begun = scores.as_of / MICROS_PER_DAY % 1
    days = [np.floor(begun + scores.curve.quantile(share) - 0.5) for share in shares]
    return np.stack(days, axis=1).astype(np.int64)


def _promises(scores: Scores, history: History, done: dict[tuple[int, int], list[int]]) -> Days:
    """Days to the keeping of the scored deals' open promises. `said` is of the whole year ahead."""
    made, today = outlook(history, scores), scores.as_of // MICROS_PER_DAY
    kept = (done.get(step, []) for step in zip(made.deal.tolist(), made.step.tolist(), strict=True))
    day = np.array([min((each for each in days if each >= today), default=today - 1) for days in kept]) - today
    by = made.days - today - (np.array(SHARES) < 0.5)
    weight, at = np.ones(len(made)), np.full(len(made), scores.as_of)
    return Days(
        made.deal, at, made.chance, (day >= 0).astype(np.float64), by, day, weight, np.maximum(made.due - today, 0)
    )


def _weights(day: Ints, watched: Floats) -> Floats:
    """1 / the share of snapshots that were watched for as long as this one took."""
    order = np.sort(watched)
    share = 1 - np.searchsorted(order, day) / len(order)
    return np.where(day < 0, 0.0, 1 / np.maximum(share, 1 / len(order)))


def show(wins: Days, promises: Days) -> None:
    """All figures of one set."""
    for line in (*held("days to the win", wins, "without open deals"), *soon(wins)):
        print("  " + line)
    if len(promises.day):
        for line in held("days to a kept promise", promises, "the promised day"):
            print("  " + line)
        came = promises.came.mean()
        error = standard_error(promises.came - promises.said, promises.group)
        print(
            f"  promises kept within a year: said {promises.said.mean():.3f}, came {came:.3f} (se {error:.3f})",
            flush=True,
        )


def held(what: str, found: Days, other: str) -> Iterator[str]:
    """Error, bias and coverage, weighted."""
    some = found.day >= 0
    day, by, weight, group = found.day[some], found.by[some], found.weight[some], found.group[some]
    inside = ((day > by[:, LOW]) & (day <= by[:, HIGH])).astype(np.float64)
    cover = np.average(inside, weights=weight)
    error = standard_error((inside - cover) * weight / weight.mean(), group)
    yield f"{what}: {len(day)} of {len(np.unique(group))} deals; 80 % range covers {cover:.3f} (se {error:.3f})"
    below = (f"{np.average(day <= by[:, place], weights=weight):.3f}" for place in range(len(SHARES)))
    yield f"  by P10, P20, P50, P80, P90: {', '.join(below)}"
    for label, said in (("", by[:, MIDDLE]), (f"{other}: ", found.other[some])):
        apart = said - day
        yield (
            f"  {label}median error {_median(np.abs(apart), weight):.1f} days, bias {np.average(apart, weights=weight):+.2f} "
            f"(median {_median(apart, weight):+.1f}), {np.average(apart >= 0, weights=weight):.3f} came by the day said"
        )


def soon(found: Days) -> Iterator[str]:
    """won_28d on the dates that were watched for so long, all together and by date."""
    seen = ~np.isnan(found.came)
    if not seen.any():
        return
    said, came, group, at = found.said[seen], found.came[seen], found.group[seen], found.at[seen]
    low, high = ece_of_the_calibrated(said, group)
    yield (
        f"won_{HORIZON_DAYS}d on {len(said)} snapshots: said {said.mean():.3f}, came {came.mean():.3f} "
        f"(se {standard_error(came - said, group):.3f}); ECE {expected_calibration_error(said, came):.3f} "
        f"(of a calibrated one {low:.3f} to {high:.3f})"
    )
    dates = np.unique(at).tolist()
    for each in dates if len(dates) <= 8 else []:
        here = at == each
        yield f"  {iso(each)[:10]}: said {said[here].mean():.3f}, came {came[here].mean():.3f} of {here.sum()}"


def _median(values: Ints, weight: Floats) -> float:
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


if __name__ == "__main__":
    main()
