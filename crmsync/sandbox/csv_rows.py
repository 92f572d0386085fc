"""Reads the CSV files of a world directory, plain or gzipped, and says in one line where they are wrong."""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TextIO, TypeVar

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)
_MICRO = timedelta(microseconds=1)
_DATE_LENGTH = len("2026-01-31")
_UNREADABLE = (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error)

Read = TypeVar("Read")


class BadWorld(ValueError):
    """A world directory that can't be used. Its text is one line: file, line, what is wrong, and the remedy."""

    def __init__(self, where: str, what: str, *, remedy: str) -> None:
        super().__init__(f"{where}: {what} -> {remedy}")


class Table:
    """One CSV file, row by row. Columns may stand in any order, and ones that nobody asks for are left alone."""

    def __init__(self, folder: Path, stem: str, *, required: Sequence[str], optional: Sequence[str]) -> None:
        self.path = _find(folder, stem)
        self._wanted = (*required, *optional)
        self._required = required
        self.line = 0

    def rows(self) -> Iterator[list[str]]:
        """The cells of each row, stripped, in the order `required`, `optional`; "" for a column that isn't there."""
        try:
            with _open(self.path) as file:
                yield from self._rows(file)
        except _UNREADABLE as error:
            remedy = "write it as UTF-8 CSV, gzipped if its name ends in .gz"
            raise self.bad(f"can't be read ({type(error).__name__})", remedy=remedy) from error

    def _rows(self, file: TextIO) -> Iterator[list[str]]:
        reader = csv.reader(file, strict=True)
        header = [name.strip() for name in next(reader, [])]
        self.line = 1
        missing = [name for name in self._required if name not in header]
        if missing:
            raise self.bad(f"no column {missing[0]}", remedy=f"add it; needed are {', '.join(self._required)}")
        places = [header.index(name) if name in header else None for name in self._wanted]
        for cells in reader:
            self.line = reader.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                remedy = "give each row as many cells as the header, and quote cells that hold commas"
                raise self.bad(f"{len(cells)} cells under {len(header)} columns", remedy=remedy)
            yield ["" if place is None else cells[place].strip() for place in places]

    def bad(self, what: str, *, remedy: str) -> BadWorld:
        """The fault at the present line."""
        return BadWorld(f"{self.path}:{self.line}" if self.line else str(self.path), what, remedy=remedy)

    def parse(self, column: str, text: str, read: Callable[[str], Read], *, remedy: str) -> Read:
        """What a cell says. Raises BadWorld if it can't be read."""
        try:
            return read(text)
        except (ValueError, OverflowError):
            raise self.bad(f"{column} {text!r} can't be read", remedy=remedy) from None


def _find(folder: Path, stem: str) -> Path:
    for name in (f"{stem}.csv", f"{stem}.csv.gz"):
        if (folder / name).is_file():
            return folder / name
    raise BadWorld(str(folder / f"{stem}.csv"), "no such file, nor the same with .gz", remedy=f"put {stem}.csv there")


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def read_instant(text: str) -> int:
    """An ISO 8601 instant with its zone as micros; a date is its first moment in UTC. Raises ValueError."""
    if len(text) == _DATE_LENGTH:
        return read_day(text) * 86_400_000_000
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a time without a zone")
    return (instant - _EPOCH) // _MICRO


def read_day(text: str) -> int:
    """An ISO 8601 date, or the date of an instant, as days since 1970. Raises ValueError."""
    if len(text) > _DATE_LENGTH:
        return read_instant(text) // 86_400_000_000
    return (date.fromisoformat(text) - _EPOCH_DAY).days
