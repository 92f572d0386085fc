"""Our own share of HubSpot's limits, kept before a call leaves: the CRM refuses late and often doesn't say for how long."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo

from crmsync.clock import to_datetime
from crmsync.gate import overtaken


class Pace:
    """Lets at most `limit` calls begin in any `window_s` seconds, wherever and in whichever thread they begin. 0: no limit."""

    def __init__(
        self,
        limit: int,
        window_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limit, self.window_s = limit, window_s
        self._clock, self._sleep = clock, sleep
        self._began: deque[float] = deque(maxlen=limit or 1)
        self._free_at = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Waits until one more call may begin, and counts it."""
        if not self.limit:
            return
        with self._lock:
            now = self._clock()
            begins = max(now, self._free_at)
            if len(self._began) == self.limit:
                begins = max(begins, self._began[0] + self.window_s)
            self._began.append(begins)
        if begins > now:
            self._sleep(begins - now)

    def hold(self, seconds: float) -> None:
        """The CRM says that nothing is left, because others use the same key: no call for so long."""
        with self._lock:
            self._free_at = max(self._free_at, self._clock() + seconds)


FRESH_S = 30.0  # how long a count of the day's calls, read off an answer, counts as the present one


class Allowance:
    """The account's calls of the day: `left` of `most` (0: not told yet) by the last answer. `zone`: whose midnight ends it."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.left = self.most = 0
        self.zone: tzinfo | None = None
        self._clock, self._told_at = clock, 0.0
        self._lock = threading.Lock()

    def note(self, headers: Mapping[str, str]) -> None:
        """What an answer tells of it; those of searches don't."""
        left, most = (headers.get(f"X-HubSpot-RateLimit-Daily{end}", "") for end in ("-Remaining", ""))
        if not (left.isdigit() and most.isdigit()):
            return
        with self._lock:
            if not (self._fresh and overtaken(-int(left), -self.left)):
                self.left, self.most, self._told_at = int(left), int(most), self._clock()

    def spent(self, share: float, more: int = 0) -> bool:
        """Whether this share of the day's calls is used, with so many more than are told. An old count is measured anew."""
        return bool(self.most) and self._fresh and self.most - self.left + more >= self.most * share

    @property
    def _fresh(self) -> bool:
        return self._clock() - self._told_at < FRESH_S

    def renewed(self, now: int) -> str:
        """When the next day begins, as the account's people read it. `now`: the CRM's clock."""
        if self.zone is None:
            return "midnight in the account's time zone"
        today = to_datetime(now).astimezone(self.zone).date()
        midnight = datetime(today.year, today.month, today.day, tzinfo=self.zone) + timedelta(days=1)
        return f"{midnight:%Y-%m-%d %H:%M} ({self.zone})"
