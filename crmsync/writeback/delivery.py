"""The way of planned values into a CRM, batch by batch, with a receipt for every value: for `push` and `undo` alike.

A receipt `in_flight` is durable before a request leaves. An answer that got lost is `unclear`: the CRM is read before anything is
sent again. A value is sent only while the CRM shows what the plan saw there; what it shows already isn't sent.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock

from crmsync.ahead import in_order
from crmsync.clock import Clock
from crmsync.crm import Crm
from crmsync.errors import CrmsyncError, Stopped
from crmsync.records import Answer, Result, Write
from crmsync.store import outbox
from crmsync.store.engine import Store
from crmsync.store.outbox import DONE, FAILED, IN_FLIGHT, OVERRAN, UNCLEAR, Planned
from crmsync.watch import Watch

CHANGED = "the CRM no longer shows what was there when this was planned"
GONE = "the deal is gone"
THERE = "the CRM shows it already"
RESTLESS = "the deal kept changing while this was sent"
NOT_APPLIED = "the answer was lost and the CRM doesn't show the value"
SKIPPED = {CHANGED: "changed", GONE: "gone", RESTLESS: "restless"}  # reason -> what it counts as
LEFT = "left"  # what a value counts as that isn't this run's to send
TRIES = 3  # readings of a deal that somebody else changes at the same time

Shown = dict[str, dict[Result, str | None]]


@dataclass(slots=True)
class Delivery:
    """One run's way into one CRM. `counts`: what became of the planned values, by outcome."""

    store: Store
    crm: Crm
    run_id: int
    clock: Clock
    watch: Watch
    counts: Counter[str] = field(
        default_factory=lambda: Counter(planned=0, written=0, failed=0, unclear=0, settled=0, there=0)
    )
    _counting: Lock = field(default_factory=Lock, init=False)

    def settle(self) -> None:
        """Asks the CRM what became of values whose answer was lost. What it shows is done; the rest is planned anew by stage."""
        open_rows = outbox.unsettled(self.store, self.crm.name)
        if not open_rows:
            return
        shown = self.crm.read_back(sorted({row.crm_id for row in open_rows}))
        settled = []
        for row in open_rows:
            arrived = row.crm_id in shown and shown[row.crm_id].get(row.result) == row.new
            settled.append((row.outbox_id, DONE, "") if arrived else (row.outbox_id, FAILED, NOT_APPLIED))
        self._note(settled)
        self.counts["settled"] += len(settled)

    def send(self, plan: Sequence[Planned]) -> None:
        """Sends a plan, several readings of it at once. Raises Stopped E505 when a value ends in no outcome, or in two.

        After a fault, or when told to stop, no further batch is begun, and those under way come to their end.
        """
        self.counts["planned"] += len(plan)
        planned = {row.outbox_id: row for row in plan}
        faults: list[CrmsyncError] = []

        def until_stopped() -> Iterator[list[Planned]]:
            for deals in _parts(_writes(plan), self.crm.ahead):
                if faults:
                    return
                yield [planned[row] for write in deals for row in write.outbox_ids]
                self.watch.checkpoint()

        for deals, fault in in_order(until_stopped(), self._tried, threads=self.crm.parallel):
            if fault:
                faults.append(fault)
            self.watch.say("push", deals)
        if faults:
            raise faults[0]
        conserve(self.counts)

    def leave(self, left: Sequence[tuple[Planned, str]]) -> None:
        """Notes why planned values are left, before anything is asked or sent."""
        self.counts.update({"planned": len(left), LEFT: len(left)} if left else {})
        self._note((row.outbox_id, FAILED, why) for row, why in left)

    def _tried(self, rows: Sequence[Planned]) -> tuple[int, CrmsyncError | None]:
        """Sends what one reading covers; gives how many deals that were, and what went wrong with all of them."""
        try:
            self._send(rows)
        except CrmsyncError as fault:
            return 0, fault
        return len({row.crm_id for row in rows}), None

    def _send(self, rows: Sequence[Planned]) -> None:
        """Reads and writes; a deal that changed between the two is read, compared and sent again."""
        for _ in range(TRIES):
            kept = self._compared(rows, self.crm.read_back(list({row.crm_id for row in rows})))
            by_id = {row.outbox_id: row for row in kept}
            rows = []
            for batch in self.crm.batches(_writes(kept)):
                rows += self._pushed(batch, [by_id[row] for write in batch for row in write.outbox_ids])
            if not rows:
                return
        self._skip([(row, RESTLESS) for row in rows])

    def _pushed(self, batch: Sequence[Write], rows: Sequence[Planned]) -> list[Planned]:
        """Sends one batch; gives the rows of deals that changed since they were read."""
        self._note((row.outbox_id, IN_FLIGHT, "") for row in rows)
        answers = {answer.crm_id: answer for answer in self.crm.push(batch)}
        stale = {crm_id for crm_id, answer in answers.items() if answer.stale}
        self._answered([row for row in rows if row.crm_id in answers and row.crm_id not in stale], answers)
        return [row for row in rows if row.crm_id in stale]

    def _compared(self, rows: Sequence[Planned], shown: Shown) -> list[Planned]:
        """The rows that may still go out; what became of the others is noted."""
        judged = [(row, why_not(row, shown)) for row in rows]
        there = [row for row, why in judged if why == THERE]
        self._note((row.outbox_id, DONE, "") for row in there)
        self._count(there=len(there))
        self._skip([(row, why) for row, why in judged if why in SKIPPED])
        return [row for row, why in judged if not why]

    def _answered(self, rows: Sequence[Planned], answers: dict[str, Answer]) -> None:
        noted = []
        for row in rows:
            answer = answers[row.crm_id]
            state = DONE if answer.done else UNCLEAR if answer.unclear else FAILED
            lost = dict(answer.lost).get(row.result)
            noted.append((row.outbox_id, state, answer.error if lost is None else f"{OVERRAN}{lost}"))
            self._count(**{"written" if answer.done else state: 1, **({} if lost is None else {"overran": 1})})
        self._note(noted)

    def _skip(self, skipped: Sequence[tuple[Planned, str]]) -> None:
        self._note((row.outbox_id, FAILED, why) for row, why in skipped)
        self._count(**Counter(SKIPPED[why] for _, why in skipped))

    def _count(self, **more: int) -> None:
        """Counts outcomes, of whichever batch."""
        with self._counting:
            self.counts.update(more)

    def _note(self, rows: Iterable[tuple[int, str, str]]) -> None:
        outbox.note(self.store, rows, run_id=self.run_id, now=self.clock())


def conserve(counts: Counter[str]) -> None:
    """Raises Stopped E505 unless every planned value ended in exactly one outcome."""
    outcomes = ("written", "there", "failed", "unclear", LEFT, *SKIPPED.values())
    ended = {name: counts[name] for name in outcomes if counts[name]}
    if counts["planned"] != sum(ended.values()):
        told = ", ".join(f"{count} {name}" for name, count in ended.items()) or "nothing"
        what = f"{counts['planned']} values were planned, but {told} came of them"
        raise Stopped("E505", what, remedy="report it with this line; the next push asks the CRM about the rest")


def _writes(rows: Iterable[Planned]) -> list[Write]:
    by_deal: dict[str, list[Planned]] = defaultdict(list)
    for row in rows:
        by_deal[row.crm_id].append(row)
    return [
        Write(crm_id, {row.result: row.new for row in mine}, tuple(row.outbox_id for row in mine))
        for crm_id, mine in by_deal.items()
    ]


def _parts(writes: Sequence[Write], size: int) -> Iterator[Sequence[Write]]:
    return (writes[start : start + size] for start in range(0, len(writes), size))


def why_not(row: Planned, shown: Shown) -> str:
    """Why a planned value isn't sent over what the CRM shows now, "" when it is."""
    if row.crm_id not in shown:
        return GONE
    stands = shown[row.crm_id].get(row.result)
    if stands == row.new:
        return THERE
    return "" if stands == row.old else CHANGED
