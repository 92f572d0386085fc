"""What a SOQL query is made of."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Path:
    """A field, or one reached through relationships; `at` is where it stands in the text."""

    parts: tuple[str, ...]
    at: int = 0

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a field, such as COUNT(Id); COUNT() has none."""

    function: str
    path: Path | None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in a condition. `kind`: string, number, boolean, null, instant, day or relative (TODAY, LAST_N_DAYS:n)."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Compare:
    """`path operator value`; LIKE is an operator too."""

    path: Path
    operator: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Among:
    """`path IN (...)` or NOT IN, of literals or of a query's first field."""

    path: Path
    choice: "tuple[Literal, ...] | Query"
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Both:
    """All conditions, or any of them."""

    conditions: tuple[Any, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT."""

    condition: Any


@dataclass(frozen=True, slots=True)
class Ordering:
    """One key of ORDER BY. Blanks come first unless it says otherwise."""

    key: Path | Call
    descending: bool = False
    nulls_last: bool = False


@dataclass(slots=True)
class Query:
    """A whole query; `selected` holds paths, calls and child queries."""

    selected: list[Any]
    entity: str
    entity_at: int = 0
    alias: str | None = None
    where: Any = None
    group: list[Path] = field(default_factory=list)
    order: list[Ordering] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
