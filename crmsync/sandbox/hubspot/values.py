"""Are the values of a write acceptable? Turns them into the texts that are stored."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from crmsync.sandbox.hubspot.errors import Refused, invalid, invalid_property
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.moments import DAY, MILLI, SECOND, day_text, instant_text, read_instant
from crmsync.sandbox.hubspot.schema import Property

LONGEST = 65_536  # characters of a text


def accept(kind: Kind, told: Any, *, owners: frozenset[str]) -> dict[str, str]:
    """A body's properties as they are stored. Raises 400 for the first that isn't there, is read-only or doesn't fit.

    "" clears a property; null says nothing about it.
    """
    if not isinstance(told, Mapping):
        raise invalid('Invalid input JSON on line 1, column 1: Some required fields were not set: ["properties"]')
    accepted = {}
    for name, value in told.items():
        prop = kind.schema.properties.get(name)
        if prop is None:
            raise invalid_property(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        if prop.read_only:
            raise invalid_property(
                name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
            )
        if value is not None:
            accepted[name] = _accepted(prop, value, owners)
    return accepted


def _accepted(prop: Property, value: Any, owners: frozenset[str]) -> str:
    if not isinstance(value, str | int | float):
        raise invalid_property(prop.name, "INVALID_VALUE", f"{prop.name} must be a text, a number or a boolean")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not text:
        return ""
    if prop.type == "number":
        return _number(prop, text)
    if prop.type == "date":
        return _day(prop, text)
    if prop.type == "datetime":
        return instant_text(_instant(prop, text))
    if prop.type in ("enumeration", "bool"):
        return _choice(prop, text, owners)
    if len(text) > LONGEST:
        raise invalid_property(prop.name, "INVALID_LENGTH", f"{prop.name} is longer than {LONGEST} characters")
    return text


def _number(prop: Property, text: str) -> str:
    try:
        if Decimal(text).is_finite():
            return text
    except InvalidOperation:
        pass
    raise invalid_property(prop.name, "INVALID_DOUBLE", f"{text} was not a valid number.")


def _instant(prop: Property, text: str) -> int:
    at = read_instant(text)
    if at is None:
        raise invalid_property(prop.name, "INVALID_DATE", f"{text} was not a valid long.")
    return at


def _day(prop: Property, text: str) -> str:
    at = _instant(prop, text)
    if at % DAY:
        raise _not_midnight(prop, at, text)
    return day_text(at // DAY)


def _not_midnight(prop: Property, at: int, text: str) -> Refused:
    seconds, rest = divmod(at % DAY, SECOND)
    minutes, second = divmod(seconds, 60)
    hour = f"{minutes // 60}:{minutes % 60:02}:{second:02}.{rest // MILLI:03}"
    return invalid_property(prop.name, "INVALID_DATE", f"{text} is at {hour} UTC, not midnight!")


def _choice(prop: Property, text: str, owners: frozenset[str]) -> str:
    """One of the options; of a checkbox several, joined by semicolons."""
    allowed = owners if prop.owners else frozenset(value for value, _ in prop.options)
    parts = text.split(";") if prop.field_type == "checkbox" else [text]
    for part in parts:
        if part not in allowed:
            raise invalid_property(
                prop.name, "INVALID_OPTION", f"{part} was not one of the allowed options: {sorted(allowed)[:20]}"
            )
    return text
