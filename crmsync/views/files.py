"""Files that appear whole or not at all: written under another name beside their place, then moved there."""

import csv
import errno
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from crmsync.errors import BadConfig, CrmsyncError, RetryLater
from crmsync.views.cells import cell

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet may take for a formula at the start of a text
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def ending(out: Path, known: Sequence[str]) -> str:
    """How a file's name ends, which says what to write; without an ending the first. Raises BadConfig E133 for another one."""
    found = out.suffix.lower() or known[0]
    if found not in known:
        raise BadConfig(
            "E133", f"nothing is written as {found}", where=str(out), remedy=f"a name in {' or '.join(known)}"
        )
    return found


def csv_file(out: Path, head: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Rows as a CSV file; gives their number. Raises BadConfig, RetryLater."""
    ending(out, (".csv",))
    with replaced(out) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        count = write_csv(text, head, rows)
        text.flush()
        text.detach()
    return count


@contextmanager
def replaced(out: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of `out` when the block ends well. Raises BadConfig, or RetryLater on a full disk.

    A device or a pipe, such as /dev/stdout, is written into: its place must not be taken.
    """
    try:
        if out.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        into = out.open("wb") if out.exists() and not out.is_file() else _beside(out.resolve())
        with into as file:
            yield file
    except OSError as error:
        raise fault(error, str(out)) from None


@contextmanager
def _beside(out: Path) -> Iterator[IO[bytes]]:
    """A file under another name in the same folder, moved to its place at the end."""
    number, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(out)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)  # there only when it couldn't be moved


def fault(error: OSError, where: str) -> CrmsyncError:
    """Why a file couldn't be written, as one line."""
    reason = (error.strerror or type(error).__name__).lower()
    if error.errno in FULL:
        return RetryLater(
            "E121", f"no room to write ({reason})", where=where, remedy="free some space, then run it again"
        )
    return BadConfig(
        "E120", f"can't be written ({reason})", where=where, remedy="a file in a folder that you may write to"
    )


def write_csv(file: Any, head: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Rows as CSV into a text file; gives their number."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    count = 0
    for row in rows:
        writer.writerow([_text(name, row[name]) for name in head])
        count += 1
    return count


def _text(column: str, value: Any) -> Any:
    """A value for CSV. A text that a spreadsheet would run as a formula gets an apostrophe in front; a number as text doesn't."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str) and value.startswith(FORMULA) and not _is_number(value):
        return f"'{value}"
    return cell(column, value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
