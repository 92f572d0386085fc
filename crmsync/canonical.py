"""The one text in which the store keeps and compares what a CRM shows in a result's field."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from crmsync.clock import iso, to_datetime
from crmsync.records import RESULT_TYPES, Result, ValueType

PLACES = {ValueType.PERCENT: Decimal("0.1"), ValueType.MONEY: Decimal("0.01")}


def canonical(result: Result, text: str, *, instant: Callable[[str], int]) -> str | None:
    """What a CRM shows as canonical text, None for blank. `instant` reads that CRM's instants and days, in micros.

    Something that doesn't fit the type (a person typed it, or the field is of another kind) stays as it is.
    """
    if not text:
        return None
    kind = RESULT_TYPES[result]
    try:
        if kind in PLACES:
            return str(Decimal(text).quantize(PLACES[kind]))
        if kind is ValueType.DATE:
            return to_datetime(instant(text)).date().isoformat()
        if kind is ValueType.INSTANT:
            return iso(instant(text))
    except (ValueError, OverflowError, InvalidOperation):
        pass
    return text
