"""Kills a phase at its points, or a whole story at random moments, and counts what differs from the unbroken one."""

import random
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from crmsync import starter
from tests import postgres
from tests.crash import phases, victim
from tests.crash.phases import CHAIN, End, Phase, Verb
from tests.crash.served import Served

STORE = "crmsync.db"
SQLITE = f"sqlite:///{STORE}"
SHORT_MODEL = (
    'features = ["age", "stage", "step_done", "buyer_idle", "overdue"]\n'
    "[penalty]\ngrid = [0.03]\n[gate]\nblock = false\n[write]\nprior = true\n"
)
KILLS_OF_A_VERB = 3


@dataclass(slots=True)
class Tally:
    """How many points were tried, and what was wrong after which."""

    points: int = 0
    wrong: list[str] = field(default_factory=list)

    def note(self, where: str, faults: Iterable[str]) -> None:
        """One more point."""
        self.points += 1
        self.wrong += [f"{where}: {fault}" for fault in faults]


class Bench:
    """A workspace over local CRMs, in which phases are killed."""

    def __init__(self, crms: Served, folder: Path) -> None:
        self.crms, self.folder = crms, folder
        self.work = folder / "work"
        starter.init(self.work)
        (self.work / "models" / "close.toml").write_text(SHORT_MODEL)
        self.use(SQLITE)

    def use(self, url: str) -> None:
        """Names the store."""
        self.url = url if url != SQLITE else f"sqlite:///{self.work / STORE}"
        (self.work / "config.toml").write_text((self.crms.folder / "config.toml").read_text().replace(SQLITE, url))

    def clear(self, kept: Path | None = None) -> None:
        """An empty store, or a kept one; our fields in the CRMs are blank."""
        for file in self.work.glob(f"{STORE}*"):
            file.unlink()
        if kept is not None:
            shutil.copy(kept, self.work / STORE)
        self.crms.wipe()

    def run(self, verbs: Sequence[Verb]) -> None:
        """Runs verbs to their end. Raises RuntimeError when one doesn't end well."""
        for verb in verbs:
            self._well(verb, victim.run(*verb, at=self.work).code, 0)

    def _well(self, verb: Verb, code: int, due: int) -> None:
        if code != due:
            told = (self.work / victim.OUTPUT).read_text()[-2_000:]
            raise RuntimeError(f"{' '.join(verb)} ended with {code}:\n{told}")

    def end(self, since: int) -> End:
        """Where it stands."""
        return phases.end(self.url, self.crms, since=since)

    def points(self, phase: Phase) -> tuple[Callable[[], int], int, End]:
        """How to get to the phase's state (gives the mark in the log of changes), its number of points, and its unbroken end."""
        self.clear()
        self.run(phase.before)
        kept = self.folder / f"{phase.name}.db"
        shutil.copy(self.work / STORE, kept) if phase.before else None

        def begin() -> int:
            self.clear(kept if phase.before else None)
            if phase.name == "undo":
                self.clear(self.folder / "push.db")
                self.run(phase.before[4:])
            return self.crms.mark()

        since = begin()
        acts = victim.run(*phase.verb, at=self.work).acts
        self.run(phase.after)
        return begin, acts, self.end(since)

    def kill(self, phase: Phase, tally: Tally, *, every: int = 1, tell: Callable[[str], None] = print) -> None:
        """Kills a phase before each of its acts, or before one in so many."""
        begin, acts, whole = self.points(phase)
        began, before = time.monotonic(), tally.points
        for deadly in range(1, acts + 1, every):
            since = begin()
            ended = victim.run(*phase.verb, at=self.work, deadly=deadly)
            faults = [] if ended.code == victim.KILLED else [f"not killed but ended with {ended.code}"]
            self.run(phase.after)
            tally.note(f"{phase.name} killed before act {deadly}", faults + phases.faults(self.end(since), whole))
        took = time.monotonic() - began
        tell(f"{phase.name}: {tally.points - before} of {acts} points, {len(tally.wrong)} wrong so far, {took:.0f} s")

    def at_random(self, database: str, tally: Tally, *, kills: int, tell: Callable[[str], None] = print) -> None:
        """Kills whole stories at random moments until so many kills are done; `database`: "sqlite", or a server's address."""
        if not kills:
            return
        chance, began, done, wrong = random.Random(1), time.monotonic(), 0, len(tally.wrong)
        for number in (1, 2):  # only the second finds fields as all that follow do: touched by somebody
            with self._fresh(database, number):
                lasted, whole = self._measured()
        for number in count(3):
            with self._fresh(database, number):
                since = self.crms.mark()
                killed = sum(self._killed(verb, chance, lasted[verb]) for verb in CHAIN)
                tally.note(
                    f"{database.partition(':')[0]} story with {killed} random kills",
                    phases.faults(self.end(since), whole),
                )
            tally.points += killed - 1
            done += killed
            if done >= kills:
                break
        took, kind, wrong = time.monotonic() - began, database.partition(":")[0], len(tally.wrong) - wrong
        tell(f"{kind}: {done} random kills in {number - 2} stories, {wrong} wrong, {took:.0f} s")

    @contextmanager
    def _fresh(self, database: str, number: int) -> Iterator[None]:
        """An empty store on a database."""
        server = database if database != "sqlite" else ""
        with postgres.database(server, f"story_{number}") if server else nullcontext(SQLITE) as url:
            self.use(url)
            self.clear()
            yield

    def _measured(self) -> tuple[dict[Verb, float], End]:
        """How long each verb takes, and where the unbroken story ends."""
        since = self.crms.mark()
        lasted: dict[Verb, float] = {}
        for verb in CHAIN:
            began = time.monotonic()
            self.run([verb])
            lasted.setdefault(verb, time.monotonic() - began)
        return lasted, self.end(since)

    def _killed(self, verb: Verb, chance: random.Random, lasts: float) -> int:
        """Runs a verb to its end, killed on the way up to so often; gives how often."""
        for killed in range(KILLS_OF_A_VERB):
            code = victim.run_for(chance.uniform(0, lasts), *verb, at=self.work).code
            if code == 0:
                return killed
            self._well(verb, code, victim.KILLED)
        self.run([verb])
        return KILLS_OF_A_VERB
