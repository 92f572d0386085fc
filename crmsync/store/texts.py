"""Texts of a CRM as both databases take them.

JSON may carry two things that no database stores alike: NUL, which PostgreSQL refuses, and half of a character (a lone surrogate),
which no encoding takes. One of them in one name would stop every pull for good, so they become marks that show a loss.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from itertools import chain
from operator import itemgetter
from typing import Any

from crmsync.records import Page

TEXTS_OF_FACT = itemgetter("deal", "source", "source_id", "name", "person")
NUL, LOST = "\x00", "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """The text itself but in the rarest of cases."""
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace(NUL, LOST) if NUL in text else text


def make_storable(page: Page) -> None:
    """Changes the texts of a page that a database wouldn't take."""
    _mend(page.facts, chain.from_iterable(map(TEXTS_OF_FACT, page.facts)))
    for part in fields(page):
        rows = getattr(page, part.name)
        if isinstance(rows, list) and rows is not page.facts:
            _mend(rows, (value for row in rows for value in row.values() if type(value) is str))


def _mend(rows: Sequence[Any], told: Iterable[str]) -> None:
    """Changes rows whose texts are these, where they have to be."""
    texts = "".join(told)
    if texts.isascii() and NUL not in texts:
        return
    for row in rows:
        for name, value in row.items():
            if type(value) is str and not (value.isascii() and NUL not in value):
                row[name] = storable(value)  # the keys stay as they are
