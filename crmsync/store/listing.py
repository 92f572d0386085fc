"""Which records of a CRM the store takes for live, by their ids there: what a reconcile holds against the CRM's own lists."""

from sqlalchemy import Select, select

from crmsync.records import DEAL_SOURCE
from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.upsert import table_of

_deal, _milestone = table_of(tables.Deal), table_of(tables.Milestone)


def live(store: Store, crm: str, source: str) -> dict[str, int]:
    """The creation of each live record of a source, by its id."""
    with store.read() as connection:
        return {row.crm_id: row.created_at for row in connection.execute(_live(crm, source))}


def of_open_deals(store: Store, crm: str, source: str) -> list[str]:
    """The ids of the open deals, or of the live steps of open deals, in order."""
    query = _live(crm, source)
    if source != DEAL_SOURCE:
        query = query.join(_deal, _deal.c.deal_id == _milestone.c.deal_id).where(_deal.c.gone_at.is_(None))
    with store.read() as connection:
        return sorted(row.crm_id for row in connection.execute(query.where(_deal.c.closed_at.is_(None))))


def _live(crm: str, source: str) -> Select[tuple[str, int]]:
    table = _deal if source == DEAL_SOURCE else _milestone
    query = select(table.c.crm_id, table.c.created_at).where(table.c.crm == crm, table.c.gone_at.is_(None))
    return query if source == DEAL_SOURCE else query.where(_milestone.c.source == source)
