"""What PostgreSQL's COPY saves where many rows are stored: facts by pages, as a first pull brings them, and scores.

    python -m bench.rows
    python -m bench.rows --page 200

Each kind is stored in turn by an INSERT for each row, sent in batches by the driver, and by the store's own way, three times.
Printed: processor seconds of this process and of the server's, of the best round of each.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import SQLModel

from crmsync.config import StoreConfig
from crmsync.store import tables
from crmsync.store.engine import Store, open_store
from crmsync.store.upsert import insert_all, insert_new, table_of
from tests.postgres import database, serving
from tests.store.rows import T0, columns, deal, pull, score

DEALS, FACTS, SCORES, ROUNDS = 1_000, 40_000, 10_000, 3
REASONS = {"reasons": "", "parts_id": 1, "added": b"x" * 700, "text": "y" * 250}  # as long as the starter model's
TICKS = os.sysconf("SC_CLK_TCK")
Insert = Callable[[Connection, type[SQLModel], list[dict[str, Any]]], object]


def each(connection: Connection, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """An INSERT for each row."""
    connection.execute(insert(table_of(model)).on_conflict_do_nothing(), rows)


def together(connection: Connection, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """All by their columns."""
    insert_all(connection, model, columns(rows))


def fact(number: int) -> dict[str, Any]:
    """A fact of one of the deals, none like another."""
    about = {"deal_id": number % DEALS + 1, "at": T0 + number, "kind": 9, "phase": 0, "source": 1}
    told = {"source_id": f"00T{number:015d}", "value": 0, "name": 2, "known_at": T0 + number}
    return {**about, **told, "side": 1, "person_id": number % 50, "milestone_id": 0, "run_id": 1}


def stored(
    store: Store, model: type[SQLModel], pages: Sequence[list[dict[str, Any]]], by: Insert
) -> tuple[float, float]:
    """Processor seconds of storing pages into an empty table, each in its transaction: ours, and the server's."""
    with store.write() as connection:
        connection.exec_driver_sql(f"TRUNCATE {table_of(model).name} CASCADE")
    ours = theirs = 0.0
    for page in pages:
        with store.write() as connection:
            server = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
            began = time.process_time(), used(server)
            by(connection, model, page)
            ours, theirs = ours + time.process_time() - began[0], theirs + used(server) - began[1]
    return ours, theirs


def used(process: int) -> float:
    """Processor seconds of another process."""
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def main() -> None:
    """A line for each kind of row and way."""
    parser = argparse.ArgumentParser(prog="python -m bench.rows")
    parser.add_argument("--page", type=int, default=2_000, help="facts that are stored at once")
    size = parser.parse_args().page
    facts = [[fact(number) for number in range(start, start + size)] for start in range(0, FACTS, size)]
    scores = [[score(number % DEALS + 1, **REASONS) for number in range(SCORES)]]
    with serving() as address, database(address, "bench") as url:
        store = open_store(StoreConfig(url=url))
        pull(store, deals=[deal(f"D{number}") for number in range(DEALS)])
        for model, pages, ours in ((tables.Fact, facts, insert_new), (tables.Score, scores, together)):
            rounds = [[stored(store, model, pages, by) for by in (each, ours)] for _ in range(ROUNDS)]
            for name, found in zip(("an INSERT each", "COPY"), zip(*rounds, strict=True), strict=True):
                here, there = min(found, key=sum)
                print(
                    f"{table_of(model).name:>6} {name:>15}: {here:6.2f} s here, {there:6.2f} s in the server",
                    flush=True,
                )
        store.close()


if __name__ == "__main__":
    main()
