"""The parts of a score as people call them. A part is named by its features' `part`, and a level of it stands behind a colon."""

from collections.abc import Mapping

from crmsync.forecast.feature import Feature
from crmsync.forecast.features import FEATURES


def part_name(part: str, labels: Mapping[str, str] | None = None) -> str:
    """The sentence of the part's first feature, with the level that it names; `labels`: what levels are called."""
    name, colon, level = part.partition(":")
    lead = _lead(part)
    sentence = name if lead is None else lead.sentence
    return f"{sentence}: {(labels or {}).get(level, level) or 'others'}" if colon else sentence


def is_of_promises(part: str) -> bool:
    """Whether it says something of promises only, and so nothing of a deal without a plan."""
    lead = _lead(part)
    return lead is not None and lead.family == "promises"


def _lead(part: str) -> Feature | None:
    """The first feature of a part; None for what an older version called so."""
    return next((each for each in FEATURES.values() if each.part == part.partition(":")[0]), None)
