"""compact: scores, plans and receipts that nothing asks for any more -> gone, where `[retention]` no longer keeps all.

Facts, fits and runs stay for ever, so a score that is gone can be made again. Each range of deals is one transaction: a compaction
that is broken off has lost nothing, and the next one goes on.
"""

from collections import Counter
from collections.abc import Mapping

from crmsync.clock import MICROS_PER_DAY
from crmsync.config import RetentionConfig
from crmsync.errors import counting
from crmsync.store import compaction, frames, pulled
from crmsync.store.compaction import Spent, Until
from crmsync.store.engine import Store
from crmsync.watch import Watch
from crmsync.words import counted

DEALS = 50  # at a time: what is read of them at once stays small, however often they were written
COUNTS = ("scores", "values", "receipts")


def compact(store: Store, crm: str, retention: RetentionConfig, *, watch: Watch) -> dict[str, int]:
    """Deletes what is spent of one CRM's deals, and counts."""
    counts = Counter(dict.fromkeys(COUNTS, 0))
    until = _until(store, crm, retention)
    with counting(lambda: counts):
        for deals in _ranges(store, crm, until):
            with store.write() as connection:
                found = compaction.find(connection, crm, deals, until)
                compaction.drop(connection, found)
            counts.update(_counted(found))
            watch.checkpoint()
    return dict(counts)


def preview(store: Store, crm: str, retention: RetentionConfig) -> dict[str, int]:
    """What a compaction would delete now, counted. Only reads."""
    counts = Counter(dict.fromkeys(COUNTS, 0))
    until = _until(store, crm, retention)
    for deals in _ranges(store, crm, until):
        with store.read() as connection:
            counts.update(_counted(compaction.find(connection, crm, deals, until)))
    return dict(counts)


def preview_line(crm: str, counts: Mapping[str, int]) -> str:
    """The counts as a person reads them."""
    return f"compact {crm} (dry run): {', '.join(counted(name, count) for name, count in counts.items())} to delete"


def _until(store: Store, crm: str, retention: RetentionConfig) -> Until:
    """Days count back from the newest score and, of receipts, from the newest pull: a clock that is wrong deletes nothing."""
    scored, pulled_at = compaction.newest_score(store, crm), pulled.complete_until(store, [crm])
    return Until(
        scores=_before(scored, days=retention.scores_days), values=_before(pulled_at, days=retention.receipts_days)
    )


def _before(at: int | None, *, days: int) -> int:
    return max(at - days * MICROS_PER_DAY, 0) if at is not None and days else 0


def _ranges(store: Store, crm: str, until: Until) -> list[tuple[int, int]]:
    if until == Until(0, 0):  # nothing is ever deleted, or nothing is there yet
        return []
    with frames.reading(store, crms=[crm]) as reader:
        deals = reader.deals().tolist()
    return [(some[0], some[-1]) for start in range(0, len(deals), DEALS) if (some := deals[start : start + DEALS])]


def _counted(found: Spent) -> dict[str, int]:
    return {name: len(getattr(found, name)) for name in COUNTS}
