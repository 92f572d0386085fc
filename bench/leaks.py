"""Leaks that were planted, and labels that were shuffled: is every one fenced out of the features, or refused by name?

    python -m bench.leaks --deals 1500 --shuffles 100

Five kinds by ten strengths, the strength being the share of the won deals that bear it: a step that only won deals have done from
their first day on (a copied outcome), a step ticked one second before the closing, one that is saved together with it, one that is
ticked then and dated back to the first day, and calls after the closing. A leak is fenced when no feature of any snapshot of any
deal differs from those without it; else the fit must be refused with its name. Then the outcomes of the closed deals are dealt out
anew, again and again, and every such fit must be refused.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench import worlds
from bench.forecast import NOW, recipe
from crmsync.clock import MICROS_PER_DAY, MICROS_PER_SECOND
from crmsync.errors import Stopped
from crmsync.forecast.dataset import snapshots
from crmsync.forecast.design import Table
from crmsync.forecast.facts import Facts, Floats, Ints
from crmsync.forecast.fit import train
from crmsync.forecast.history import History
from crmsync.forecast.recipe import Recipe
from crmsync.records import Kind, Phase
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS

STRENGTHS = tuple(round(0.1 * tenth, 1) for tenth in range(1, 11))
NAME = "countersigned"  # of a step that no world has
FENCED, NAMED, MISSED = "fenced", "refused by name", "MISSED"


@dataclass(frozen=True, slots=True)
class Leak:
    """When the fact is true and when the CRM learns of it, by the first sight and the closing of its deals."""

    at: Callable[[Ints, Ints], Ints]
    known_at: Callable[[Ints, Ints], Ints]
    kind: Kind = Kind.MILESTONE
    phase: Phase = Phase.DONE


LEAKS = {
    "copied outcome": Leak(lambda first, _: first, lambda first, _: first),
    "a second before": Leak(lambda _, end: end - MICROS_PER_SECOND, lambda _, end: end - MICROS_PER_SECOND),
    "of the same save": Leak(lambda _, end: end, lambda _, end: end),
    "back-dated tick": Leak(lambda first, _: first, lambda _, end: end),
    "after the closing": Leak(
        lambda _, end: end + MICROS_PER_DAY, lambda _, end: end + MICROS_PER_DAY, Kind.CALL, Phase.HAPPENED
    ),
}


def planted(past: worlds.Past, leak: Leak, strength: float, *, seed: int = 3) -> History:
    """The past with a leak in this share of its won deals."""
    facts = past.facts
    won = np.flatnonzero((facts.kind == Kind.OUTCOME) & (facts.phase == Phase.DONE) & (facts.value == 1))
    chosen = facts.take(won[np.random.default_rng(seed).random(len(won)) < strength])
    deals, inverse = np.unique(facts.deal, return_inverse=True)
    begun = np.full(len(deals), np.iinfo(np.int64).max)
    np.minimum.at(begun, inverse, np.maximum(facts.at, facts.known_at))
    first, end = begun[np.searchsorted(deals, chosen.deal)], np.maximum(chosen.at, chosen.known_at)
    count = len(chosen)
    added = replace(
        chosen,
        at=leak.at(first, end),
        known_at=leak.known_at(first, end),
        kind=np.full(count, leak.kind, np.int8),
        phase=np.full(count, leak.phase, np.int8),
        name=np.full(count, len(past.labels), np.int32),
        value=np.zeros(count, np.int64),
    )
    columns = (np.concatenate([getattr(facts, name), getattr(added, name)]) for name in Facts.__slots__)
    return History(Facts(*columns), (*past.labels, NAME))


def shuffled(past: worlds.Past, *, seed: int) -> History:
    """The past with the outcomes of its closed deals dealt out anew among them."""
    facts = past.facts
    closings = np.flatnonzero((facts.kind == Kind.OUTCOME) & (facts.phase == Phase.DONE))
    value = facts.value.copy()
    value[closings] = np.random.default_rng(seed).permutation(value[closings])
    return History(replace(facts, value=value), past.labels)


def seen_by_features(history: History, made: Recipe, *, by: int) -> Floats:
    """The design matrix of all snapshots of all deals up to an instant, by encodings that are learnt from all of them."""
    found = snapshots(history, by=by, every_days=made.every_days)
    table = Table(history.as_of(history.deals[found.deal], found.at))
    every = np.arange(len(found))
    return table.matrix(table.learn(made, every), every)


def fate(past: worlds.Past, made: Recipe, plain: Floats, leak: Leak, strength: float) -> str:
    """What becomes of a planted leak."""
    history = planted(past, leak, strength)
    if np.array_equal(seen_by_features(history, made, by=past.now), plain, equal_nan=True):
        return FENCED
    gate = train(history, made, as_of=past.now).gate
    return NAMED if not gate.used and NAME in gate.text else MISSED


def refused(history: History, made: Recipe, *, by: int) -> bool:
    """Whether a fit of this past isn't used."""
    try:
        return not train(history, made, as_of=by).gate.used
    except Stopped:
        return True


def grid(past: worlds.Past, made: Recipe, strengths: Sequence[float] = STRENGTHS) -> dict[str, list[str]]:
    """The fate of each kind of leak by strength."""
    plain = seen_by_features(past.history, made, by=past.now)
    return {kind: [fate(past, made, plain, leak, each) for each in strengths] for kind, leak in LEAKS.items()}


def main() -> None:
    """Reads the arguments and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=1_500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shuffles", type=int, default=100)
    told = parser.parse_args()
    made = replace(recipe(), block=True)
    past = worlds.made(generate(law=LAWS["milestones"], now=NOW, deals=told.deals, seed=told.seed)).known_by(NOW)
    fates = grid(past, made)
    print(f"{'strength':18}" + "".join(f"{each:>16.0%}" for each in STRENGTHS))
    for kind, row in fates.items():
        print(f"{kind:18}" + "".join(f"{each:>16}" for each in row), flush=True)
    stood = sum(each != MISSED for row in fates.values() for each in row)
    print(f"{stood} of {len(LEAKS) * len(STRENGTHS)} fenced or refused by name")
    kept = 0
    for seed in range(told.shuffles):
        kept += refused(shuffled(past, seed=seed), made, by=past.now)
        if (seed + 1) % 10 == 0:
            print(f"shuffled labels: {kept} of {seed + 1} refused", flush=True)


if __name__ == "__main__":
    main()
