"""What parts the model from the truth: how much is the form of the formula, how much that only so many deals could teach it.

    python -m bench.gap --seeds 10 --deals 3000

Generated worlds straight to facts. One fit, made 13 weeks before the end, is tried on all later Mondays; outcomes are those of the
whole future. `taught` is a formula of the very same columns that was told the truth of every snapshot in place of how its deal
ended: what it lacks no number of deals mends, what parts the model from it is noise. Printed for each law: the truth's log loss,
and those of both over it, mean of the seeds with the standard error.
"""

import numpy as np

from bench import options, worlds
from bench.forecast import NOW, recipe
from crmsync.clock import MICROS_PER_DAY
from crmsync.forecast.dataset import examples
from crmsync.forecast.evaluate import log_losses
from crmsync.forecast.facts import Floats, Ints
from crmsync.forecast.fit import Training
from crmsync.forecast.logistic import sigmoid
from crmsync.forecast.path import solve_path
from crmsync.forecast.scaling import Scaled
from crmsync.sandbox.columns import World
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.truth import truth

WEEKS = 13
WEAK = 1.0  # the penalty of the taught formula, which has no noise to be kept from


def main() -> None:
    """Prints a line for each law."""
    told = options.add_worlds(options.parser(__doc__)).parse_args()
    print(f"{'law':14}{'truth':>8}{'model':>8}{'se':>7}{'taught':>8}{'se':>7}")
    for law in told.law or LAWS:
        found = np.array([one(law, seed, told.deals) for seed in options.seeds_of(told)])
        error = found.std(axis=0, ddof=1) / np.sqrt(len(found)) if len(found) > 1 else found[0] * np.nan
        middle = found.mean(axis=0)
        both = "".join(f"{middle[place]:8.3f}{error[place]:7.3f}" for place in (1, 2))
        print(f"{law:14}{middle[0]:8.3f}{both}", flush=True)


def one(law: str, seed: int, deals: int) -> tuple[float, float, float]:
    """A world's log loss of the truth, and those of the model and of the taught formula over it."""
    world = generate(law=LAWS[law], now=NOW, deals=deals, seed=seed)
    history = worlds.made(world).known_by(NOW).history
    cut = NOW - WEEKS * 7 * MICROS_PER_DAY
    training = Training(history, recipe(), until=NOW)
    deal = history.deals[training.found.deal]
    odds = _truths(world, deal, training.found.at)
    late = np.flatnonzero((training.found.at > cut) & ~np.isnan(odds))
    early = examples(history, training.found, by=cut)
    early = early.take(~np.isnan(odds[early.rows]))
    formula = training.fit(cut).formula
    terms = [weighed.term for weighed in formula.terms]
    scaled = Scaled.of(training.table, terms, early.rows, early.weight)
    (found,) = solve_path(scaled.columns, sigmoid(odds[early.rows]), early.weight, (WEAK,))
    taught = scaled.formula(terms, found[:-1], float(found[-1]))
    won = (world.deals.won[deal[late]] == 1).astype(np.float64)
    said = [each.probability(each.contributions(training.table, late)) for each in (formula, taught)]
    least, *others = (float(log_losses(chance, won).mean()) for chance in (sigmoid(odds[late]), *said))
    return least, others[0] / least, others[1] / least


def _truths(world: World, deal: Ints, at: Ints) -> Floats:
    """The truth's log-odds of these snapshots; nan where the world calls the deal closed."""
    found = np.full(len(deal), np.nan)
    for instant in np.unique(at).tolist():
        told = truth(world, instant)
        odds = np.full(len(world.deals), np.nan)
        odds[told.deal] = np.log(told.probability) - np.log1p(-told.probability)
        rows = np.flatnonzero(at == instant)
        found[rows] = odds[deal[rows]]
    return found


if __name__ == "__main__":
    main()
