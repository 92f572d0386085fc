"""How few closed deals are enough? The model against the base rate after 30, 60, 120, 400 and 2,000 closings, over many seeds.

    python -m bench.curve --seeds 50 --keep curve.csv

Every world is learnt from once, at the instant of the n-th closing, and tried on the deals that are open within the 13 weeks
after it. The base rate is that of the same closed deals. Printed for each law and size: log loss above the base rate, its mean and
its 95th percentile, and what the score is called; a fit that the gate refuses is counted as if it were used, and where rules stand
in for it, which are no probability, nothing is added. With `--keep` each world's figure is kept in a file, so that a run that was
broken off goes on and more seeds cost only themselves.
"""

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np

from bench import worlds
from bench.forecast import NOW, recipe
from crmsync.clock import MICROS_PER_DAY
from crmsync.errors import Stopped
from crmsync.forecast.dataset import Ends, examples
from crmsync.forecast.evaluate import log_losses
from crmsync.forecast.fit import Training
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS

SIZES = (30, 60, 120, 400, 2_000)
AHEAD = 13 * 7 * MICROS_PER_DAY
FUTURE = 5 * 365 * MICROS_PER_DAY
LEAST_DEALS, DEALS_A_CLOSING = 400, 3
MOST_MEAN, MOST_HIGH = 0.005, 0.02  # of log loss above the base rate: what the curve is held to

Kept = dict[tuple[str, int, int], tuple[float, str]]  # by law, size and seed: log loss above the base rate, kind


def main() -> None:
    """Reads the arguments and prints a line for each law and size."""
    parser = argparse.ArgumentParser(
        prog="bench.curve", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--law", action="append", choices=sorted(LAWS), help="default: every law")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="where each world's figure is kept")
    chosen = parser.parse_args()
    kept = _read(chosen.keep)
    print(f"log loss above the base rate; held to {MOST_MEAN} in the mean, {MOST_HIGH} at the 95th percentile")
    for law in chosen.law or LAWS:
        for size in chosen.sizes:
            seeds = range(chosen.first, chosen.first + chosen.seeds)
            print(_line(law, size, [_found(kept, law, size, seed, chosen.keep) for seed in seeds]), flush=True)


def _line(law: str, size: int, found: list[tuple[float, str]]) -> str:
    excess = np.array([value for value, _ in found])
    mean, high = excess.mean(), np.quantile(excess, 0.95)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kind for _, kind in found).items()))
    held = "held" if mean <= MOST_MEAN and high <= MOST_HIGH else "NOT HELD"
    return f"{law:14} {size:6} closed: mean {mean:+.4f}, 95th percentile {high:+.4f} ({held}); {kinds}"


def _read(file: Path | None) -> Kept:
    if file is None or not file.exists():
        return {}
    with file.open(newline="") as lines:
        return {(law, int(size), int(seed)): (float(value), kind) for law, size, seed, value, kind in csv.reader(lines)}


def _found(kept: Kept, law: str, size: int, seed: int, file: Path | None) -> tuple[float, str]:
    key = (law, size, seed)
    if key not in kept:
        kept[key] = _excess(law, size, seed=seed)
        if file is not None:
            with file.open("a", newline="") as lines:
                csv.writer(lines).writerow([*key, *kept[key]])
    return kept[key]


def _excess(law: str, size: int, *, seed: int) -> tuple[float, str]:
    deals = max(DEALS_A_CLOSING * size, LEAST_DEALS)
    past = worlds.made(generate(law=LAWS[law], now=NOW, deals=deals, seed=seed))
    history = past.history
    ends = Ends.of(history, by=NOW + FUTURE)
    at = int(np.sort(ends.closed_at)[size - 1]) + 1
    training = Training(history, recipe(), until=at + AHEAD)
    later = examples(history, training.found, by=NOW + FUTURE)
    later = later.take(later.at > at)
    known = examples(history, training.found, by=at)
    base = np.full(len(later), np.clip(np.average(known.won, weights=known.weight), 0.01, 0.99))
    try:
        fit = training.fit(at)
    except Stopped:
        return 0.0, "rules"
    model = fit.formula.probability(fit.formula.contributions(training.table, later.rows))
    kind = fit.gate.kind if fit.gate.used else "refused"
    return float(log_losses(model, later.won).mean() - log_losses(base, later.won).mean()), kind


if __name__ == "__main__":
    main()
