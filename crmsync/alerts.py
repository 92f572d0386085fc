"""One notice for each change of a job's state (fine, failing, silent) to the addresses in `[alerts]`, by apprise.

What people were told last stands in the store, so that a restart doesn't say it again. A notice that nobody took is tried again
five minutes later at the earliest; it is counted, and never changes what becomes of the job.
"""

from contextlib import suppress
from importlib.util import find_spec

from crmsync.clock import MICROS_PER_SECOND, Clock
from crmsync.config import AlertsConfig
from crmsync.deadline import within
from crmsync.errors import CrmsyncError, LeaseHeld
from crmsync.log import one_line
from crmsync.store import notices
from crmsync.store.engine import Store
from crmsync.store.lease import Lease
from crmsync.store.notices import Notice
from crmsync.views.health import FINE, Health

LIMIT_S = 20.0  # for one address; a mail server may be slow
AGAIN = 300 * MICROS_PER_SECOND


class Alerts:
    """Knows what people were told, and tells them what is new; without addresses it does nothing."""

    def __init__(self, config: AlertsConfig, store: Store, clock: Clock) -> None:
        self._urls = [url.get_secret_value() for url in config.urls]
        self._store, self._clock = store, clock
        self._sent: dict[str, Notice] = {}  # what a store that takes nothing would forget

    def look(self, job: Health) -> None:
        """Sends a notice when the job's state isn't the one that people know. Raises CrmsyncError when the store can't be read."""
        if not self._is_news(job):
            return
        with suppress(LeaseHeld), Lease(self._store, self._clock, name=f"alerts {job.job}"):
            if self._is_news(job):  # another runner of the same store may have told it meanwhile
                self._tell(job)

    def _is_news(self, job: Health) -> bool:
        return bool(self._urls) and job.state != self._known(job.job) and not self._just_tried(job)

    def _tell(self, job: Health) -> None:
        title, body = words(job)
        took = [within(LIMIT_S, lambda url=url: _send(url, title, body)) for url in self._urls]  # type: ignore[misc]
        notice = Notice(job.job, job.state, self._clock(), sum(took), len(took) - sum(took), body)
        if notice.sent:
            self._sent[job.job] = notice
        with suppress(CrmsyncError):
            notices.add(self._store, notice)

    def _known(self, job: str) -> str:
        """The state that people know. Before the first notice they take a job for fine."""
        told = [each for each in (notices.told(self._store, job), self._sent.get(job)) if each is not None]
        return max(told, key=lambda notice: notice.at).state if told else FINE

    def _just_tried(self, job: Health) -> bool:
        last = notices.newest(self._store, job.job)
        return last is not None and not last.sent and 0 <= self._clock() - last.at < AGAIN


def words(job: Health) -> tuple[str, str]:
    """Title and body of a notice."""
    body = one_line(job.why) if job.why else "the last run did its work"
    return f"crmsync: job {job.job} is {job.state}", body


def problem(config: AlertsConfig) -> str:
    """Why notices can't be sent, as far as can be seen before; "" when nothing is wrong or none are wanted."""
    if not config.urls:
        return ""
    if find_spec("apprise") is None:
        return 'alerts need apprise -> pip install "crmsync[alerts]"'
    from apprise import Apprise

    unread = [str(place) for place, url in enumerate(config.urls, 1) if not Apprise().add(url.get_secret_value())]
    return (
        f"apprise can't read address {', '.join(unread)} of alerts.urls -> see its list of services" if unread else ""
    )


def _send(url: str, title: str, body: str) -> bool:
    """Whether an address took a notice. The library tells its own log what went wrong, which we keep off stderr."""
    if find_spec("apprise") is None:
        return False
    from apprise import Apprise, NotifyFormat

    sender = Apprise()
    return sender.add(url) and bool(sender.notify(title=title, body=body, body_format=NotifyFormat.TEXT))
