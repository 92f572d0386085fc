"""What an org allows in 24 hours of the local CRM's clock: API calls, and query jobs."""

import threading
from collections import Counter

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.http import Response
from crmsync.sandbox.salesforce.moments import SECOND
from crmsync.sandbox.salesforce.wire import ApiCall, only

_HOUR = 3_600 * SECOND


class Tally:
    """Counts by the hour; what came in the last 24 hours counts against the most that is allowed."""

    def __init__(self, clock: SandboxClock, *, most: int) -> None:
        self.clock, self.most = clock, most
        self._lock = threading.Lock()
        self._by_hour: Counter[int] = Counter()

    def used(self) -> int:
        """How many of the last 24 hours count."""
        with self._lock:
            return self._of_last_day(self.clock.now() // _HOUR)

    def take(self) -> bool:
        """Counts one; False when the allowance is used up, and then it doesn't count."""
        with self._lock:
            hour = self.clock.now() // _HOUR
            if self._of_last_day(hour) >= self.most:
                return False
            self._by_hour[hour] += 1
        return True

    def _of_last_day(self, hour: int) -> int:
        return sum(count for when, count in self._by_hour.items() if hour - 24 < when <= hour)

    def shown(self) -> dict[str, int]:
        """As GET limits has it."""
        return {"Max": self.most, "Remaining": max(self.most - self.used(), 0)}


class Limits:
    """The org's allowances, and what its answers say of them."""

    def __init__(self, clock: SandboxClock, *, daily_calls: int, daily_jobs: int) -> None:
        self.calls, self.jobs = Tally(clock, most=daily_calls), Tally(clock, most=daily_jobs)

    def header(self) -> dict[str, str]:
        """What each answer of the REST API says about the calls."""
        return {"Sforce-Limit-Info": f"api-usage={self.calls.used()}/{self.calls.most}"}

    def show(self, call: ApiCall) -> Response:
        """GET limits."""
        only(call.request)
        shown = {
            "DailyApiRequests": self.calls.shown(),
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryJobs": self.jobs.shown(),
            "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
            "DataStorageMB": {"Max": 1_024, "Remaining": 1_000},
            "FileStorageMB": {"Max": 1_024, "Remaining": 1_000},
        }
        return Response(body=shown)
