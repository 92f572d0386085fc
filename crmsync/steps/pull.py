"""pull: everything that changed in a CRM since the last time -> deal, milestone, person, stage, fact, held, cursor, quarantine."""

import gc
from collections.abc import Iterator
from dataclasses import asdict, replace

from crmsync.ahead import beside, in_order, side_by_side
from crmsync.clock import MICROS_PER_SECOND
from crmsync.crm import Crm
from crmsync.errors import RetryLater, counting
from crmsync.records import BEGINNING, Cursor, Page
from crmsync.store import accounts, pulled
from crmsync.store.engine import Store
from crmsync.store.numbers import Numbers
from crmsync.watch import Watch

SKEW = 5 * 60 * MICROS_PER_SECOND  # by which the clocks of one CRM's servers may differ
CONTAINERS = 100_000  # so many more than before, and it is worth looking for cycles
MOST_REPEATED = 10  # pages in a row; by right only an empty one comes twice

AGAIN = "reread"  # the count of streams that are read in full, for what is asked for anew


def pull(store: Store, crm: Crm, *, run_id: int, watch: Watch) -> dict[str, int]:
    """Reads each stream from where it stopped, a page and its cursor at a time. Gives what was read and changed.

    The CRM's answers are waited for side by side; this thread alone stores them, each stream's pages in their order.
    """
    _collect_seldom()
    total, again = pulled.Stored(), list[str]()

    def counts() -> dict[str, int]:
        return {**asdict(total), **({AGAIN: len(again)} if again else {})}

    with counting(counts):
        account = crm.account()  # alone: where nothing is left of the allowance, one call tells
        began, asked = beside(crm.now, lambda: _asked(crm), threads=crm.parallel)
        accounts.remember(store, crm.name, account, run_id=run_id)
        numbers = Numbers(crm.name)
        progress = {stream: _Progress(f"{crm.name} {stream}") for stream in asked}
        since = {stream: _since(store, crm, stream, now=began) for stream in asked}
        reads = [
            [_pages(crm, stream, since[stream], again, asked=asked[stream], began=began) for stream in streams]
            for streams in crm.rounds()
        ]
        for page in side_by_side(reads, threads=crm.parallel):
            stored = pulled.save_page(store, crm.name, page, run_id=run_id, numbers=numbers)
            total.add(stored)
            watch.say(page.stream, stored.read)
            watch.checkpoint()
            progress[page.stream].note(page)
        pulled.save_page(store, crm.name, Page(pulled.CLOCK, Cursor(stamp=began)), run_id=run_id)
    return counts()


def _collect_seldom() -> None:
    """A page is thousands of objects without cycles that die together: looking through them for cycles took a fifth of a pull.

    This holds for the process, from then on: of several pulls side by side the first to end would else take it from the others.
    """
    gc.set_threshold(CONTAINERS, *gc.get_threshold()[1:])


def _asked(crm: Crm) -> dict[str, str]:
    """What is asked for today, by stream. For that objects are described, as many at once as the CRM's door lets through."""
    streams = crm.streams()
    threads = 1 if crm.parallel == 1 else len(streams)
    return dict(zip(streams, in_order(streams, crm.asked, threads=threads), strict=True))


def _pages(crm: Crm, stream: str, since: Cursor | None, again: list[str], *, asked: str, began: int) -> Iterator[Page]:
    """What changed since a cursor; where something else is asked for today than for that cursor, then all there is as well.

    First what changed, as ever, since a full read tells of no record that it left or lost a value.
    """
    if since is None or since.asked in ("", asked):
        yield from _with(asked, crm.pull(stream, since=since, began=began))
        return
    again.append(stream)
    yield from _with(since.asked, crm.pull(stream, since=since, began=began))
    yield from _with(asked, crm.pull(stream, since=BEGINNING, began=began))


def _with(asked: str, pages: Iterator[Page]) -> Iterator[Page]:
    """Pages whose cursors say what was asked for."""
    for page in pages:
        page.cursor = replace(page.cursor, asked=asked)
        yield page


def _since(store: Store, crm: Crm, stream: str, *, now: int) -> Cursor | None:
    """Where a stream stopped; the beginning, which reads all of it again, where that lies ahead of the CRM's clock.

    Then either the store was tampered with or the CRM was set back, and nobody knows what would be left out.
    """
    since = pulled.cursor(store, crm.name, stream)
    return BEGINNING if since is not None and since.stamp > now + SKEW else since


class _Progress:
    """Progress or stop: a read that stores the same pages over and over ends, however willingly the CRM goes on."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._stored: set[int] = set()
        self._repeated = 0

    def note(self, page: Page) -> None:
        """A page is stored. Raises RetryLater after too many that were stored before."""
        records = (*page.deals, *page.milestones, *page.people, *page.gone, *page.bad)
        mark = hash((page.cursor, *(row["crm_id"] for row in records), *(fact["source_id"] for fact in page.facts)))
        self._repeated = self._repeated + 1 if mark in self._stored else 0
        self._stored.add(mark)
        if self._repeated >= MOST_REPEATED:
            what = f"{MOST_REPEATED} pages in a row were stored before: the CRM's list goes in a circle"
            remedy = (
                "the next run begins behind what is stored; if it ends like this too, report it to the CRM's support"
            )
            raise RetryLater("E211", what, where=self.where, remedy=remedy)
