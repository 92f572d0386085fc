"""A dead man's switch hears of each job's start and end. It raises the alarm when it hears nothing: no run of ours could.

What doesn't arrive within five seconds is counted in the store, and never changes what becomes of the job.
"""

from contextlib import suppress
from urllib.parse import quote, urlsplit

import requests

from crmsync.clock import Clock
from crmsync.config import PingConfig
from crmsync.deadline import within
from crmsync.errors import CrmsyncError
from crmsync.store import notices
from crmsync.store.engine import Store
from crmsync.store.notices import PING, Notice

START, SUCCESS, FAIL = "/start", "", "/fail"  # what is added to the address
LIMIT_S = 5.0
LONGEST_BODY = 10_000  # characters


class Ping:
    """Pings the address in `[ping]`; without one it does nothing."""

    def __init__(self, config: PingConfig, store: Store, clock: Clock) -> None:
        self._url, self._store, self._clock = config.url, store, clock

    def tell(self, job: str, end: str, body: str = "") -> None:
        """Tells how far a job has come, with words for whoever is called. Never raises."""
        if self._url is None:
            return
        url = address(self._url.get_secret_value(), job, end)
        if not within(LIMIT_S, lambda: _post(url, body)):
            with suppress(CrmsyncError):  # a store that takes nothing: the job will tell
                notices.add(self._store, Notice(job, PING, self._clock(), 0, 1, end.strip("/") or "success"))


def address(url: str, job: str, end: str) -> str:
    """The address of one ping of a job: `{job}` is its name, the end goes before any query."""
    parts = urlsplit(url.replace("{job}", quote(job, safe="")))
    return parts._replace(path=parts.path.rstrip("/") + end).geturl()


def _post(url: str, body: str) -> bool:
    """Whether it was taken. Another address that an answer points to is not followed."""
    try:
        with requests.post(
            url, data=body[:LONGEST_BODY].encode(), timeout=LIMIT_S, allow_redirects=False, stream=True
        ) as answer:
            return answer.status_code < 300
    except requests.RequestException:
        return False
