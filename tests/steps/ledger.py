"""A ledger as sixty days of scoring, pushing and undoing leave it, made of rows alone."""

from random import Random
from typing import Any

from crmsync.records import Cursor, Page, Result
from crmsync.store import pulled, tables
from crmsync.store.engine import Store
from crmsync.store.outbox import DONE, FAILED, IN_FLIGHT, UNCLEAR, UNDO
from tests.store.rows import CRM, T0, add, deal, held, pull, score

DAY = 86_400_000_000
DAYS, DEALS = 60, 3
FIELDS = (Result.PROBABILITY, Result.REASONS)
LEDGER = (tables.Score, tables.Outbox, tables.Receipt)
Row = dict[str, Any]


class Past:
    """Sixty days of one CRM: each is scored, planned and pushed, with faults and undos as dice tell. `store` puts it away."""

    def __init__(self, seed: int) -> None:
        self.dice, self.now = Random(seed), T0
        self.rows: dict[type[Any], list[Row]] = {table: [] for table in (tables.Run, *LEDGER)}
        self.stored: dict[str, dict[type[Any], int]] = {}  # how many rows of each table a store has
        self.shown: dict[tuple[int, str], str | None] = {}
        self.wrote: dict[int, list[Row]] = {}  # what arrived, by run
        for _ in range(DAYS):
            self.live()

    def live(self) -> None:
        """One day more."""
        self.now += DAY
        number = self.begin("score")
        for one in range(1, DEALS + 1):
            self.add(
                tables.Score, score_id=0, **score(one, run_id=number, as_of=self.now, probability=self.dice.random())
            )
        if self.dice.random() < 0.7:
            fields = [(one, result) for one in range(1, DEALS + 1) for result in FIELDS if self.dice.random() < 0.5]
            planned = self.plan("stage", [(*each, self.dice.choice("ABC"), "new score") for each in fields])
            self.push(planned, run_id=self.begin("push"))
        if self.dice.random() < 0.1 and self.wrote:
            self.undo(self.dice.choice(sorted(self.wrote)[-5:]))

    def add(self, table: type[Any], **row: Any) -> Row:
        """A row under the next number of its table, which is its first column."""
        number = len(self.rows[table]) + 1
        self.rows[table].append({**row, next(iter(row)): number})
        return self.rows[table][-1]

    def begin(self, name: str) -> int:
        """A run of today that has ended."""
        ended = {"status": "done", "started_at": self.now, "ended_at": self.now, "message": ""}
        return int(
            self.add(tables.Run, run_id=0, job="", step=name, target=CRM, counts='{"written": 1}', **ended)["run_id"]
        )

    def plan(self, name: str, values: list[tuple[int, str, str | None, str]]) -> list[Row]:
        """A plan of values: deal, result, new value, reason."""
        number = self.begin(name)
        told = {"digest": f"d{number}", "run_id": number, "crm": CRM, "target": "F__c"}
        newest = len(self.rows[tables.Score]) - DEALS  # today's score of deal 1 is the next
        found = []
        for one, result, new, reason in values:
            about = {"deal_id": one, "crm_id": f"D{one}", "result": str(result), "score_id": newest + one}
            value = {"old": self.shown.get((one, result)), "new": new, "reason": reason}
            found.append(self.add(tables.Outbox, outbox_id=0, **told, **about, **value))
        return found

    def push(self, planned: list[Row], *, run_id: int) -> None:
        """Sends most of a plan; most of it arrives."""
        for row in planned:
            state = self.dice.choice([DONE] * 6 + [FAILED, UNCLEAR])
            for noted in (IN_FLIGHT, state) if self.dice.random() < 0.9 else ():
                told = {"state": noted, "run_id": run_id, "at": self.now, "error": ""}
                self.add(tables.Receipt, receipt_id=0, outbox_id=row["outbox_id"], **told)
                if noted == DONE:
                    self.shown[row["deal_id"], row["result"]] = row["new"]
                    self.wrote.setdefault(run_id, []).append(row)

    def undo(self, number: int) -> None:
        """Puts back what a push changed."""
        back = [(row["deal_id"], row["result"], row["old"], f"{UNDO}{number}") for row in self.wrote[number]]
        planned = self.plan("undo", back)
        self.push(planned, run_id=planned[0]["run_id"])

    def store(self, store: Store) -> "Past":
        """Puts away what came since the last time."""
        if store.url not in self.stored:
            names = [f"D{number}" for number in range(1, DEALS + 1)]
            seen = [held(None, deal=name, result=result) for name in names for result in FIELDS]
            pull(store, run_id=0, deals=[deal(name) for name in names], held=seen)
            pulled.save_page(store, CRM, Page(pulled.CLOCK, Cursor(stamp=self.now)), run_id=0)
        had = self.stored.get(store.url, {})
        for table, rows in self.rows.items():
            if new := rows[had.get(table, 0) :]:
                add(store, table, *new)
        self.stored[store.url] = {table: len(rows) for table, rows in self.rows.items()}
        return self
