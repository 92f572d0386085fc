"""Does the team's range hold as often as it says? Every law of the local worlds, won within 28 days, amounts in every currency.

    python -m bench.team --seeds 10 --deals 1500

Every 28 days of a year the open deals are scored by a fit that knew nothing later; the shock that they share is learnt from the
periods of the same world that were over by then. Printed: periods, the share of periods whose sum lies within P10 and P90 with its
standard error (worlds sampled), the same with the prior alone and with deals taken as independent, and mean and mean absolute error
of the expected sum against the currencies' mean.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from bench import worlds
from bench.forecast import NOW, recipe
from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.backtest import Span, backtest
from crmsync.forecast.dataset import Ends
from crmsync.forecast.facts import Floats
from crmsync.forecast.rollup import GRID, Period, Shock, covered, draws, learn
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS

PERIODS, DAYS = 13, 28
FUTURE = 5 * 365 * MICROS_PER_DAY
ALONE = Shock((GRID == 0).astype(np.float64))


def one(law: str, seed: int, deals: int) -> Floats:
    """A world's periods by currency: inside the range, inside that of the prior and of independent deals, error, deals."""
    past = worlds.made(generate(law=LAWS[law], now=NOW, deals=deals, seed=seed))
    history = past.history
    ends = Ends.of(history, by=NOW + FUTURE)
    span = Span(NOW - PERIODS * DAYS * MICROS_PER_DAY, NOW - DAYS * MICROS_PER_DAY, DAYS)
    found: list[tuple[float, ...]] = []
    before: list[Period] = []
    for scores in backtest(past.known_by(NOW).history, recipe(), span, refit_days=DAYS):
        place = np.searchsorted(history.deals, scores.deal)
        soon = ends.closed_at[place] <= scores.as_of + DAYS * MICROS_PER_DAY
        won = ((ends.won[place] == 1) & soon).astype(np.float64)
        _, currency = np.unique(np.array(scores.currency), return_inverse=True)
        amount = np.nan_to_num(scores.amount_minor)
        came = np.bincount(currency, weights=won * amount)
        said = np.bincount(currency, weights=scores.won_soon * amount)
        shocks = (learn(before), learn(), ALONE)
        inside = [covered(draws(scores.won_soon, amount, currency, shock=each), came) for each in shocks]
        found += zip(*inside, (came - said) / said.mean(), strict=True)
        before.append(Period(scores.won_soon, won))
    return np.array(found, dtype=np.float64)


def main() -> None:
    """Reads the arguments and prints a line for each law."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--deals", type=int, default=1_500)
    parser.add_argument("--law", action="append", choices=list(LAWS))
    told = parser.parse_args()
    print(f"{'law':14}{'periods':>8}{'80 % range':>12}{'se':>7}{'prior':>8}{'alone':>8}{'bias':>8}{'|error|':>9}")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for law in told.law or LAWS:
            tried = [pool.submit(one, law, seed, told.deals) for seed in range(1, told.seeds + 1)]
            found = [each.result() for each in tried]
            error = np.std([each[:, 0].mean() for each in found], ddof=1) / np.sqrt(len(found))
            every = np.concatenate(found)
            inside, prior, alone, bias = every.mean(axis=0)
            off = np.abs(every[:, 3]).mean()
            print(
                f"{law:14}{len(every):8}{inside:12.3f}{error:7.3f}{prior:8.3f}{alone:8.3f}{bias:8.3f}{off:9.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
