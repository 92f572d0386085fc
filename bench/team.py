"""Does the team's range hold as often as it says? Every law of the local worlds, won within 28 days, amounts in every currency.

    python -m bench.team --seeds 10 --deals 1500

Every 28 days of a year the open deals are scored by a fit that knew nothing later; the shock that they share is learnt from the
periods of the same world that were over by then. Printed: how many sums, the share of them that lies within P10 and P90 with its
standard error (worlds sampled), in what range that share lies 95 times of 100 when the ranges are right (each sum drawn from its
own distribution), how many lie below and above the range (.100 each is right), the share within it by the prior alone and with
deals taken as independent, and mean and mean absolute error of the expected sum against the currencies' mean.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from bench import options, worlds
from bench.forecast import NOW, recipe
from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.backtest import Span, backtest
from crmsync.forecast.dataset import Ends
from crmsync.forecast.facts import Floats
from crmsync.forecast.rollup import DRAWS, GRID, SHARES, Period, Shock, covered, covered_if_right, draws, learn
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS

PERIODS, DAYS = 13, 28
FUTURE = 5 * 365 * MICROS_PER_DAY
ALONE = Shock((GRID == 0).astype(np.float64))
TAILS = ((0.0, SHARES[0]), (SHARES[-1], 1.0))
LUCK = (0.025, 0.975)
COLUMNS = ("below", "above", "prior", "alone", "bias", "|error|")
HEAD = f"{'law':14}{'sums':>6}{'within':>9}{'se':>9}{'if right':>18}" + "".join(f"{name:>9}" for name in COLUMNS)


@dataclass(frozen=True, slots=True)
class Told:
    """Sums of a world's periods, by period and currency."""

    figures: Floats  # inside the range, below, above, inside that of the prior and of independent deals, error; shape (sums, 6)
    right: Floats  # sums inside a right range, by draw


def one(law: str, seed: int, deals: int) -> Told:
    """One world."""
    past = worlds.made(generate(law=LAWS[law], now=NOW, deals=deals, seed=seed))
    history = past.history
    ends = Ends.of(history, by=NOW + FUTURE)
    span = Span(NOW - PERIODS * DAYS * MICROS_PER_DAY, NOW - DAYS * MICROS_PER_DAY, DAYS)
    found: list[tuple[float, ...]] = []
    right, rng = np.zeros(DRAWS), np.random.default_rng(seed)
    before: list[Period] = []
    for scores in backtest(past.known_by(NOW).history, recipe(), span, refit_days=DAYS):
        place = np.searchsorted(history.deals, scores.deal)
        soon = ends.closed_at[place] <= scores.as_of + DAYS * MICROS_PER_DAY
        won = ((ends.won[place] == 1) & soon).astype(np.float64)
        _, currency = np.unique(np.array(scores.currency), return_inverse=True)
        amount = np.nan_to_num(scores.amount_minor)
        came = np.bincount(currency, weights=won * amount)
        said = np.bincount(currency, weights=scores.won_soon * amount)
        drawn, *others = (
            draws(scores.won_soon, amount, currency, shock=each) for each in (learn(before), learn(), ALONE)
        )
        tails = [covered(drawn, came, between=tail) for tail in TAILS]
        inside = [covered(each, came) for each in (drawn, *others)]
        found += zip(inside[0], *tails, *inside[1:], (came - said) / said.mean(), strict=True)
        right += rng.permutation(covered_if_right(drawn).sum(axis=1))
        before.append(Period(scores.won_soon, won))
    return Told(np.array(found, dtype=np.float64), right)


def main() -> None:
    """Reads the arguments and prints a line for each law."""
    told = options.add_worlds(options.parser(__doc__), deals=1_500).parse_args()
    print(HEAD)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for law in told.law or LAWS:
            tried = [pool.submit(one, law, seed, told.deals) for seed in options.seeds_of(told)]
            print(_line(law, [each.result() for each in tried]), flush=True)


def _line(law: str, worlds: list[Told]) -> str:
    every = np.concatenate([each.figures for each in worlds])
    inside, below, above, prior, alone, bias = every.mean(axis=0)
    error = np.std([each.figures[:, 0].mean() for each in worlds], ddof=1) / np.sqrt(len(worlds))
    low, high = np.quantile(np.sum([each.right for each in worlds], axis=0) / len(every), LUCK)
    figures = (inside, error, below, above, prior, alone, bias, np.abs(every[:, -1]).mean())
    held, se, *others = (f"{figure:9.3f}" for figure in figures)
    return f"{law:14}{len(every):6}{held}{se}{low:9.3f} to {high:.3f}{''.join(others)}"


if __name__ == "__main__":
    main()
