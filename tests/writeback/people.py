"""People who edit between planning and pushing, and between the reading and the writing of a push, in every order that is found.

python -m tests.writeback.people 2000              so many machines on each local CRM, and what they met
python -m tests.writeback.people 2000 hubspot      on this one
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from crmsync.clock import system_clock
from crmsync.config import StoreConfig
from crmsync.crm import Crm
from crmsync.records import Answer, Result, Write
from crmsync.store import deals, outbox
from crmsync.store.engine import Store, open_store
from crmsync.store.outbox import OVERRAN
from crmsync.watch import Watch
from crmsync.writeback.delivery import Delivery
from tests.crms.twins import TWINS, Twin, twin
from tests.store.rows import deal, pull, run, save, score

STEPS = 30
P = Result.PROBABILITY
PLACES = st.integers(0, 3)  # of the deals
VALUES = st.sampled_from(["10.0", "20.0", "30.0", "40.5"])


@dataclass(slots=True)
class Met:
    """What machines met. `moments`: deals that a person changed after the reading and before the writing of them; `named`: those
    of them whose value was gone over, and is told by a receipt.
    """

    machines: int = 0
    pushes: int = 0
    moments: int = 0
    named: int = 0


class Meddled:
    """A CRM in which people act after a deal was read and before it is written."""

    def __init__(self, crm: Crm, acts: list[tuple[str, str]], act: Callable[[str, str | None], None]) -> None:
        self.name, self.acts, self._crm, self._act = crm.name, acts, crm, act
        self.parallel = 1  # whoever acts has to do so at a moment that is known
        self.ahead, self.read_back, self.batches = crm.ahead, crm.read_back, crm.batches

    def push(self, writes: Sequence[Write]) -> Iterator[Answer]:
        """What waits to be done by people, then the writes."""
        while self.acts:
            self._act(*self.acts.pop(0))
        return self._crm.push(writes)


class People(RuleBasedStateMachine):
    """`stands`: what each deal shows. A value has to be a person's or ours, and never ours over a person's."""

    def __init__(self, served: Twin, store: Store, ids: list[str], met: Met) -> None:
        super().__init__()
        self.twin, self.store, self.ids, self.met = served, store, ids, met
        met.machines += 1
        self.stands: dict[str, str | None] = {}
        self.plan: dict[str, tuple[str | None, str]] = {}
        self.planned_by = 0
        self.during: list[tuple[str, str]] = []
        for crm_id in ids:
            self.act(crm_id, None)
        assert {row[P] for row in served.crm.read_back(ids).values()} == {None}

    @rule(wanted=st.dictionaries(PLACES, VALUES, min_size=1))
    def stage(self, wanted: dict[int, str]) -> None:
        """Plans values for some deals, over what they show now."""
        named = {self.ids[place]: value for place, value in wanted.items()}
        self.plan = {it: (self.stands[it], value) for it, value in named.items() if self.stands[it] != value}
        self.planned_by = run(self.store, "stage")
        known = {crm_id: number for number, (_, crm_id) in deals.ids(self.store).items()}
        told = {"digest": "d", "run_id": self.planned_by, "score_id": 1, "crm": "main", "reason": "new score"}
        target = {"result": P.value, "target": self.twin.config.fields[P]}
        outbox.plan(
            self.store,
            [
                {**told, **target, "deal_id": known[it], "crm_id": it, "old": old, "new": new}
                for it, (old, new) in self.plan.items()
            ],
        )

    @rule(place=PLACES, value=VALUES)
    def edit(self, place: int, value: str) -> None:
        """A person sets a value, in a second of its own."""
        self.act(self.ids[place], value)

    @rule(place=PLACES, value=VALUES)
    def edit_in_the_last_moment(self, place: int, value: str) -> None:
        """A person will do so between the reading and the writing of the next push."""
        self.during.append((self.ids[place], value))

    @precondition(lambda self: self.plan)
    @rule()
    def push(self) -> None:
        """Sends the plan, and looks at what stands then."""
        seen, last = dict(self.stands), dict(self.during)
        sent = any(seen[it] == old for it, (old, _) in self.plan.items())
        delivery = Delivery(self.store, Meddled(self.twin.crm, self.during, self.act), 99, system_clock, Watch())  # type: ignore[arg-type]
        before = len(self.named())
        delivery.send(outbox.planned_by(self.store, self.planned_by))
        shown = {it: row[P] for it, row in self.twin.crm.read_back(self.ids).items()}
        lost = self.named()[before:]
        for it, (old, new) in self.plan.items():
            moment = last.get(it) if sent else None
            self.look(shown[it], old, new, seen[it], moment, lost)
            at_stake = seen[it] == old and moment not in (None, old, new)
            self.met.moments += at_stake
            self.met.named += at_stake and shown[it] != moment
        self.met.pushes += 1
        self.stands, self.plan = shown, {}

    def look(
        self, shown: str | None, old: str | None, new: str, seen: str | None, moment: str | None, lost: list[str]
    ) -> None:
        """One deal after a push: `seen` when it began, `moment` what a person set before the writing."""
        if seen != old:
            assert shown == (seen if moment is None else moment)
        elif moment is None or moment in (old, new):
            assert shown == new
        else:
            assert shown == moment or (self.twin.kind != "salesforce" and f"{OVERRAN}{moment}" in lost)

    def act(self, crm_id: str, value: str | None) -> None:
        """A person's edit, in a second in which nothing else happens."""
        blank = None if self.twin.kind == "salesforce" else ""
        told = blank if value is None else float(value)
        self.twin.forward(1)
        self.twin.edit(self.twin.names.deals, crm_id, {self.twin.config.fields[P]: told})
        self.twin.forward(1)
        self.stands[crm_id] = value

    def named(self) -> list[str]:
        """What the receipts say of values that were gone over."""
        return [row[1] for row in outbox.overran(self.store, "main")]


def meet(kind: str, folder: Path, *, machines: int) -> Met:
    """Runs so many machines on one local CRM. Raises AssertionError with the shortest way to a value that was lost in silence."""
    met = Met()
    with twin(kind, folder, deals=12) as served:
        served.crm.name = "main"
        ids = [crm_id for _, crm_id, _ in served.local.ids()][:4]
        store = open_store(StoreConfig(url=f"sqlite:///{folder}/it.db"))
        pull(store, run_id=run(store, "pull"), deals=[deal(crm_id) for crm_id in ids])
        save(store, score(1))
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            lambda: People(served, store, ids, met),
            settings=settings(
                max_examples=machines,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        store.close()
    return met


def main(machines: int, kinds: Sequence[str]) -> None:
    """Tells what the machines met on each of these local CRMs."""
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            met = meet(kind, Path(folder), machines=machines)
        edits = f"{met.moments:,} edits between reading and writing, {met.named:,} of them gone over and named"
        print(f"{kind}: {met.machines:,} machines, {met.pushes:,} pushes, {edits}, 0 in silence", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:] or list(TWINS))
