"""The portal's limits: calls in ten seconds, calls a day, and searches a second, which are a policy of their own.

They obey the CRM's clock. When that is frozen, the two short windows run on real time instead, so that a CRM whose clock stands
still doesn't lock out its client for good; the day doesn't end then.
"""

import threading
import time
from collections import deque
from datetime import tzinfo

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.hubspot.errors import Refused, over_limit
from crmsync.sandbox.hubspot.moments import SECOND, local_day

WINDOW_S = 10
GROUP, SEARCH_GROUP = "publicapi:private-apps:api-calls-per-10-seconds", "publicapi:crm:search:oauth"
DAILY_GROUP = "publicapi:private-apps:api-calls-daily"


class _Window:
    """When the calls of a sliding window began."""

    def __init__(self, most: int, length_s: int) -> None:
        self.most, self.length = most, length_s * SECOND
        self._began: deque[int] = deque()

    def used(self, now: int) -> int:
        """Calls that still count. A clock that was set back empties the window."""
        if self._began and self._began[-1] > now:
            self._began.clear()
        while self._began and self._began[0] <= now - self.length:
            self._began.popleft()
        return len(self._began)

    def take(self, now: int) -> bool:
        """Counts a call; False when the window is full, and then it doesn't count."""
        if self.used(now) >= self.most:
            return False
        self._began.append(now)
        return True


class Limits:
    """Counts calls. `calls_per_10s`, `searches_per_s`, `daily_calls`: what the portal allows."""

    def __init__(
        self, clock: SandboxClock, zone: tzinfo, *, daily_calls: int, calls_per_10s: int, searches_per_s: int
    ) -> None:
        self.clock, self.zone, self.daily_calls = clock, zone, daily_calls
        self._lock = threading.Lock()
        self._sizes = (calls_per_10s, searches_per_s)
        self._frozen = clock.frozen
        self._reset()
        self._day, self._today = 0, 0

    def _reset(self) -> None:
        self._calls, self._searches = _Window(self._sizes[0], WINDOW_S), _Window(self._sizes[1], 1)

    def _now(self) -> int:
        if self._frozen != self.clock.frozen:  # the two clocks have nothing to do with each other
            self._frozen = self.clock.frozen
            self._reset()
        return time.monotonic_ns() // 1000 if self._frozen else self.clock.now()

    def take(self, *, search: bool) -> Refused | None:
        """Counts a call, or says which limit it is over; then it doesn't count."""
        with self._lock:
            now, today = self._now(), local_day(self.clock.now(), self.zone)
            if today != self._day:
                self._day, self._today = today, 0
            if self._today >= self.daily_calls:
                return over_limit("DAILY", DAILY_GROUP)
            if search and not self._searches.take(now):
                return over_limit("SECONDLY", SEARCH_GROUP)
            if not self._calls.take(now):
                return over_limit("TEN_SECONDLY_ROLLING", GROUP)
            self._today += 1
            return None

    def headers(self) -> dict[str, str]:
        """What answers say about the limits; those of searches say nothing."""
        with self._lock:
            left = self._calls.most - self._calls.used(self._now())
            return {
                "X-HubSpot-RateLimit-Daily": str(self.daily_calls),
                "X-HubSpot-RateLimit-Daily-Remaining": str(max(self.daily_calls - self._today, 0)),
                "X-HubSpot-RateLimit-Interval-Milliseconds": str(WINDOW_S * 1000),
                "X-HubSpot-RateLimit-Max": str(self._calls.most),
                "X-HubSpot-RateLimit-Remaining": str(max(left, 0)),
            }
