"""verify: the ids of the deals that a CRM shows today against those in the store. Reads both, writes nothing."""

from dataclasses import dataclass

from crmsync.crm import Crm
from crmsync.store import deals
from crmsync.store.engine import Store

EXAMPLES = 5  # ids that are named


@dataclass(frozen=True, slots=True)
class Verified:
    """How the deals of a CRM compare. Ids are sorted; both sets are empty when store and CRM agree."""

    crm: str
    in_crm: int
    in_store: int
    missing_here: tuple[str, ...]  # the CRM shows them, the store doesn't
    missing_there: tuple[str, ...]  # the store takes them for live, the CRM doesn't show them

    @property
    def agrees(self) -> bool:
        """Whether both hold the same deals."""
        return not self.missing_here and not self.missing_there


def verify(store: Store, crm: Crm) -> Verified:
    """Compares one CRM with the store."""
    theirs, ours = set(crm.ids()), deals.live_ids(store, crm.name)
    return Verified(crm.name, len(theirs), len(ours), tuple(sorted(theirs - ours)), tuple(sorted(ours - theirs)))


def lines(found: Verified) -> list[str]:
    """One countable line, and some of the ids that differ."""
    told = [
        f"[fail] {found.crm}: {where}: {', '.join(ids[:EXAMPLES])}{' ...' if len(ids) > EXAMPLES else ''}"
        for where, ids in (("only in the CRM", found.missing_here), ("only in the store", found.missing_there))
        if ids
    ]
    counts = f"{found.in_crm:,} deals in the CRM, {found.in_store:,} in the store"
    differ = f"{len(found.missing_here):,} missing here, {len(found.missing_there):,} missing there"
    return [*told, f"verify {found.crm}: {counts}, {differ}"]
