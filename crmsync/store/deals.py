"""What the store holds about one deal: its facts, its steps, what its CRM shows in our fields and what we wrote there."""

from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select

from crmsync.errors import BadConfig
from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.upsert import table_of

_deal, _milestone, _person = table_of(tables.Deal), table_of(tables.Milestone), table_of(tables.Person)
_fact, _label, _alias = table_of(tables.Fact), table_of(tables.Label), table_of(tables.Alias)
_held, _outbox, _receipt = table_of(tables.Held), table_of(tables.Outbox), table_of(tables.Receipt)

SHORT_ID, LONG_ID = (
    15,
    18,
)  # signs of a Salesforce id as screens and reports show it, and as the API does: three more that check it


def find(store: Store, name: str) -> list[Row[Any]]:
    """The deals that a person may mean: by the CRM's id (a merged or a short one too), by ours, else by the exact name."""
    merged = select(_alias.c.survivor).where(_alias.c.crm_id == name)
    ours = int(name) if name.isascii() and name.isdigit() and len(name) < 10 else -1
    short = and_(func.length(_deal.c.crm_id) == LONG_ID, func.substr(_deal.c.crm_id, 1, SHORT_ID) == name)
    by_id = or_(_deal.c.crm_id == name, _deal.c.crm_id.in_(merged), _deal.c.deal_id == ours, short)
    with store.read() as connection:
        found = connection.execute(select(_deal).where(by_id).order_by(_deal.c.deal_id)).all()
        return list(
            found or connection.execute(select(_deal).where(_deal.c.name == name).order_by(_deal.c.deal_id)).all()
        )


def one(store: Store, name: str) -> Row[Any]:
    """The one deal that a person means. Raises BadConfig E125 when there is none, E126 when several."""
    found = find(store, name)
    if not found:
        known = "the CRM's id, the exact name, or crmsync export deal to see them all"
        remedy = known if _all(store, select(_deal.c.deal_id).limit(1)) else "crmsync pull: the store holds no deal yet"
        raise BadConfig("E125", f"no deal {name!r}", remedy=remedy)
    live = [row for row in found if row.gone_at is None]
    if len(found) > 1 and len(live) != 1:
        listed = ", ".join(f"{row.crm} {row.crm_id}" for row in found[:10])
        raise BadConfig("E126", f"{len(found)} deals are called {name!r}", remedy=f"name one by its id: {listed}")
    return live[0] if live else found[0]  # of a merged deal the one that lives on


def facts(store: Store, deal_id: int) -> list[Row[Any]]:
    """The dated facts of a deal, newest first, with their texts in place of labels."""
    source, named = _label.alias("source"), _label.alias("named")
    query = (
        select(
            *(_fact.c[name] for name in ("at", "known_at", "kind", "phase", "side", "value", "milestone_id")),
            named.c.text.label("name"),
            source.c.text.label("source"),
            func.coalesce(_person.c.name, "").label("person"),
        )
        .join(source, source.c.label_id == _fact.c.source)
        .join(named, named.c.label_id == _fact.c.name)
        .outerjoin(_person, _person.c.person_id == _fact.c.person_id)
        .where(_fact.c.deal_id == deal_id)
        .order_by(_fact.c.at.desc(), _fact.c.kind, _fact.c.phase, _fact.c.source_id)
    )
    return _all(store, query)


def milestones(store: Store, deal_id: int) -> list[Row[Any]]:
    """The steps of a deal's plan that its CRM still shows, by their promised date."""
    query = select(_milestone).where(_milestone.c.deal_id == deal_id, _milestone.c.gone_at.is_(None))
    return _all(store, query.order_by(func.coalesce(_milestone.c.due_on, 2**31 - 1), _milestone.c.milestone_id))


def held(store: Store, deal_id: int) -> list[Row[Any]]:
    """What the CRM showed in our fields at the newest pull."""
    return _all(store, select(_held).where(_held.c.deal_id == deal_id))


def written(store: Store, deal_id: int) -> list[Row[Any]]:
    """The newest plan's row of each field of a deal, with its newest receipt where it has one."""
    newest_row = select(func.max(_outbox.c.outbox_id)).where(_outbox.c.deal_id == deal_id).group_by(_outbox.c.result)
    newest_receipt = select(func.max(_receipt.c.receipt_id)).where(_receipt.c.outbox_id.in_(newest_row))
    newest_receipt = newest_receipt.group_by(_receipt.c.outbox_id)
    state = select(_receipt).where(_receipt.c.receipt_id.in_(newest_receipt)).subquery("state")
    query = (
        select(_outbox, state.c.state, state.c.at, state.c.error)
        .outerjoin(state, state.c.outbox_id == _outbox.c.outbox_id)
        .where(_outbox.c.outbox_id.in_(newest_row))
    )
    return _all(store, query.order_by(_outbox.c.outbox_id))


def count_open(store: Store, crm: str) -> int:
    """How many deals of a CRM are open."""
    open_now = (_deal.c.crm == crm, _deal.c.closed_at.is_(None), _deal.c.gone_at.is_(None))
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(_deal).where(*open_now)).scalar_one()


def ids(store: Store) -> dict[int, tuple[str, str]]:
    """CRM and its id of every deal, by our id."""
    query = select(_deal.c.deal_id, _deal.c.crm, _deal.c.crm_id)
    return {row.deal_id: (row.crm, row.crm_id) for row in _all(store, query)}


def named(store: Store) -> dict[int, tuple[str, str, str]]:
    """CRM, its id and the name of every deal, by our id."""
    query = select(_deal.c.deal_id, _deal.c.crm, _deal.c.crm_id, _deal.c.name)
    return {row.deal_id: (row.crm, row.crm_id, row.name) for row in _all(store, query)}


def segments(store: Store) -> dict[int, str]:
    """The segment of every deal that has one, by our id."""
    query = select(_deal.c.deal_id, _deal.c.segment).where(_deal.c.segment != "")
    return {row.deal_id: row.segment for row in _all(store, query)}


def people(store: Store) -> dict[int, str]:
    """The names of owners and contacts, by our id."""
    return {row.person_id: row.name for row in _all(store, select(_person.c.person_id, _person.c.name))}


def _all(store: Store, query: Select[Any]) -> list[Row[Any]]:
    with store.read() as connection:
        return list(connection.execute(query).all())
