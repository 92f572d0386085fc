"""What a pull sees in our fields of the CRMs, and whose it is.

A CRM's word counts when a value is seen first: one that still stands there is still whose it was, though the record was changed
since. One that came while this store looked on is ours only if the ledger has it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from crmsync.records import OURSELVES
from crmsync.store import tables
from crmsync.store.numbers import parts
from crmsync.store.upsert import table_of, upsert

UNKNOWN = ""
_held = table_of(tables.Held)


def save(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Stores what was seen, `seen_run_id` even of what is as it was: a person may have put an old value back."""
    before = _before(connection, {row["deal_id"] for row in rows})
    told = [_weighed(row, before.get((row["deal_id"], row["result"]))) for row in rows]
    upsert(connection, tables.Held, told, key=("deal_id", "result"))


def _weighed(row: dict[str, Any], before: Any) -> dict[str, Any]:
    if before is None:
        return row
    if before.value == row["value"]:
        return {**row, "set_by": before.set_by, "set_at": before.set_at}
    return {**row, "set_by": UNKNOWN if row["set_by"] == OURSELVES else row["set_by"]}


def _before(connection: Connection, deals: set[int]) -> dict[tuple[int, str], Any]:
    found: dict[tuple[int, str], Any] = {}
    for part in parts(sorted(deals)):
        rows = connection.execute(select(_held).where(_held.c.deal_id.in_(part)))
        found.update(((row.deal_id, row.result), row) for row in rows)
    return found
