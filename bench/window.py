"""How long a person's edit in HubSpot can be gone over: from the moment at which HubSpot reads the fields for our comparison to the
moment at which it applies our write.

    python -m bench.window              100 batches of 100 deals, without latency and with 80 ms a request
    python -m bench.window 20

Both moments are taken inside the local HubSpot. Between them lie the answer's way back, the comparison, the receipts that are made
durable, and the write's way there; a request's latency is spent on its way there.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from crmsync.clock import system_clock
from crmsync.config import StoreConfig
from crmsync.records import Result
from crmsync.sandbox.control import Served
from crmsync.sandbox.http import App, Request, Response
from crmsync.store import deals, outbox
from crmsync.store.engine import Store, open_store
from crmsync.watch import Watch
from crmsync.writeback.delivery import Delivery
from tests.crms.twins import Twin, twin
from tests.store.rows import deal, pull, run, save, score

DEALS, BATCH = 200, 100
ROUNDS = 100
LATENCIES_MS = (0, 80)
VALUES = ("10.0", "20.0")
READ, WRITE = "/deals/batch/read", "/deals/batch/update"


class Timed:
    """An app that notes when it has read deals and when it has changed some; `windows`: the seconds between, one a batch."""

    def __init__(self, app: App) -> None:
        self._app, self._read_at = app, 0.0
        self.windows: list[float] = []

    def answer(self, request: Request) -> Response:
        """What the app answers. The histories that are read after a write begin no window: the next reading does."""
        before = time.monotonic()
        told = self._app.answer(request)
        if request.path.endswith(READ):
            self._read_at = before
        elif request.path.endswith(WRITE):
            self.windows.append(time.monotonic() - self._read_at)
        return told


def measure(it: Twin, store: Store, ids: list[str], rounds: int) -> list[float]:
    """The windows of so many batches, in seconds."""
    server = it.served.server
    app = server.app
    server.app = timed = Timed(app)
    for number in range(rounds):
        old = VALUES[(number + 1) % 2] if number else None
        send(it, store, ids, old=old, new=VALUES[number % 2])
    server.app = app
    return timed.windows


def send(it: Twin, store: Store, ids: list[str], *, old: str | None, new: str) -> None:
    """Plans one value for every deal and sends it."""
    staged = run(store, "stage")
    known = {crm_id: number for number, (_, crm_id) in deals.ids(store).items()}
    told = {"digest": "d", "run_id": staged, "score_id": 1, "crm": "main", "reason": "", "old": old, "new": new}
    target = {"result": Result.PROBABILITY.value, "target": it.config.fields[Result.PROBABILITY]}
    outbox.plan(store, [{**told, **target, "deal_id": known[it], "crm_id": it} for it in ids])
    delivery = Delivery(store, it.crm, run(store, "push"), system_clock, Watch())
    delivery.send(outbox.planned_by(store, staged))
    assert delivery.counts["written"] == len(ids)


def blank(it: Twin, ids: list[str]) -> None:
    """Empties the field, as somebody at a screen would."""
    people: Served = it.served
    for crm_id in ids:
        people.people.edit("deals", crm_id, {it.config.fields[Result.PROBABILITY]: ""}, who=it.who)


def main(rounds: int) -> None:
    """The table."""
    print(f"{'latency':>8} {'batches':>8} {'p50':>8} {'p95':>8} {'max':>8}   ms")
    with tempfile.TemporaryDirectory() as name, twin("hubspot", Path(name), deals=DEALS) as it:
        it.crm.name = "main"
        ids = list(it.ids())[:BATCH]
        store = open_store(StoreConfig(url=f"sqlite:///{name}/store.db"))
        pull(store, run_id=run(store, "pull"), deals=[deal(crm_id) for crm_id in ids])
        save(store, score(1))
        for latency_ms in LATENCIES_MS:
            it.served.server.latency_s = latency_ms / 1_000
            found = 1_000 * np.array(measure(it, store, ids, rounds))
            it.served.server.latency_s = 0
            blank(it, ids)
            p50, p95 = np.percentile(found, [50, 95])
            print(f"{latency_ms:>5} ms {len(found):>8} {p50:>8.1f} {p95:>8.1f} {found.max():>8.1f}", flush=True)
        store.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
