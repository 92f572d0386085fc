"""Our own share of HubSpot's limits, kept before a call leaves: the CRM refuses late and often doesn't say for how long."""

import time
from collections import deque
from collections.abc import Callable


class Pace:
    """Lets at most `limit` calls begin in any `window_s` seconds, wherever they begin. 0: no limit."""

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

    def wait(self) -> None:
        """Waits until one more call may begin, and counts it."""
        if not self.limit:
            return
        free_at = self._free_at
        if len(self._began) == self.limit:
            free_at = max(free_at, self._began[0] + self.window_s)
        pause = free_at - self._clock()
        if pause > 0:
            self._sleep(pause)
        self._began.append(self._clock())

    def hold(self, seconds: float) -> None:
        """The CRM says that nothing is left, because others use the same key: no call for so long."""
        self._free_at = max(self._free_at, self._clock() + seconds)
