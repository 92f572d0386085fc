"""Are the values of a write acceptable: types, lengths, ranges, references, rights. Turns them into the form that is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crmsync.sandbox.records import Value
from crmsync.sandbox.salesforce.errors import Refused, malformed_id
from crmsync.sandbox.salesforce.ids import check_characters, well_formed
from crmsync.sandbox.salesforce.moments import day_text, instant_text, read_day, read_instant
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.reader import by_id
from crmsync.sandbox.salesforce.schema import NUMBERS, TEXTS, Field
from crmsync.sandbox.salesforce.table import Table

_LARGEST = 1e300  # beyond it a JSON number is none that the API reads
_TOKENS = {bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", str: "VALUE_STRING"}


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes. A person at the screen has rights of their own: only users of the API are `limited` to the API profile's."""

    user: str
    limited: bool = True


def parse_fields(org: Org, table: Table, body: Mapping[str, Any], *, writer: Writer) -> dict[Field, Value]:
    """A body's fields with values of the right JSON type.

    Raises INVALID_FIELD for a field that isn't there or isn't visible, JSON_PARSER_ERROR for a value of another type: both make
    a whole call fail, before any record is looked at.
    """
    found: dict[Field, Value] = {}
    for name, value in body.items():
        field = table.schema.field(name)
        if field is None or (writer.limited and not org.rights.readable(writer.user, table.name, field)):
            raise Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {table.name}")
        found[field] = value if value is None else _typed(field, value)
    return found


def _typed(field: Field, value: Any) -> Value:
    reader = _READERS.get(field.type, _READERS["string"])
    read = reader(value)
    if read is None:
        shown = str(value).lower() if isinstance(value, bool) else value
        token = "VALUE_FALSE" if value is False else _TOKENS.get(type(value), "START_OBJECT")
        kind = "double" if field.type in NUMBERS else field.type if field.type in _READERS else "string"
        raise Refused(
            "JSON_PARSER_ERROR",
            f"Cannot deserialize instance of {kind} from {token} value {shown} or request may be missing a required field "
            "at [line:1, column:1]",
        )
    return read


def _number(value: Any) -> Value:
    if type(value) not in (int, float) or abs(value) > _LARGEST:
        return None
    return float(value)


def _day(value: Any) -> Value:
    day = read_day(value) if isinstance(value, str) else None
    return None if day is None else day_text(day)


def _instant(value: Any) -> Value:
    at = read_instant(value) if isinstance(value, str) else None
    return None if at is None else instant_text(at)


_READERS: dict[str, Callable[[Any], Value]] = {
    "string": lambda value: value if isinstance(value, str) else None,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "date": _day,
    "datetime": _instant,
    **dict.fromkeys(NUMBERS, _number),
}


def accept(
    org: Org, table: Table, fields: Mapping[Field, Value], *, writer: Writer, creating: bool = False
) -> dict[str, Value]:
    """The values as they are stored. Raises what makes one record fail."""
    _refuse_unwritable(org, table, fields, writer=writer, creating=creating)
    accepted = {field.name: _accepted(org, table, field, value) for field, value in fields.items()}
    if creating:
        accepted = {**_defaults(org, table, accepted, writer), **accepted}
    missing = [
        field.name
        for field in table.schema.fields.values()
        if field.required and (creating or field.name in accepted) and accepted.get(field.name) is None
    ]
    if missing:
        raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", fields=missing)
    return accepted


def _refuse_unwritable(
    org: Org, table: Table, fields: Mapping[Field, Value], *, writer: Writer, creating: bool
) -> None:
    closed = [
        field.name
        for field in fields
        if not (field.can_create if creating else field.writable)
        or (writer.limited and not org.rights.editable(writer.user, table.name, field))
    ]
    if closed:
        raise Refused(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(closed)}. Please check the security settings of this field and verify "
            "that it is read/write for your profile or permission set.",
            fields=closed,
        )


def _defaults(org: Org, table: Table, given: Mapping[str, Value], writer: Writer) -> dict[str, Value]:
    special: dict[str, Value] = {"corporate": org.past.corporate_currency, "running user": writer.user}
    return {
        field.name: special.get(field.default, field.default) if isinstance(field.default, str) else field.default
        for field in table.schema.fields.values()
        if field.default is not None and field.name not in given and field.can_create
    }


def _accepted(org: Org, table: Table, field: Field, value: Value) -> Value:
    if value is None or value == "":
        if field.type == "boolean":
            raise Refused(
                "INVALID_TYPE_ON_FIELD_IN_RECORD",
                f"{field.name}: value not of required type: null",
                fields=[field.name],
            )
        return None
    if field.type in NUMBERS:
        return _in_range(field, float(value))
    if field.type == "reference":
        return _reference(org, field, str(value))
    if field.type in TEXTS and isinstance(value, str):
        return _text(org, table, field, value)
    return value


def _in_range(field: Field, value: float) -> float:
    limit = Decimal(10) ** (field.precision - field.scale)
    exact = Decimal(repr(value))
    rounded = exact.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP) if abs(exact) < limit else exact
    if abs(rounded) >= limit:
        message = f"{field.name}: value outside of valid range on numeric field: {value}"
        raise Refused("NUMBER_OUTSIDE_VALID_RANGE", message, fields=[field.name])
    return float(rounded)


def _text(org: Org, table: Table, field: Field, value: str) -> str:
    if len(value) > field.length:
        raise Refused(
            "STRING_TOO_LONG",
            f"{field.name}: data value too large: {value} (max length={field.length})",
            fields=[field.name],
        )
    listed = org.picklist(table.name, field.name)
    allowed = field.values if listed is None else tuple(listed)
    if (field.restricted or listed is not None) and value not in allowed:
        raise Refused(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.name}: bad value for restricted picklist field: {value}",
            fields=[field.name],
        )
    return value


def _reference(org: Org, field: Field, value: str) -> str:
    if not well_formed(value):
        raise malformed_id(field.name, value)
    found = by_id(org.tables, value)
    if found is None or found[0].name not in field.reference_to:
        raise Refused(
            "FIELD_INTEGRITY_EXCEPTION", f"{field.name}: id value of incorrect type: {value}", fields=[field.name]
        )
    table, row = found
    now = org.clock.now()
    if row >= len(table.records) or table.records.created(row) > now or table.records.deleted(row) <= now:
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[field.name])
    return value[:15] + check_characters(value[:15])
