"""Texts of a CRM as both databases take them.

JSON may carry two things that no database stores alike: NUL, which PostgreSQL refuses, and half of a character (a lone surrogate),
which no encoding takes. One of them in one name would stop every pull for good, so they become marks that show a loss.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from crmsync.records import Page

NUL, LOST = "\x00", "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """The text itself but in the rarest of cases."""
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace(NUL, LOST) if NUL in text else text


def make_storable(page: Page) -> None:
    """Changes the texts of a page that a database wouldn't take."""
    for part in fields(page):
        rows = getattr(page, part.name)
        if isinstance(rows, list):
            _mend(rows)


def _mend(rows: Sequence[dict[str, Any]]) -> None:
    texts = "".join([value for row in rows for value in row.values() if type(value) is str])
    if texts.isascii() and NUL not in texts:
        return
    for row in rows:
        for name, value in row.items():
            if type(value) is str and not (value.isascii() and NUL not in value):
                row[name] = storable(value)  # the keys stay as they are
