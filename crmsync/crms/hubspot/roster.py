"""A short list that is read whole each time, in which what is retired comes by a call of its own: owners, and pipelines."""

from collections.abc import Callable, Iterable

from crmsync.crms.hubspot.refusals import Json


class Roster:
    """What is active is read each time; what is retired at first, and again when something active is missing.

    Nothing else changes who is retired, but for one that is taken back, and then it is active. `ids`: what of a row may go missing.
    """

    def __init__(self, read: Callable[[str], Iterable[Json]], *, ids: Callable[[Json], Iterable[str]]) -> None:
        self._read, self._ids = read, ids
        self._active: set[str] = set()
        self._retired: list[Json] | None = None

    def rows(self) -> tuple[list[Json], list[Json]]:
        """The retired rows and the active ones, as they are now."""
        active = list(self._read("false"))
        seen = {crm_id for row in active for crm_id in self._ids(row)}
        if self._retired is None or self._active - seen:
            self._retired = list(self._read("true"))
        self._active = seen
        return self._retired, active

    def forget(self) -> None:
        """What is retired is to be read again."""
        self._retired = None
