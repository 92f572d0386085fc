"""What a feature is, and how a function becomes one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from crmsync.forecast.columns import Column
from crmsync.forecast.history import AsOf

Family = Literal["deal", "stage", "promises", "engagement"]
Unit = Literal["number", "days", "share", "name", "money", "times", "done", "passed", "planned", "present"]
Compute = Callable[[AsOf], Column]


@dataclass(frozen=True, slots=True)
class Feature:
    """A registered feature. Features of one `part` stand as one reason, under the sentence of the first of them."""

    name: str
    family: Family
    part: str
    unit: Unit
    sentence: str
    compute: Compute


REGISTERED: dict[str, Feature] = {}  # `features` gives them, once its files have registered all


def feature(family: Family, unit: Unit, *, part: str = "") -> Callable[[Compute], Compute]:
    """Registers a function as a feature under its own name."""

    def register(compute: Compute) -> Compute:
        name = compute.__name__
        sentence = (compute.__doc__ or "").strip().split("\n")[0].rstrip(".")
        REGISTERED[name] = Feature(name, family, part or name, unit, sentence, compute)
        return compute

    return register
