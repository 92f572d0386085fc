"""The command line in a process of its own that kills itself (SIGKILL) before its k-th durable or outward act.

Acts are counted from outside, nothing is patched: every part of a request that leaves (Python's own audit event of it) and every
transaction of the store that is about to become durable (SQLAlchemy's). What lies between two acts can't be told apart afterwards.
The process is forked from one that has imported everything, which makes a kill cheap enough to do at every point.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, event

KILLED = -signal.SIGKILL
OUTPUT = "output.txt"


@dataclass(slots=True)
class Acts:
    """Counts acts; the process dies before number `deadly` (0: never)."""

    deadly: int
    count: int = 0

    def happens(self, *_: object) -> None:
        """One more act is about to happen."""
        self.count += 1
        if self.count == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def audited(self, name: str, _arguments: object) -> None:
        """Python is about to do something; of interest is only what leaves over HTTP."""
        if name == "http.client.send":
            self.happens()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run of the program ended: its exit code or the negative signal, and how many acts it did (0 when it was killed)."""

    code: int
    acts: int = 0


def start(verb: Sequence[str], *, at: Path, deadly: int = 0) -> int:
    """Starts the program in a folder and gives its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        code = _live(verb, at, Acts(deadly))
    finally:
        os._exit(code)


def end(pid: int, *, at: Path) -> Ended:
    """Waits for it."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    told = (at / OUTPUT).with_suffix(".acts")
    return Ended(code, int(told.read_text()) if code != KILLED else 0)


def run(*verb: str, at: Path, deadly: int = 0) -> Ended:
    """The program from start to end."""
    return end(start(verb, at=at, deadly=deadly), at=at)


def run_for(seconds: float, *verb: str, at: Path) -> Ended:
    """The program, killed after so long unless it has ended by then."""
    pid = start(verb, at=at)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return Ended(os.waitstatus_to_exitcode(status))
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    return end(pid, at=at)


def _live(verb: Sequence[str], at: Path, acts: Acts) -> int:
    from crmsync.cli import main

    os.chdir(at)
    output = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    event.listen(Engine, "commit", acts.happens)
    sys.addaudithook(acts.audited)
    code = main(verb)
    sys.stdout.flush()
    (at / OUTPUT).with_suffix(".acts").write_text(str(acts.count))
    return code
