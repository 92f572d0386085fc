"""What scores are sums of: names and base, kept once for all scores by a fit."""

import json
from dataclasses import dataclass

from sqlalchemy import insert, select

from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.store.upsert import table_of

_parts = table_of(tables.Parts)


@dataclass(frozen=True, slots=True)
class Parts:
    """The base in log-odds, and the names of what is added to it."""

    base: float
    names: tuple[str, ...]


def number(store: Store, fit_id: int, parts: Parts) -> int:
    """The number under which scores refer to these; a fit has another one after a change of what its parts are called."""
    row = {"fit_id": fit_id, "base": parts.base, "names": json.dumps(parts.names)}
    query = select(_parts.c.parts_id).where(*(_parts.c[name] == value for name, value in row.items()))
    with store.write() as connection:
        found: int | None = connection.execute(query).scalar()
        return (
            connection.execute(insert(_parts).values(row).returning(_parts.c.parts_id)).scalar_one()
            if found is None
            else found
        )


def known(store: Store) -> dict[int, Parts]:
    """All of them by number."""
    query = select(_parts.c.parts_id, _parts.c.base, _parts.c.names)
    with store.read() as connection:
        return {row.parts_id: Parts(row.base, tuple(json.loads(row.names))) for row in connection.execute(query)}
