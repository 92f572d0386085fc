"""The local CRMs' own clock: limits, tokens and stamps obey it, and tests move it over HTTP."""

import threading
import time


class SandboxClock:
    """Starts at an instant and ticks with real time, unless it is frozen. Instants are micros since 1970 UTC."""

    def __init__(self, start: int, *, frozen: bool = False) -> None:
        self._lock = threading.Lock()
        self._at = start
        self._since = time.monotonic_ns()
        self.frozen = frozen

    def now(self) -> int:
        """The present instant of the local CRMs."""
        with self._lock:
            return self._now()

    def _now(self) -> int:
        return self._at if self.frozen else self._at + (time.monotonic_ns() - self._since) // 1000

    def set(self, *, at: int | None = None, forward_s: float = 0.0, frozen: bool | None = None) -> int:
        """Jumps to an instant, moves by seconds, stops or goes on ticking; gives the new present."""
        with self._lock:
            self._at = (self._now() if at is None else at) + round(forward_s * 1_000_000)
            self._since = time.monotonic_ns()
            if frozen is not None:
                self.frozen = frozen
            return self._at
