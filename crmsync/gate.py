"""How many calls to one CRM may be under way at once: as many as the config says, and one where an allowance nears its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

MOST = 10  # calls under way at once, whatever the config says


def overtaken(used: int, known: int) -> bool:
    """Whether a count of calls used is older than the one that is known: of answers that overlap, the later may come first."""
    return 0 < known - used < MOST


class Gate:
    """Lets at most `most` calls be under way."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way = 0
        self._ended = Condition()

    @contextmanager
    def call(self, spent: Callable[[int], bool]) -> Iterator[None]:
        """Waits for its turn. `spent`: whether an allowance is used up if so many calls more are made than it tells of."""
        with self._ended:
            self._ended.wait_for(lambda: self._open(spent))
            self._under_way += 1
        try:
            yield
        finally:
            with self._ended:
                self._under_way -= 1
                self._ended.notify_all()

    def _open(self, spent: Callable[[int], bool]) -> bool:
        """A call that may be the last one allowed waits until the answers of those before have told what is left."""
        return not self._under_way or (self._under_way < self._most and not spent(self._under_way))
