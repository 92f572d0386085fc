"""Lines of CSV laid by on disk, so that those which belong together can be taken out together, however many there are.

A query job can't bring children along with their parents, and brings neither in an order that is promised. Both are sorted onto
shelves by the parent's id; each shelf is small enough for memory. The file has no name and is gone with its process.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import SEEK_END
from itertools import chain
from types import TracebackType
from zlib import crc32

from crmsync.errors import RetryLater

ON_A_SHELF = 10_000  # lines, about
Line = Sequence[str]


class Shelves:
    """So many shelves of lines. Raises RetryLater where there is no room for them."""

    def __init__(self, count: int) -> None:
        with _room():
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the shelves
        self._places: list[list[tuple[int, int]]] = [[] for _ in range(count)]

    def __enter__(self) -> "Shelves":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):  # what there was no room for is tried again, and nobody needs it any more
            self._file.close()

    def put(self, lines: Iterable[Line], *, key: int) -> None:
        """Lays lines by, each on the shelf of the id that stands in its column number `key`."""
        sorted_out: list[list[Line]] = [[] for _ in self._places]
        for line in lines:
            sorted_out[crc32(line[key].encode()) % len(sorted_out)].append(line)
        with _room():
            self._file.seek(0, SEEK_END)
            for places, some in zip(self._places, sorted_out, strict=True):
                if some:
                    data = json.dumps(some).encode()
                    places.append((self._file.tell(), len(data)))
                    self._file.write(data)
            self._file.flush()

    def take(self, number: int) -> Iterator[Line]:
        """The lines of a shelf."""
        return chain.from_iterable(map(self._read, self._places[number]))

    def _read(self, place: tuple[int, int]) -> list[Line]:
        start, length = place
        self._file.seek(start)
        lines: list[Line] = json.loads(self._file.read(length))
        return lines


@contextmanager
def _room() -> Iterator[None]:
    """A fault of the disk as what to do about it."""
    try:
        yield
    except OSError as error:
        what, where = f"no room to write ({error.strerror})", tempfile.tempdir or "the folder for temporary files"
        remedy = "free some space there, or read without jobs: bulk_from = 0"
        raise RetryLater("E121", what, where=where, remedy=remedy) from None


def needed(lines: int) -> int:
    """How many shelves so many lines need."""
    return max(1, -(-lines // ON_A_SHELF))
