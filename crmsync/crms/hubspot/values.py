"""HubSpot's texts <-> our numbers. Every property is a text: ISO or epoch milliseconds for instants, "" for blank."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from crmsync.canonical import canonical
from crmsync.clock import parse_instant, to_datetime, to_day
from crmsync.records import Result

MICROS_PER_MILLI = 1_000
FIRST_MS, LAST_MS = 10**11, 253_402_300_799_999  # March 1973 and the end of 9999
ISO_DATE_LENGTH = len("2026-01-31")


class Version(NamedTuple):
    """One value that a property took. `user` is HubSpot's user id, "" when no person set it; then `source` says what did, and
    `app` which one of that kind.
    """

    at: int
    text: str
    user: str = ""
    source: str = ""
    app: str = ""


@dataclass(slots=True, eq=False)
class Row:
    """A record as the API gives it. Not frozen, which would take three times as long to make."""

    raw: dict[str, Any]

    @property
    def id(self) -> str:
        """The record's id."""
        return str(self.raw["id"])

    @property
    def created_at(self) -> int:
        """When the record was made, by HubSpot's stamp."""
        return instant(self.get("hs_createdate") or self.raw["createdAt"])

    @property
    def modified_at(self) -> int:
        """When the record was last changed."""
        return instant(self.raw["updatedAt"])

    def get(self, name: str) -> str:
        """A property's present text, "" when it is blank or wasn't asked for."""
        return _text((self.raw.get("properties") or {}).get(name))

    def remembers(self, name: str) -> bool:
        """Whether HubSpot tells the history of a property."""
        return bool((self.raw.get("propertiesWithHistory") or {}).get(name))

    def versions(self, name: str) -> list[Version]:
        """The values of a property, oldest first. HubSpot keeps only the newest (about 20), so the first may not be the very first.

        A property with a value but without history gives that value, as of the record's creation.
        """
        listed = (self.raw.get("propertiesWithHistory") or {}).get(name) or []
        if not listed:
            text = self.get(name)
            return [Version(self.created_at, text)] if text else []
        found = [
            Version(
                instant(version["timestamp"]),
                _text(version.get("value")),
                str(version.get("updatedByUserId") or ""),
                version.get("sourceType") or "",
                str(version.get("sourceId") or ""),
            )
            for version in reversed(listed)
        ]
        return sorted(found, key=lambda version: version.at)


def _text(value: object) -> str:
    """A property's text. HubSpot's are texts, or null where blank; what is neither is shown as it stands."""
    return value if isinstance(value, str) else "" if value is None else str(value)


@lru_cache(maxsize=8_192)  # a record's stamps are read several times, and all that it was given with share one
def instant(text: str) -> int:
    """An instant as micros. Raises ValueError, also for a number that counts something else than milliseconds."""
    if not re.fullmatch(r"-?[0-9]+", text):
        return parse_instant(text)
    millis = int(text)
    if not FIRST_MS <= abs(millis) <= LAST_MS:
        raise ValueError(
            f"{text} doesn't count milliseconds since 1970: seconds would be so small, microseconds so large"
        )
    return millis * MICROS_PER_MILLI


@lru_cache(maxsize=8_192)  # many records share a day
def day(text: str, zone: tzinfo) -> int:
    """A calendar day: of a `date` property as it stands there, of an instant as the account's clocks show it. Raises ValueError."""
    if len(text) == ISO_DATE_LENGTH and not text.isdigit():
        return to_day(date.fromisoformat(text))
    try:
        return to_day(to_datetime(instant(text)).astimezone(zone).date())
    except OverflowError:
        raise ValueError("no calendar goes so far") from None


def to_crm(value: str | None) -> str:
    """Canonical text -> what HubSpot takes: the same, and "" clears (null would be refused or ignored)."""
    return value or ""


def from_crm(result: Result, text: str) -> str | None:
    """What HubSpot shows -> canonical text."""
    return canonical(result, text, instant=instant)


def changes(versions: list[Version]) -> Iterator[Version]:
    """The versions whose text differs from the one before."""
    last = None
    for version in versions:
        if version.text != last:
            yield version
        last = version.text
