"""Several batches of a push under way at once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from crmsync import crm as crms
from crmsync.clock import system_clock
from crmsync.crm import Crm
from crmsync.errors import CrmsyncError, RetryLater
from crmsync.records import Answer, Result, Write
from crmsync.store import deals, outbox, runs
from crmsync.store.engine import Store
from crmsync.watch import Watch
from crmsync.writeback.delivery import Delivery
from tests.crms.stores import opened, pull_into
from tests.crms.test_parallel import Counting, Stopping
from tests.crms.twins import TWINS, Twin, twin
from tests.store.rows import save, score

P = Result.PROBABILITY
SIZE, THREADS = 4, 3


class Cut:
    """A room that takes few deals at once, and none of those that come along with a certain one ("": no such)."""

    def __init__(self, crm: Crm, *, fails_with: str, ahead: int) -> None:
        self.name, self.parallel, self._crm = crm.name, crm.parallel, crm
        self.fails_with, self.ahead = fails_with, ahead
        self.read: list[int] = []

    def read_back(self, crm_ids: Sequence[str]) -> dict[str, dict[Result, str | None]]:
        """Reads, and notes how many deals."""
        self.read.append(len(crm_ids))
        return self._crm.read_back(crm_ids)

    def batches(self, writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
        """A few at a time."""
        return (writes[start : start + SIZE] for start in range(0, len(writes), SIZE))

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """Sends, or fails before anything leaves."""
        if self.fails_with in {write.crm_id for write in writes}:
            raise RetryLater("E204", "the org's calls are used up")
        return self._crm.push(writes)


def begun(store: Store, step: str, target: str) -> int:
    """A run."""
    return runs.begin(store, job="", step=step, target=target, now=0)


@dataclass(slots=True)
class Planned:
    """A CRM and a store in which a value is planned for each of its deals."""

    room: Twin
    store: Store
    ids: list[str]
    planned_by: int
    crm: Cut | None = None

    def send(self, *, fails_with: str = "", watch: Watch | None = None, ahead: int = SIZE) -> Counter[str]:
        """Sends the plan; gives what became of it, faults included."""
        side_by_side = self.room.config.model_copy(update={"parallel": THREADS})
        self.crm = crm = Cut(crms.connect(side_by_side), fails_with=fails_with, ahead=ahead)
        delivery = Delivery(self.store, crm, begun(self.store, "push", crm.name), system_clock, watch or Watch())  # type: ignore[arg-type]
        try:
            delivery.send(outbox.planned_by(self.store, self.planned_by))
        except CrmsyncError as fault:
            delivery.counts[fault.code] += 1
        return delivery.counts


@pytest.fixture(params=TWINS)
def planned(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Planned]:
    """Each room in turn."""
    with twin(request.param, tmp_path, deals=60) as room, opened(tmp_path) as store:
        pull_into(store, room.crm)
        planned_by = begun(store, "stage", room.crm.name)
        known = {crm_id: number for number, (_, crm_id) in deals.ids(store).items()}
        save(store, score(next(iter(known.values()))))
        told = {"digest": "d", "run_id": planned_by, "score_id": 1, "crm": room.crm.name, "reason": "new score"}
        target = {"result": P.value, "target": room.config.fields[P], "old": None, "new": "12.5"}
        ids = sorted(known)[: 5 * SIZE]
        outbox.plan(store, [{**told, **target, "deal_id": known[it], "crm_id": it} for it in ids])
        yield Planned(room, store, ids, planned_by)


def test_push_has_several_batches_under_way(planned: Planned) -> None:
    """More than one call at once, no more than the config says, and each deal is written once."""
    counting = Counting(planned.room.served.server, 2)
    counts = planned.send()
    target = planned.room.config.fields[P]
    written = Counter(effect.crm_id for effect in planned.room.local.effects.since() if effect.field == target)
    assert (counts["written"], outbox.unsettled(planned.store, planned.room.crm.name)) == (len(planned.ids), [])
    assert 1 < counting.most <= THREADS
    assert [written[it] for it in planned.ids] == [1] * len(planned.ids)


def test_push_lets_batches_under_way_end_after_a_fault(planned: Planned) -> None:
    """No further one is begun; what was written is known, and only the failed batch is asked for next time."""
    counts = planned.send(fails_with=planned.ids[SIZE])
    left = {row.crm_id for row in outbox.unsettled(planned.store, planned.room.crm.name)}
    assert (counts["E204"], left) == (1, set(planned.ids[SIZE : 2 * SIZE]))
    assert SIZE <= counts["written"] <= THREADS * SIZE


def test_push_lets_batches_under_way_end_when_told_to_stop(planned: Planned) -> None:
    """Nothing is left in flight."""
    counts = planned.send(watch=Stopping())
    left = outbox.unsettled(planned.store, planned.room.crm.name)
    assert (counts["E602"], left, 0 < counts["written"] < len(planned.ids)) == (1, [], True)


def test_push_reads_once_for_several_batches(planned: Planned) -> None:
    """As many deals as the room lets be read ahead; each batch still goes out by itself."""
    counts = planned.send(ahead=3 * SIZE)
    assert planned.crm
    assert (counts["written"], sorted(planned.crm.read)) == (5 * SIZE, [2 * SIZE, 3 * SIZE])
