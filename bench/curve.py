"""How few closed deals are enough? The model against the base rate after 30, 60, 120, 400 and 2,000 closings, over many seeds.

    python -m bench.curve --law nothing --seeds 50

Every world is learnt from once, at the instant of the n-th closing, and tried on the deals that are open within the 13 weeks
after it. The base rate is that of the same closed deals. Printed: log loss above the base rate, its mean, its 95th
percentile, and what the score is called.
"""

import argparse
from collections import Counter

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


def main() -> None:
    """Reads the arguments and prints a line for each size."""
    parser = argparse.ArgumentParser(
        prog="bench.curve", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--law", choices=sorted(LAWS), default="nothing")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    chosen = parser.parse_args()
    print(f"{chosen.law}: log loss above the base rate")
    for size in chosen.sizes:
        found = [_excess(chosen.law, size, seed=seed) for seed in range(1, chosen.seeds + 1)]
        excess = np.array([value for value, _ in found])
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kind for _, kind in found).items()))
        print(
            f"{size:6} closed: mean {excess.mean():+.4f}, 95th percentile {np.quantile(excess, 0.95):+.4f}; {kinds}",
            flush=True,
        )


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
