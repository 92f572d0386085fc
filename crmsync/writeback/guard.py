"""May this plan go out? A plan that moves too much at once waits for a person: a fault of the model looks just like that.

Only values that stand in the CRM are guarded: what fills blank fields overwrites nobody, and the first plan of a CRM waits anyway.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from statistics import fmean

from crmsync.config import GuardConfig
from crmsync.records import TRAVELLERS, Result
from crmsync.store.outbox import Planned


def trips(plan: Sequence[Planned], limits: GuardConfig, *, open_deals: int) -> list[str]:
    """What a plan does beyond its limits, in words; empty when it may go out."""
    told = [row for row in plan if row.result not in TRAVELLERS]
    deals = len({row.deal_id for row in told})
    shifts = [shift for row in told if (shift := _shift(row)) is not None]
    found = [_beyond("would change {} deals (limit {})", deals, limits.deals)]
    jump = max(map(abs, shifts), default=0.0)
    found.append(_beyond("would move a probability by {:.1f} points (limit {:.1f})", jump, limits.jump_points))
    if deals >= limits.from_deals:
        found += [_moved(shifts, limits, open_deals), _mean(shifts, limits), _cleared(told, limits)]
    return [words for words in found if words]


def _beyond(words: str, value: float, limit: float) -> str:
    return words.format(value, limit) if value > limit else ""


def _moved(shifts: Sequence[float], limits: GuardConfig, open_deals: int) -> str:
    moved = sum(abs(shift) >= limits.move_points for shift in shifts)
    share = moved / max(open_deals, 1)
    words = (
        f"would move {moved} of {open_deals} deals by {limits.move_points:g} points or more ({{:.0%}}; limit {{:.0%}})"
    )
    return _beyond(words, share, limits.moved_share)


def _mean(shifts: Sequence[float], limits: GuardConfig) -> str:
    mean = abs(fmean(shifts)) if len(shifts) >= limits.from_deals else 0.0
    return _beyond("would shift the mean probability by {:.1f} points (limit {:.1f})", mean, limits.mean_points)


def _cleared(told: Sequence[Planned], limits: GuardConfig) -> str:
    cleared = sum(row.new is None and row.old is not None for row in told)
    return _beyond("would empty {:.0%} of the planned values (limit {:.0%})", cleared / len(told), limits.cleared_share)


def _shift(row: Planned) -> float | None:
    """How many points a probability that stands there moves; None for any other value."""
    if row.result is not Result.PROBABILITY or row.old is None or row.new is None:
        return None
    try:
        return float(Decimal(row.new) - Decimal(row.old))
    except InvalidOperation:  # what stands there is no number
        return None
