"""Whose field is it? Where a person's value stands, the field's rule says who yields; by default we do, without end.

An override is a person's value beside ours: the CRM's stands in `held`, ours in `score`, so that both can be graded later.
"""

from crmsync.records import TRAVELLERS, Result

YIELD, OURS, FILL_EMPTY, PROPOSE = "yield", "ours", "fill-empty", "propose"

EDITED = "a person's value stands there"
SAME = "nothing changed"
FILLED = "the field is filled, and only blank ones are ours"
PROPOSED = "proposed only"


def skip(
    result: Result, *, new: str | None, shown: str | None, ours: bool, rule: str = YIELD, age_days: float = 0.0
) -> str:
    """Why a value is not written, "" when it is.

    `shown` is what the CRM shows now; `ours`: it is blank, or the value that we wrote last; `age_days`: how long it has stood
    there, where the CRM tells.
    """
    if new == shown:
        return SAME
    if result in TRAVELLERS:
        return ""
    if rule == PROPOSE:
        return PROPOSED
    if rule == FILL_EMPTY and shown is not None:
        return FILLED
    return "" if ours or rule == OURS or age_days >= _patience(rule) else EDITED


def _patience(rule: str) -> float:
    """For how many days a person's value is left alone."""
    return float(rule.removeprefix(YIELD).removesuffix("days").strip() or "inf") if rule.startswith(YIELD) else 0.0
