"""The daily allowance of API calls, over the last 24 hours of the local CRM's clock."""

import threading
from collections import Counter

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.http import Response
from crmsync.sandbox.salesforce.moments import SECOND
from crmsync.sandbox.salesforce.wire import ApiCall, only

_HOUR = 3_600 * SECOND


class Limits:
    """Counts calls by the hour; those of the last 24 hours count against the allowance."""

    def __init__(self, clock: SandboxClock, *, daily_calls: int) -> None:
        self.clock, self.daily_calls = clock, daily_calls
        self._lock = threading.Lock()
        self._by_hour: Counter[int] = Counter()

    def used(self) -> int:
        """How many calls of the last 24 hours count."""
        hour = self.clock.now() // _HOUR
        with self._lock:
            return sum(count for when, count in self._by_hour.items() if hour - 24 < when <= hour)

    def take(self) -> bool:
        """Counts one call; False when the allowance is used up, and then it doesn't count."""
        if self.used() >= self.daily_calls:
            return False
        with self._lock:
            self._by_hour[self.clock.now() // _HOUR] += 1
        return True

    def header(self) -> dict[str, str]:
        """What each answer of the REST API says about the allowance."""
        return {"Sforce-Limit-Info": f"api-usage={self.used()}/{self.daily_calls}"}

    def show(self, call: ApiCall) -> Response:
        """GET limits."""
        only(call.request)
        left = max(self.daily_calls - self.used(), 0)
        shown = {
            "DailyApiRequests": {"Max": self.daily_calls, "Remaining": left},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
            "DataStorageMB": {"Max": 1_024, "Remaining": 1_000},
            "FileStorageMB": {"Max": 1_024, "Remaining": 1_000},
        }
        return Response(body=shown)
