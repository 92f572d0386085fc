"""reconcile: the ids that a CRM lists against those in the store, and what differs read anew -> what a pull writes.

A pull goes by stamps. What moves none (an association, a formula, HubSpot's archive) and what slipped through (a record that became
visible later than the look-back) is found here, once a day. It reads, too, every open deal whose change may leave no stamp.
"""

from collections.abc import Iterable, Sequence

from crmsync.crm import Crm
from crmsync.errors import BadConfig
from crmsync.records import Cursor, GoneRecord, Page, Source
from crmsync.store import listing, pulled
from crmsync.store.engine import Store
from crmsync.watch import Watch

SLICE = 1_000  # ids that are asked for between two checkpoints
COUNTS = ("compared", "healed", "new", "gone", "left", "reread", "changed")


def reconcile(store: Store, crm: Crm, *, run_id: int, watch: Watch) -> dict[str, int]:
    """Heals one CRM's part of the store, and counts.

    compared: records listed by the CRM; healed: what the pulls should have brought; new: made since the last pull; gone: left the
    CRM unseen; left: listed, but set aside or not readable; reread: read for what has no stamp; changed: rows of it that differed.
    """
    since = pulled.complete_until(store, [crm.name])
    if since is None:
        remedy = f"crmsync pull --crm {crm.name}"
        raise BadConfig("E208", "there is nothing to reconcile before the first pull", where=crm.name, remedy=remedy)
    healer = _Healer(store, crm, run_id=run_id, watch=watch, since=since)
    for source in crm.sources():
        healer.compare(source.name)
    for source in crm.sources():
        healer.reread(source)
    return healer.counts


class _Healer:
    """One reconcile. `since`: the pulls are complete up to there, on the CRM's clock."""

    def __init__(self, store: Store, crm: Crm, *, run_id: int, watch: Watch, since: int) -> None:
        self.store, self.crm, self.run_id, self.watch, self.since = store, crm, run_id, watch, since
        self.counts = dict.fromkeys(COUNTS, 0)

    def compare(self, source: str) -> None:
        """Reads by id what only one side has, and lets go what the CRM no longer has at all."""
        theirs = {one.crm_id: one.created_at for one in self.crm.listed(source)}
        ours = listing.live(self.store, self.crm.name, source)
        missing, surplus = theirs.keys() - ours.keys(), ours.keys() - theirs.keys()
        self.watch.say(f"{source} listed", len(theirs))
        came = self._bring(source, sorted(missing | surplus))
        self._let_go(source, sorted(surplus - came))
        after = listing.live(self.store, self.crm.name, source).keys()
        late = {crm_id for crm_id in missing & after if theirs[crm_id] > self.since}
        self._count(compared=len(theirs), healed=len(missing & after) - len(late), new=len(late))
        self._count(gone=len(surplus - after), left=len(missing - after))

    def reread(self, source: Source) -> None:
        """Reads what may have changed without a stamp and still matters: open deals and their steps."""
        ids = listing.of_open_deals(self.store, self.crm.name, source.name) if source.silent else []
        changed = pulled.Stored()
        for page in self._pages(source.name, ids):
            changed.add(pulled.save_page(self.store, self.crm.name, page, run_id=self.run_id))
        self._count(reread=len(ids), changed=changed.deals + changed.milestones + changed.facts)

    def _bring(self, source: str, ids: Sequence[str]) -> set[str]:
        """Stores records as they are now; gives the ids that the CRM still knows, live or in the bin."""
        came: set[str] = set()
        for page in self._pages(source, ids):
            pulled.save_page(self.store, self.crm.name, page, run_id=self.run_id)
            came.update(row["crm_id"] for row in (*page.deals, *page.milestones, *page.gone, *page.bad))
        return came

    def _let_go(self, source: str, ids: Sequence[str]) -> None:
        """What neither a list nor a question by id finds left the CRM, at some instant up to now."""
        if not ids:
            return
        now = self.crm.now()
        gone = [GoneRecord(source=source, crm_id=crm_id, gone_at=now, survivor="") for crm_id in ids]
        pulled.save_page(self.store, self.crm.name, Page("", Cursor(), gone=gone), run_id=self.run_id)

    def _pages(self, source: str, ids: Sequence[str]) -> Iterable[Page]:
        for start in range(0, len(ids), SLICE):
            for page in self.crm.read(source, ids[start : start + SLICE], since=self.since):
                self.watch.say(f"{source} by id", page.read)
                yield page
                self.watch.checkpoint()

    def _count(self, **more: int) -> None:
        for name, count in more.items():
            self.counts[name] += count
