"""Record ids as Salesforce writes them: 3 characters that name the object, a number in base 62, 3 check characters."""

import re

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD = "gK"  # the instance that all records of this org were made on
_VALUES = {digit: value for value, digit in enumerate(DIGITS)}
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
# the last five digits are looked up in pairs, which is what makes a page of 2,000 ids cheap
_ONES = [(digit, int(digit.isupper())) for digit in DIGITS]
_PAIRS = [(a + b, x | y << 1) for a, x in _ONES for b, y in _ONES]


def check_characters(id15: str) -> str:
    """The three characters that make a 15-character id safe to compare without case: which letters are upper-case."""
    return "".join(
        _CHECKS[sum(1 << place for place, letter in enumerate(id15[start : start + 5]) if letter.isupper())]
        for start in (0, 5, 10)
    )


def well_formed(text: str) -> bool:
    """Whether a text is an id of 15 characters, or of 18 with right check characters."""
    return bool(_SHAPE.fullmatch(text)) and (len(text) == 15 or check_characters(text[:15]) == text[15:])


class Ids:
    """The ids of one object's records by row."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._start = prefix + _POD + "00000"
        self._checks = check_characters(self._start + "00000")[:2]

    def make(self, row: int) -> str:
        """The 18-character id of a row. Rows in order give ids in order. At most 62**5 rows."""
        rest, last = divmod(row + 1, 62)
        high, low = divmod(rest, 62 * 62)
        (a, x), (b, y), (c, z) = _PAIRS[high], _PAIRS[low], _ONES[last]
        return f"{self._start}{a}{b}{c}{self._checks}{_CHECKS[x | y << 2 | z << 4]}"

    def find(self, text: str) -> int:
        """The row of an id of 15 or 18 characters, -1 if it can't be an id of this object."""
        if not text.startswith(self._start) or not well_formed(text):
            return -1
        number = 0
        for digit in text[len(self._start) : 15]:
            number = number * 62 + _VALUES[digit]
        return number - 1
