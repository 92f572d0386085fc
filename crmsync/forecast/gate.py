"""May this fit be used? First form: it is compared with the base rate and the stage rate on deals that closed later.

The later deals are those of the training itself, each scored by a fit that saw only what was known before the snapshot.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from crmsync.forecast.evaluate import log_losses
from crmsync.forecast.facts import Floats


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison gave. Losses are weighted means over later snapshots, nan-free: 0 where there were none."""

    used: bool
    text: str
    snapshots: int
    log_loss: float
    log_loss_base: float
    log_loss_stage: float
    brier: float
    brier_base: float
    brier_stage: float

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        """From the mapping that `dataclasses.asdict` gave."""
        return cls(**body)


def judge(model: Floats, base: Floats, stage: Floats, *, won: Floats, weight: Floats, block: bool) -> Verdict:
    """Compares three sets of probabilities for the same later snapshots. With `block` a fit that loses isn't used."""
    if not len(won):
        return Verdict(not block, "no later deals to compare on", 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    rivals = (model, base, stage)
    losses = [_rounded(np.average(log_losses(rival, won), weights=weight)) for rival in rivals]
    squares = [_rounded(np.average((rival - won) ** 2, weights=weight)) for rival in rivals]
    beaten = [
        name
        for name, at in (("base rate", 1), ("stage rate", 2))
        if losses[0] >= losses[at] or squares[0] >= squares[at]
    ]
    text = f"on {len(won)} later snapshots log loss {losses[0]:.3f} (base rate {losses[1]:.3f}, stage rate {losses[2]:.3f})"
    text += f"; no better than the {' and the '.join(beaten)}" if beaten else "; better than both"
    return Verdict(not (block and beaten), text, len(won), *losses, *squares)


def _rounded(value: np.floating[Any]) -> float:
    return round(float(value), 9)
