"""The forecast on pasts whose later outcomes are known, beside its rivals.

    python -m bench.forecast world DIR --prefix loans_ --from 2011-11-28   a world directory
    python -m bench.forecast pipeline FILE.csv.gz --from 2017-07-03        an export of opportunities
    python -m bench.forecast laws --seeds 10                               generated worlds, every law
    python -m bench.forecast speed                                         200,000 snapshots, 100,000 open deals

Each Monday the model and its rivals learn from what had ended by then and speak of all deals open on that day; nothing
that became known later is seen. Standard errors sample deals, not snapshots. Set OPENBLAS_NUM_THREADS=1 and OMP_NUM_THREADS=1
on a busy machine: threads that wait for each other cost more than they bring.
"""

import argparse
import resource
import time
import tomllib
from pathlib import Path

import numpy as np

from bench import figures, worlds
from bench.replay import Replay, replay
from crmsync.clock import MICROS_PER_DAY, parse_instant
from crmsync.forecast.dataset import open_deals
from crmsync.forecast.evaluate import log_losses, quality
from crmsync.forecast.fit import Training
from crmsync.forecast.recipe import Recipe
from crmsync.forecast.score import score
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS

MODEL = Path(__file__).parent.parent / "models" / "close.toml"
NOW = parse_instant("2026-09-21")
TEST_WEEKS, FUTURE_YEARS = 26, 5
NEWTON_STEPS = 8
LAW_HEAD = f"{'law':14}{'model':>9}{'boosting':>9}{'stage':>9}{'base':>9}{'AUC':>7}{'slope':>7}{'<=P20':>7}{'<=P50':>7}{'<=P80':>7}"


def recipe() -> Recipe:
    """The starter model's features and grid: the same for every past."""
    spec = tomllib.loads(MODEL.read_text())
    return Recipe(tuple(spec["features"]), penalties=tuple(spec["penalty"]["grid"]))


def main() -> None:
    """Reads the arguments and prints."""
    parser = argparse.ArgumentParser(
        prog="bench.forecast", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    world = verbs.add_parser("world")
    world.add_argument("place", type=Path)
    world.add_argument("--prefix", default="", help="before the names deals.csv and facts.csv")
    pipeline = verbs.add_parser("pipeline")
    pipeline.add_argument("place", type=Path)
    for verb in (world, pipeline):
        verb.add_argument("--from", dest="test_from", required=True, help="first Monday of the test")
        verb.add_argument("--refit-days", type=int, default=7)
    laws = verbs.add_parser("laws")
    laws.add_argument("--seeds", type=int, default=10)
    laws.add_argument("--deals", type=int, default=3_000)
    laws.add_argument("--boosting", action="store_true", help="boosted trees too, which takes most of the time")
    laws.add_argument("--only", choices=sorted(LAWS))
    verbs.add_parser("speed")
    chosen = parser.parse_args()
    if chosen.verb == "speed":
        speed()
    elif chosen.verb == "laws":
        every_law(chosen)
    else:
        past = (
            worlds.read(chosen.place, prefix=chosen.prefix)
            if chosen.verb == "world"
            else worlds.read_pipeline(chosen.place)
        )
        show(replay(past, recipe(), test_from=parse_instant(chosen.test_from), refit_days=chosen.refit_days))


def show(made: Replay) -> None:
    """All figures of one replay."""
    for lines in (figures.chances, figures.dates, figures.soon):
        for line in lines(made):
            print(line)


def every_law(chosen: argparse.Namespace) -> None:
    """Mean figures over seeds for each law; outcomes of the whole future, so nothing is still open."""
    print(LAW_HEAD)
    for name in [chosen.only] if chosen.only else LAWS:
        found = np.array([_law_figures(name, chosen, seed=seed) for seed in range(1, chosen.seeds + 1)])
        mean, error = (
            found.mean(axis=0),
            found.std(axis=0, ddof=1) / np.sqrt(len(found)) if len(found) > 1 else found[0] * 0,
        )
        print(
            f"{name:14}"
            + "".join(f"{value:9.4f}" for value in mean[:4])
            + "".join(f"{value:7.3f}" for value in mean[4:])
        )
        print(
            f"{'  se':14}"
            + "".join(f"{value:9.4f}" for value in error[:4])
            + "".join(f"{value:7.3f}" for value in error[4:])
        )


def _law_figures(name: str, chosen: argparse.Namespace, *, seed: int) -> list[float]:
    made = worlds.made(generate(law=LAWS[name], now=NOW, deals=chosen.deals, seed=seed))
    rivals = ("base_rate", "stage_rate", *(("boosting",) if chosen.boosting else ()))
    end = NOW + FUTURE_YEARS * 365 * MICROS_PER_DAY
    past = worlds.Past(made.facts, made.labels, end)
    found = replay(
        past, recipe(), test_from=NOW - TEST_WEEKS * 7 * MICROS_PER_DAY, until=NOW, refit_days=91, rivals=rivals
    )
    closed = found.won >= 0
    won = found.won[closed].astype(np.float64)
    losses = [
        log_losses(found.chance[rival][closed], won).mean()
        for rival in ("model", "boosting", "stage_rate", "base_rate")
    ]
    q = quality(found.chance["model"][closed], won, found.deal[closed])
    days, by = np.floor(found.days[found.won == 1]), found.quantiles[found.won == 1]
    return [*losses, q.auc, q.slope, *((days[:, None] <= by).mean(axis=0))]


def speed() -> None:
    """Training and scoring of a large book in processor seconds, each beside a floor of plain numpy."""
    past = worlds.made(generate(law=LAWS["milestones"], now=NOW, deals=19_000, seed=1))
    history = worlds.Past(past.facts, past.labels, past.now).known_by(NOW).history
    begun = time.process_time()
    training = Training(history, recipe(), until=NOW)
    fit = training.fit(NOW)
    taken, snapshots, peak = time.process_time() - begun, fit.trained.snapshots, _peak()
    width = sum(each.term.encoding.width for each in fit.formula.terms)
    print(
        f"train: {snapshots:,} snapshots of closed deals of {len(training.found):,}: {taken:.1f} s, peak {peak:,.0f} MiB"
    )
    print(f"  floor: {NEWTON_STEPS} Newton steps on {width} ready columns: {_newton(snapshots, width):.1f} s")
    deals = np.resize(open_deals(history, as_of=NOW), 100_000)
    begun = time.process_time()
    made = score(fit, history, deals, as_of=NOW)
    taken = time.process_time() - begun
    begun = time.process_time()
    _ = np.ones((len(made), width)) @ np.ones(width)
    floor = time.process_time() - begun
    print(f"score: {len(made):,} open deals, all at once: {taken:.1f} s, peak {_peak():,.0f} MiB")
    print(f"  floor: the formula's sum over ready columns: {floor:.2f} s")


def _newton(rows: int, width: int) -> float:
    """Processor seconds of one penalised logistic regression, its columns and outcomes made beforehand."""
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(rows, width))
    won = (rng.random(rows) < 0.3).astype(np.float64)
    begun, place = time.process_time(), np.zeros(width)
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-(columns @ place)))
        scaled = columns * np.sqrt(chance * (1 - chance))[:, None]
        place -= np.linalg.solve(scaled.T @ scaled + np.eye(width), columns.T @ (chance - won) + place)
    return time.process_time() - begun


def _peak() -> float:
    """MiB that this process has held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
