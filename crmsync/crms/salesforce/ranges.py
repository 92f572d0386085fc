"""Ranges of ids that hold about a page each, so that several pages of a full read can be asked for at once.

The pages of one query name each other and so come one after the other. Ids only grow: how close together those of one page lie
tells about where the next pages end. A wrong guess costs calls and loses nothing, for the ranges adjoin and the last has no end.
"""

import re
from collections.abc import Iterator
from string import ascii_lowercase, ascii_uppercase, digits

DIGITS = digits + ascii_uppercase + ascii_lowercase  # in the order in which Salesforce compares them
SHAPE = re.compile(r"([0-9A-Za-z]{3})([0-9A-Za-z]{12})(?:[0-9A-Za-z]{3})?")  # object, number, check characters
LAST = len(DIGITS) ** 12 - 1
SHARE = 0.9  # of a page that a range is to hold: one that holds a little more costs a second page


class Ends:
    """Where ranges end that begin behind a page of `count` records; `left`: how many records there are behind it.

    They stop early once a range has held nothing or much more than a page: then another page has to tell how close ids lie.
    """

    def __init__(self, first: str, last: str, *, count: int, left: int) -> None:
        self._prefix, self._at = _parts(last)
        prefix, begin = _parts(first)
        self._step = max(1, int((self._at - begin) * SHARE))
        self._ranges = int(left / (count * SHARE)) if prefix == self._prefix else 0
        self._most, self._astray = 2 * count, False

    def note(self, came: int) -> None:
        """How many records a range held."""
        self._astray = self._astray or not 0 < came <= self._most

    def __iter__(self) -> Iterator[str]:
        for end in range(self._at, LAST, self._step)[1 : self._ranges + 1]:
            if self._astray:
                return
            yield self._prefix + _text(end)


def _parts(crm_id: str) -> tuple[str, int]:
    """The object and the number of an id; of something else nothing that ranges could be made of."""
    shaped = SHAPE.fullmatch(crm_id)
    if shaped is None:
        return crm_id, LAST
    number = 0
    for digit in shaped[2]:
        number = number * len(DIGITS) + DIGITS.index(digit)
    return shaped[1], number


def _text(number: int) -> str:
    """The 12 characters of a number."""
    text = ""
    for _ in range(12):
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return text
