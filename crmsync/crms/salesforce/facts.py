"""Making a dated fact in one line."""

from crmsync.records import FactRecord, Kind, Phase, Side


def fact(
    deal: str,
    at: int,
    *,
    source: str,
    source_id: str,
    kind: Kind,
    known_at: int | None = None,
    phase: Phase = Phase.HAPPENED,
    name: str = "",
    value: int = 0,
    side: Side = Side.UNKNOWN,
    person: str = "",
) -> FactRecord:
    """A dated fact; the CRM learnt it as it happened unless `known_at` says otherwise."""
    return FactRecord(
        deal=deal,
        at=at,
        known_at=at if known_at is None else known_at,
        source=source,
        source_id=source_id,
        kind=kind,
        phase=phase,
        name=name,
        value=value,
        side=side,
        person=person,
    )
