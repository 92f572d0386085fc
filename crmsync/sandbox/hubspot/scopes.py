"""What the token may do: everything, until a test takes a scope away."""

import threading
from collections.abc import Iterable

from crmsync.sandbox.hubspot.errors import missing_scopes


class Scopes:
    """The scopes that the token lacks. A scope is a text such as `crm.objects.deals.read`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: set[str] = set()

    def take(self, *scopes: str) -> None:
        """Takes scopes away."""
        with self._lock:
            self._taken.update(scopes)

    def give(self, *scopes: str) -> None:
        """Gives back what was taken."""
        with self._lock:
            self._taken.difference_update(scopes)

    def has(self, scope: str) -> bool:
        """Whether the token has a scope."""
        with self._lock:
            return scope not in self._taken

    def require(self, scopes: Iterable[str]) -> None:
        """Raises 403 unless the token has every one of some scopes; the answer names those that it lacks."""
        if lacking := [scope for scope in scopes if not self.has(scope)]:
            raise missing_scopes(lacking)
