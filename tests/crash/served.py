"""Both local CRMs in a process of their own, their clock stopped; what was changed in our fields there can be asked and wiped.

python -m tests.crash.served FOLDER DEALS
"""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from crmsync import config as configs
from crmsync import crm as crms
from crmsync.clock import parse_instant
from crmsync.sandbox.generate import generate
from crmsync.sandbox.guide import config
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.local import LocalCrms

NOW = "2026-06-01T02:00:00Z"
PEOPLE = {"salesforce": "", "hubspot": "5000001"}  # who wipes
BLANK = {"salesforce": None, "hubspot": ""}


def serve(folder: Path, deals: int) -> None:
    """Serves a world with our fields in it until its stdin ends; prints the control address once it is there."""
    world = generate(deals=deals, seed=3, law=LAWS["milestones"], now=parse_instant(NOW))
    with LocalCrms(world, folder, frozen=True, paced=False) as local:
        (folder / "config.toml").write_text(config(local))
        for each in configs.load(folder / "config.toml").crm.values():
            crms.connect(each).create_fields()
        print(local.control.url, flush=True)
        sys.stdin.read()


@dataclass(slots=True)
class Served:
    """The local CRMs from outside. `since`: where the log of changes stood when the fields were last wiped."""

    folder: Path
    control: str
    since: int = 0

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """A request to the control address."""
        answer = requests.request(method, self.control + path, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def effects(self, since: int) -> list[dict[str, Any]]:
        """What was changed in our fields of deals since a mark."""
        told = self.ask("GET", f"/effects?since={since}")["effects"]
        return [one for one in told if one["crm_id"] and "crmsync" in one["field"].lower()]

    def values(self) -> dict[tuple[str, str, str], Any]:
        """What stands in our fields: CRM, deal, field; blank ones are left out."""
        last = {(one["crm"], one["crm_id"], one["field"]): one["new"] for one in self.effects(self.since)}
        return {place: value for place, value in last.items() if value not in (None, "")}

    def wipe(self) -> None:
        """Makes our fields blank, as somebody at a screen would."""
        wiped: dict[tuple[str, str, str], dict[str, str | None]] = defaultdict(dict)
        for one in self.effects(self.since):
            wiped[one["crm"], one["object"], one["crm_id"]][one["field"]] = BLANK[one["crm"]]
        for (crm, kind, crm_id), values in wiped.items():
            told = {"object": kind, "id": crm_id, "values": values, "who": PEOPLE[crm]}
            self.ask("POST", f"/edit/{crm}", told)
        self.since = self.mark()

    def mark(self) -> int:
        """Where the log of changes stands."""
        return int(self.ask("GET", "/effects")["next"])

    def faults(self, plan: object) -> None:
        """Sets the plan of faults of both."""
        for crm in PEOPLE:
            self.ask("PUT", f"/faults/{crm}", plan)

    def requests(self) -> int:
        """How many requests both have had."""
        return sum(int(self.ask("GET", f"/requests/{crm}")["requests"]) for crm in PEOPLE)


@contextmanager
def served(folder: Path, *, deals: int) -> Iterator[Served]:
    """The local CRMs while they run; their config is in the folder."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "tests.crash.served", str(folder), str(deals)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        it = Served(folder, process.stdout.readline().strip())
        it.since = it.mark()
        yield it


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
