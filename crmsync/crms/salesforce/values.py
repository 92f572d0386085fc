"""Salesforce's JSON <-> our numbers: ISO instants to the second, days without a zone, exact decimals, null for blank."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from crmsync.canonical import PLACES, canonical
from crmsync.clock import parse_instant, to_day
from crmsync.records import RESULT_TYPES, Result

ISO_DATE_LENGTH = len("2026-01-31")


class Version(NamedTuple):
    """One value that a field took, as text, "" for blank. `user` is the id of who set it."""

    at: int
    text: str
    user: str


@dataclass(frozen=True, slots=True)
class Child:
    """What is read along with each record: the records of another object whose field `parent` names it, under a relationship."""

    relationship: str
    entity: str
    parent: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"({soql(self.fields, self.relationship)})"


@dataclass(slots=True, eq=False)
class Row:
    """A record as the API gives it. Not frozen, which would take three times as long to make, and there is one for each save."""

    raw: dict[str, Any]

    @property
    def id(self) -> str:
        """The record's id, 18 characters."""
        return str(self.raw["Id"])

    @property
    def deleted(self) -> bool:
        """Whether it lies in the recycle bin."""
        return bool(self.raw.get("IsDeleted"))

    @property
    def created_at(self) -> int:
        """When the record was made."""
        return parse_instant(self.raw["CreatedDate"])

    @property
    def modified_at(self) -> int:
        """When anybody or the system last changed the record."""
        return parse_instant(self.raw["SystemModstamp"])

    def get(self, name: str) -> str:
        """A field's text, "" when it is blank; a dotted name leads through a parent."""
        value = self.raw.get(name)
        if isinstance(value, str):
            return value
        if value is None and "." in name:
            value = self._led_to(name)
        if value is None:
            return ""
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _led_to(self, name: str) -> Any:
        value: Any = self.raw
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def true(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.raw.get(name) is True

    def saves(self, history: str) -> "list[Save]":
        """The live records of a history, oldest first."""
        listed = (self.raw.get(history) or {}).get("records") or ()
        rows = [Row(record) for record in listed if not record.get("IsDeleted")]
        saves = [(row.created_at, row) for row in rows]
        return sorted(saves, key=lambda save: (save[0], save[1].id)) if len(saves) > 1 else saves


Save = tuple[int, Row]  # a record of a history, and its instant


@lru_cache(maxsize=8_192)  # many records share a day
def day(text: str) -> int:
    """A calendar day, as it stands there: no zone shifts it. Raises ValueError."""
    return to_day(date.fromisoformat(text[:ISO_DATE_LENGTH]))


def quoted(text: str) -> str:
    """A text as SOQL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def soql(fields: Iterable[str], source: str, *, where: str = "", tail: str = "") -> str:
    """A query; `where` is a condition, `tail` an ORDER BY or LIMIT."""
    parts = ["SELECT", ", ".join(dict.fromkeys(fields)), "FROM", source, f"WHERE {where}" if where else "", tail]
    return " ".join(part for part in parts if part)


def all_of(conditions: Iterable[str]) -> str:
    """A condition that holds where all of these do; blank ones don't count."""
    return " AND ".join(f"({condition})" for condition in conditions if condition)


def to_crm(result: Result, value: str | None) -> str | float | None:
    """Canonical text -> what Salesforce takes; null clears."""
    return float(value) if value is not None and RESULT_TYPES[result] in PLACES else value


def from_crm(result: Result, text: str) -> str | None:
    """What Salesforce shows -> canonical text."""
    return canonical(result, text, instant=parse_instant)
