"""How many owners does the stall map show where none differs, and how many where one is slow? On local worlds.

    python -m bench.stalls --seeds 10 --deals 1500

Law `no-owners`. Printed: owners shown, pairs of owner and step shown, and in how many worlds the owner with most promises is shown
when a share of the kept ones is turned into stalled ones.
"""

import argparse
from dataclasses import replace

import numpy as np

from bench import worlds
from bench.forecast import NOW
from crmsync.forecast.stalls import STATED_SHARE, Promises, by_owner, by_owner_and_step, promises
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import LAWS

TURNED = (0.1, 0.2, 0.3)


def slow_is_shown(found: Promises, share: float) -> bool:
    """Whether an owner who stalls more is shown as such."""
    slow = int(np.bincount(found.owner).argmax())
    turned = (found.owner == slow) & (np.random.default_rng(1).random(len(found)) < share)
    told = by_owner(replace(found, stalled=np.where(turned, 1.0, found.stalled)))
    return any(stall.shown and stall.group == slow and stall.low > 0 for stall in told)


def main() -> None:
    """Reads the arguments and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--deals", type=int, default=1_500)
    told = parser.parse_args()
    owners, pairs, slow = [], [], []
    for seed in range(1, told.seeds + 1):
        past = worlds.made(generate(law=LAWS["no-owners"], now=NOW, deals=told.deals, seed=seed)).known_by(NOW)
        found = promises(past.history, by=NOW)
        owners += [stall.shown for stall in by_owner(found)]
        pairs += [stall.shown for stall in by_owner_and_step(found)[0]]
        slow.append([slow_is_shown(found, share) for share in TURNED])
    print(
        f"owners shown: {sum(owners)} of {len(owners)}, pairs shown: {sum(pairs)} of {len(pairs)}; stated {STATED_SHARE:.0%}"
    )
    for share, shown in zip(TURNED, np.array(slow).T, strict=True):
        print(f"one owner's kept promises stalled by {share:.0%}: shown in {shown.sum()} of {len(shown)} worlds")


if __name__ == "__main__":
    main()
