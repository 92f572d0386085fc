"""Does the claim tester expose views that only follow age, and see those that tell? On local worlds.

    python -m bench.claims --seeds 10 --deals 3000

Printed for each law: in how many worlds "so many views" got which verdict, the mean of its raw rate, of the base rate, and of the
difference from deals of equal age with the mean of its range's half width.
"""

from collections import Counter

import numpy as np

from bench import options, worlds
from bench.forecast import NOW
from crmsync.forecast.channels import VIEWS
from crmsync.forecast.claims import Answer, Claim, answer
from crmsync.forecast.dataset import examples, snapshots
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS

AT_LEAST = (2, 4, 8)
SHOWN = ("views-by-age", "no-milestones", "nothing")


def answers(law: str, seed: int, deals: int) -> list[Answer]:
    """The claim about each count of views in one world."""
    history = worlds.made(generate(law=LAWS[law], now=NOW, deals=deals, seed=seed)).known_by(NOW).history
    sample = examples(history, snapshots(history, by=NOW, every_days=7), by=NOW)
    return [answer(history, sample, Claim(f"{least} views", VIEWS, 0.97, at_least=least)) for least in AT_LEAST]


def main() -> None:
    """Reads the arguments and prints."""
    told = options.add_worlds(options.parser(__doc__)).parse_args()
    for law in told.law or SHOWN:
        found = [answers(law, seed, told.deals) for seed in options.seeds_of(told)]
        for claim, each in zip(AT_LEAST, zip(*found, strict=True), strict=True):
            verdicts = ", ".join(
                f"{count} {name}" for name, count in Counter(one.verdict for one in each).most_common()
            )
            raw, base, apart, half = np.mean(
                [
                    (one.raw.value, one.base_rate, one.difference.value, one.difference.high - one.difference.value)
                    for one in each
                ],
                axis=0,
            )
            figures = f"raw {raw:.3f}, base rate {base:.3f}, at equal age {apart:+.3f} (± {half:.3f})"
            print(f"{law:14} {claim} views: {figures}; {verdicts}", flush=True)


if __name__ == "__main__":
    main()
