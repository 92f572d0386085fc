"""What `serve` and `run` say while they work, one line for each event: text for people, or JSON for whatever collects it.

An event is a row of the run ledger, told under its step's name when it begins and when it ends. Nothing else is logged: no request,
no record, no address, so no secret.
"""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from crmsync.clock import MICROS_PER_SECOND, Clock, iso, system_clock
from crmsync.errors import CrmsyncError
from crmsync.watch import Watch
from crmsync.words import counted

# What could end a line, steer a terminal or turn its direction.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
LEVELS = {
    "running": "info",
    "done": "info",
    "partial": "warning",
    "early": "info",
    "later": "warning",
    "waiting": "warning",
}

Write = Callable[[str], None]


def one_line(text: str) -> str:
    """A text on one line, with what could steer a terminal as an escape."""
    return UNSAFE.sub(lambda sign: f"\\x{ord(sign[0]):02x}" if ord(sign[0]) < 256 else f"\\u{ord(sign[0]):04x}", text)


class Log(Watch):
    """Text: a line when a step of a job ends. `line` is for anything else that is worth one."""

    def __init__(self, write: Write, clock: Clock = system_clock) -> None:
        self._write, self.clock = write, clock

    def line(self, text: str) -> None:
        """A line of its own."""
        self._write(one_line(text))

    def event(self, name: str, facts: Mapping[str, Any]) -> None:
        """Tells a row of the ledger. A line that nobody takes is lost: the ledger has it."""
        with suppress(CrmsyncError, OSError):
            self.row(name, facts)

    def row(self, name: str, facts: Mapping[str, Any]) -> None:
        """The line of a row of the ledger."""
        counts = ", ".join(counted(name, count) for name, count in facts["counts"].items() if count)
        if facts["ended_at"] is not None:
            told = f"{facts['job']}: {name} {facts['target']}: {facts['status']}"
            self.line(told + (f": {counts}" if counts else ""))


class JsonLog(Log):
    """A JSON object a line: `at`, `level`, `event`, then the row's own columns."""

    def line(self, text: str) -> None:
        """An event of the service itself."""
        self._put("serve", "info", {"message": text})

    def row(self, name: str, facts: Mapping[str, Any]) -> None:
        """The object of a row of the ledger."""
        began, ended = facts["started_at"], facts["ended_at"]
        kept = {key: facts[key] for key in ("run_id", "job", "target", "status", "counts", "message")}
        took = {} if ended is None else {"took_s": (ended - began) / MICROS_PER_SECOND}
        self._put(name, LEVELS.get(facts["status"], "error"), {**kept, **took})

    def _put(self, name: str, level: str, facts: Mapping[str, object]) -> None:
        self._write(json.dumps({"at": iso(self.clock()), "level": level, "event": name, **facts}))


LOGS = {"text": Log, "json": JsonLog}  # by `[log] format`
