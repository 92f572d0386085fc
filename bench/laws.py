"""How close the model comes to the truth: every law of the local CRMs, several seeds, log loss and Brier beside the baselines.

    python -m bench.laws --seeds 10 --deals 3000

Each world goes through the local Salesforce and HubSpot; the open deals of past dates are scored by fits that saw only what was
known by then. `gap closed` is the share of the distance in log loss from the stage rate to the truth that the model covers.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench import options
from crmsync import proof, starter, workspace
from crmsync.proof import WAYS
from crmsync.sandbox.laws import LAWS

Figures = list[float]  # log loss of each way, Brier of each way


def one(law: str, seed: int, deals: int) -> Figures:
    """One world."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        starter.init(root)
        spec = workspace.model(root, "close")
        found = proof.prove(LAWS[law], spec, Path(folder) / "world", deals=deals, seed=seed).qualities()
    return [found[way].log_loss for way in WAYS] + [found[way].brier for way in WAYS]


def rows(laws: Sequence[str], seeds: Sequence[int], deals: int) -> Iterator[tuple[str, Figures]]:
    """The mean over the seeds, law by law."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        tried = {law: [pool.submit(one, law, seed, deals) for seed in seeds] for law in laws}
        for law, worlds in tried.items():
            yield law, np.mean([world.result() for world in worlds], axis=0).tolist()


def main() -> None:
    """Prints the table."""
    told = options.add_worlds(options.parser(__doc__)).parse_args()
    head = "".join(f"{way:>12}" for way in WAYS)
    print(f"{'':16}{'log loss':>12}{'':36}{'Brier':>12}{'':36}\n{'law':16}{head}{head}  gap closed  model/truth")
    for law, figures in rows(told.law or list(LAWS), options.seeds_of(told), told.deals):
        _, stage, model, truth = figures[:4]
        gap = f"{(stage - model) / (stage - truth):11.0%}" if stage - truth > 0.005 else f"{'-':>11}"
        print(f"{law:16}{''.join(f'{figure:12.4f}' for figure in figures)}{gap}{model / truth:13.3f}", flush=True)


if __name__ == "__main__":
    main()
