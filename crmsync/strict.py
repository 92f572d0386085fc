"""A CRM's JSON, read without guessing: exact decimals, and no doubt about what stands under a key.

JSON's readers take NaN and Infinity for numbers, and of a key that stands twice the last value, without a word. Here a number that
JSON doesn't know stays a text, which no reader of numbers takes, and a doubtful record is set aside.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from crmsync.errors import SkipRecord

TWICE = ""  # in an object that names a key twice: which one. No CRM calls anything so


def loads(data: bytes | str) -> Any:
    """The parsed text. Raises ValueError for what is no JSON."""
    try:
        return json.loads(data, parse_float=Decimal, parse_constant=str, object_pairs_hook=once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; where a key stands twice with different values, that is noted in it."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found, doubtful = {}, ""
    for key, value in pairs:
        if key in found and found[key] != value:
            doubtful = key
        found[key] = value
    return {**found, TWICE: doubtful} if doubtful else found


def refuse_doubt(record: dict[str, Any]) -> None:
    """Raises SkipRecord for a record that says two things under one key, in itself or in one of its parts."""
    doubtful = record.get(TWICE, "")
    for part in record.values():
        if type(part) is dict and TWICE in part:
            doubtful = part[TWICE]
    if doubtful:
        raise SkipRecord("E206", f"its JSON says {doubtful!r} twice, and not the same")
