"""What people and the watchdog were told about jobs: what `alerts` and `ping` write."""

from dataclasses import asdict, dataclass

from sqlalchemy import func, insert, select

from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.upsert import table_of

PING = "ping"  # the state of a ping that didn't arrive
_notice = table_of(tables.Notice)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. `sent` and `failed`: how many addresses took it, and how many didn't."""

    job: str
    state: str
    at: int
    sent: int
    failed: int
    message: str


def add(store: Store, notice: Notice) -> None:
    """Keeps a notice."""
    with store.write() as connection:
        connection.execute(insert(_notice).values(asdict(notice)))


def newest(store: Store, job: str) -> Notice | None:
    """The newest notice of a job's state, whether it was taken or not."""
    return _newest(store, job, least_sent=0)


def told(store: Store, job: str) -> Notice | None:
    """The newest notice of a job's state that somebody took."""
    return _newest(store, job, least_sent=1)


def _newest(store: Store, job: str, *, least_sent: int) -> Notice | None:
    query = select(*(_notice.c[name] for name in Notice.__slots__))
    query = query.where(_notice.c.job == job, _notice.c.state != PING, _notice.c.sent >= least_sent)
    with store.read() as connection:
        row = connection.execute(query.order_by(_notice.c.notice_id.desc()).limit(1)).one_or_none()
    return None if row is None else Notice(*row)


def failed(store: Store, *, since: int = 0) -> dict[tuple[str, bool], int]:
    """How often an address didn't take what it was sent since an instant: (job, whether it was a ping) -> count."""
    is_ping = _notice.c.state == PING
    query = select(_notice.c.job, is_ping, func.sum(_notice.c.failed)).where(
        _notice.c.at >= since, _notice.c.failed > 0
    )
    with store.read() as connection:
        rows = connection.execute(query.group_by(_notice.c.job, is_ping).order_by(_notice.c.job, is_ping)).all()
    return {(job, bool(ping)): int(count) for job, ping, count in rows}
