"""What a model is made of: the settings that a fit depends on, besides the facts."""

from dataclasses import dataclass, field

from crmsync.forecast.workdays import Workdays


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of one forecasting model; the model's TOML converts to this.

    `penalties` are values of C, the inverse of the L2 penalty, with weights that sum to the number of deals, on columns that were
    scaled to what the evidence says of their feature (`path.relevance`): 1 keeps to it, less pulls more to zero.
    """

    features: tuple[str, ...]
    penalties: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
    every_days: int = 7  # between the snapshots of a deal
    created_from: int = 0  # micros: learn only from deals made since
    min_closed: int = 30  # closed deals needed to learn at all
    min_each: int = 5  # of them won, and of them lost
    rare_deals: int = 5  # a level or step name that fewer deals have is pooled with the other rare ones
    max_levels: int = 50  # of a stage, step name and so on; the commonest stay
    knots: int = 8  # thresholds of a step-indicator encoding, at equal shares of the training snapshots
    cuts: int = 3  # dates at which the penalty is tried on later data
    horizon_days: int = 28  # of the chance of being won soon
    workdays: Workdays = field(default_factory=Workdays)
    block: bool = False  # the gate keeps a fit that has no advantage over the baselines from scoring
