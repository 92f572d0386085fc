"""verify: what a CRM shows today against what stands in the store, record by record and month by month. Writes nothing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from crmsync.clock import iso, to_datetime
from crmsync.crm import Crm
from crmsync.records import DEAL_SOURCE
from crmsync.store import listing, pulled, runs
from crmsync.store.engine import Store
from crmsync.words import many

EXAMPLES = 5  # ids that are named
NAMES = {DEAL_SOURCE: "deals"}


@dataclass(frozen=True, slots=True)
class Compared:
    """How the records of one source compare. Ids are sorted; both sets are empty when store and CRM agree."""

    source: str
    in_crm: int
    in_store: int
    missing_here: tuple[str, ...]  # the CRM shows them, the store doesn't
    missing_there: tuple[str, ...]  # the store takes them for live, the CRM doesn't show them
    months: int  # months of creation that were counted on both sides
    differing: tuple[tuple[str, int, int], ...]  # month, records in the CRM, in the store


@dataclass(frozen=True, slots=True)
class Verified:
    """How one CRM compares. `complete_until`: the CRM's clock at the newest complete pull; `healed`: by the newest reconcile."""

    crm: str
    complete_until: int | None
    healed: int | None
    sources: tuple[Compared, ...]

    @property
    def agrees(self) -> bool:
        """Whether both hold the same records, made in the same months."""
        return not any(one.missing_here or one.missing_there or one.differing for one in self.sources)


def verify(store: Store, crm: Crm) -> Verified:
    """Compares one CRM with the store."""
    healed = [
        run.counts.get("healed") for run in runs.newest(store) if (run.step, run.target) == ("reconcile", crm.name)
    ]
    compared = tuple(_compare(store, crm, source.name) for source in crm.sources())
    return Verified(crm.name, pulled.complete_until(store, [crm.name]), healed[0] if healed else None, compared)


def _compare(store: Store, crm: Crm, source: str) -> Compared:
    theirs = {one.crm_id: one.created_at for one in crm.listed(source)}
    ours = listing.live(store, crm.name, source)
    there, here = _by_month(theirs.values()), _by_month(ours.values())
    months = sorted(there.keys() | here.keys())
    return Compared(
        source,
        len(theirs),
        len(ours),
        tuple(sorted(theirs.keys() - ours.keys())),
        tuple(sorted(ours.keys() - theirs.keys())),
        len(months),
        tuple((month, there[month], here[month]) for month in months if there[month] != here[month]),
    )


def _by_month(created_at: Iterable[int]) -> Counter[str]:
    return Counter(f"{to_datetime(at):%Y-%m}" for at in created_at)


def lines(found: Verified) -> list[str]:
    """What differs, by some of its ids and months; then one countable line a source, and how far the pulls reach."""
    told = [line for one in found.sources for line in _differences(found.crm, one)]
    told += [_counts(found.crm, one) for one in found.sources]
    until = "never pulled" if found.complete_until is None else f"complete up to {iso(found.complete_until)}"
    healed = "never reconciled" if found.healed is None else f"{found.healed:,} healed by the last reconcile"
    return [*told, f"verify {found.crm}: {until}, {healed}"]


def _differences(crm: str, one: Compared) -> Iterable[str]:
    for where, ids in (("only in the CRM", one.missing_here), ("only in the store", one.missing_there)):
        if ids:
            more = " ..." if len(ids) > EXAMPLES else ""
            yield f"[fail] {crm} {_name(one)}: {where}: {', '.join(ids[:EXAMPLES])}{more}"
    for month, there, here in one.differing[:EXAMPLES]:
        yield f"[fail] {crm} {_name(one)}: made in {month}: {there:,} in the CRM, {here:,} in the store"


def _counts(crm: str, one: Compared) -> str:
    counts = f"{one.in_crm:,} {_name(one)} in the CRM, {one.in_store:,} in the store"
    differ = f"{len(one.missing_here):,} missing here, {len(one.missing_there):,} missing there"
    return f"verify {crm}: {counts}, {differ}; {many(one.months, 'month')} counted, {len(one.differing):,} differ"


def _name(one: Compared) -> str:
    return NAMES.get(one.source, one.source)
