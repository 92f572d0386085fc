"""May this fit be used, and what may its score be called?

It is compared with the base rate and the stage rate on deals that closed later: those of the training itself, each scored by a
fit that saw only what was known before the snapshot. To be called a `model` it must be better than both by a margin in log loss
and Brier score, and than the base rate by two standard errors as well (deals are what is sampled). With too few later deals to
tell, it is a `prior`: a fit that stays near the base rate, as its strong penalty has it. With enough later deals and no
advantage it is refused. So is one that is surely worse than the fit in use on snapshots from after that one's training; the
new one's trials stand for it. Where fields of the CRM speak of chances (`incumbents`), it has to beat their rates as well. Whatever
it looks like, a fit is refused when one column tells the outcome from the start (see
`leaks`), or when it is better than such forecasts are.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from crmsync.forecast.dataset import Examples
from crmsync.forecast.evaluate import auc, expected_calibration_error, log_losses, standard_error
from crmsync.forecast.facts import Floats, Ints
from crmsync.records import MODEL, PRIOR

MARGIN_LOG_LOSS, MARGIN_BRIER = 0.002, 0.0005
ERRORS = 2.0  # standard errors by which the base rate must be beaten
FEWEST_DEALS = 50  # later deals: below it no advantage counts as shown
ENOUGH_DEALS = 200  # later deals: from here on a fit without an advantage has none
MOST_AUC = 0.95  # of whole snapshots, long before the end: above it something looks ahead
MOST_ECE = 0.15  # mean distance of said from won over tenths: above it a chance isn't what it says
LOSSES = ("log_loss", "log_loss_base", "log_loss_stage", "brier", "brier_base", "brier_stage")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison gave. Losses are weighted means over later snapshots, nan-free: 0 where there were none."""

    used: bool
    kind: str  # MODEL or PRIOR
    text: str
    deals: int
    snapshots: int
    log_loss: float
    log_loss_base: float
    log_loss_stage: float
    brier: float
    brier_base: float
    brier_stage: float
    # by field of the CRM: our log loss and its, where it speaks
    rivals: dict[str, list[float]] = field(default_factory=dict)
    # calibration and gaps on the later deals, see `grades`
    grades: dict[str, Any] = field(default_factory=dict)
    # stability index of each feature that has drifted, see `drift`
    drift: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Self:
        """From the mapping that `dataclasses.asdict` gave."""
        return cls(**body)

    def leaking(self, parts: list[str]) -> Self:
        """The verdict on a fit with columns that tell the outcome: it isn't used, they are named."""
        if not parts:
            return self
        return replace(self, used=False, text=f"leak, known from a deal's first day: {', '.join(parts)}")

    def against(self, name: str, later: "Later", theirs: Floats, *, block: bool) -> Self:
        """The verdict beside what a field of the CRM says, as rates, nan where it says nothing. As strict as with the baselines."""
        part = later.take(~np.isnan(theirs))
        deals = len(np.unique(part.deal))
        if deals < FEWEST_DEALS:
            return self
        losses, squares = part.losses(part.model, theirs[~np.isnan(theirs)])
        told = replace(self, rivals={**self.rivals, name: losses})
        if _better(losses, squares, 1):
            return told
        few = deals < ENOUGH_DEALS
        text = f"{self.text}; no better than {name} in the CRM (log loss {losses[0]:.3f} to {losses[1]:.3f})"
        return replace(told, used=self.used and (few or not block), kind=PRIOR if few else self.kind, text=text)

    def beside(self, later: "Later", in_use: Floats) -> Self:
        """The verdict on a fit beside the one in use, whose chances for these snapshots (of its own future) stand in `in_use`."""
        deals = len(np.unique(later.deal))
        if not _worse(later, in_use):
            return self
        (loss, held), _ = later.losses(later.model, in_use)
        what = f"log loss {loss:.3f} to {held:.3f} on {deals} deals that it had not learnt from"
        return replace(self, used=False, text=f"worse than the fit in use: {what}")


@dataclass(frozen=True, slots=True)
class Later:
    """Later snapshots, shape (m,), with the chances that the fit and the two baselines gave them."""

    deal: Ints
    won: Floats
    weight: Floats
    model: Floats
    base: Floats
    stage: Floats

    def take(self, rows: ArrayLike) -> Self:
        """The snapshots at these rows (indices or a mask)."""
        return type(self)(*(getattr(self, column.name)[rows] for column in fields(self)))

    def losses(self, *rivals: Floats) -> tuple[list[float], list[float]]:
        """Mean log loss and Brier score of each of some chances."""
        log_loss = [_rounded(np.average(log_losses(each, self.won), weights=self.weight)) for each in rivals]
        brier = [_rounded(np.average((each - self.won) ** 2, weights=self.weight)) for each in rivals]
        return log_loss, brier


def holds_against(challenger: Floats, champion: Floats, sample: Examples) -> tuple[bool, str]:
    """Whether a fit that has stood beside the one in use isn't surely worse on what came since, and both log losses in words."""
    if not len(sample):
        return True, "nothing has closed since"
    later = Later(sample.deal, sample.won, sample.weight, challenger, champion, champion)
    (loss, held), _ = later.losses(challenger, champion)
    return not _worse(later, champion), f"log loss {loss:.3f}, the champion's {held:.3f} on {sample.deals} deals since"


def credibility(deals: int) -> float:
    """How much of its effects a fit may show that was tried on so few later deals: all of them from ENOUGH_DEALS on."""
    return min(deals / ENOUGH_DEALS, 1.0)


def judge(later: Later, *, block: bool) -> Verdict:
    """The verdict. With `block` a fit that has no advantage isn't used."""
    if not len(later.won):
        return Verdict(
            used=True,
            kind=PRIOR,
            text="no later deals to compare on",
            deals=0,
            snapshots=0,
            **_figures([0.0] * len(LOSSES)),
        )
    losses, squares = later.losses(later.model, later.base, later.stage)
    found = auc(later.model, later.won)
    beaten = [name for name, at in (("base rate", 1), ("stage rate", 2)) if not _better(losses, squares, at)]
    deals = len(np.unique(later.deal))
    gain = log_losses(later.base, later.won) - log_losses(later.model, later.won)
    shown = not beaten and deals >= FEWEST_DEALS and _surely(gain, later)
    kind = MODEL if shown or deals >= ENOUGH_DEALS else PRIOR
    text = f"on {deals} later deals log loss {losses[0]:.3f} (base rate {losses[1]:.3f}, stage rate {losses[2]:.3f})"
    text += f"; no better than the {' and the '.join(beaten)}" if beaten else "; better than both"
    text += "" if shown or beaten else ", but not by more than chance may give"
    if found > MOST_AUC:
        text = f"leak: on {deals} later deals AUC is {found:.3f}, more than what lies ahead allows"
    ece = expected_calibration_error(later.model, later.won) if deals >= ENOUGH_DEALS else 0.0
    text += f"; badly calibrated: said and won are {ece:.2f} apart in the mean" if ece > MOST_ECE else ""
    used = found <= MOST_AUC and ece <= MOST_ECE and not (block and not shown and kind == MODEL)
    return Verdict(
        used=used, kind=kind, text=text, deals=deals, snapshots=len(later.won), **_figures([*losses, *squares])
    )


def _figures(values: list[float]) -> dict[str, Any]:
    return dict(zip(LOSSES, values, strict=True))


def _better(losses: list[float], squares: list[float], at: int) -> bool:
    return losses[0] <= losses[at] - MARGIN_LOG_LOSS and squares[0] <= squares[at] - MARGIN_BRIER


def _worse(later: Later, other: Floats) -> bool:
    """Is the fit worse than another one, by the margin and by more than chance may give?"""
    if len(np.unique(later.deal)) < FEWEST_DEALS:
        return False
    excess = log_losses(later.model, later.won) - log_losses(other, later.won)
    return float(np.average(excess, weights=later.weight)) > MARGIN_LOG_LOSS and _surely(excess, later)


def _surely(gain: Floats, later: Later) -> bool:
    """Is a gain, by snapshot, larger on the whole than chance makes it?"""
    weighed = gain * later.weight / later.weight.mean()
    return float(weighed.mean()) > ERRORS * standard_error(weighed, later.deal)


def _rounded(value: np.floating[Any]) -> float:
    return round(float(value), 9)
