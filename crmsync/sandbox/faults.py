"""A seeded plan of faults for a local CRM: which request fails, and how. Set and read over HTTP by `control`."""

import random
import threading
from dataclasses import asdict, dataclass, field, fields

KINDS = ("status", "latency", "reset", "lost", "leave", "truncate", "trickle", "endless", "bomb", "garble")


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail.

    `kind`: "status" answers with `status` and `body` instead; "latency" waits `seconds` first; "reset" drops the connection before
    the request is handled; "lost" handles it and then drops the connection; "leave" answers, and closes the connection unannounced.
    The others spoil the body: "truncate" ends it after `keep` bytes (-1: half), "trickle" waits `seconds` after each byte,
    "endless" and "bomb" never end (the latter packed), "garble" isn't the gzip that it says it is.
    It strikes request number `at` (from 1, counted over those that match), or each matching one with probability `rate`.
    """

    kind: str
    at: int = 0
    rate: float = 0.0
    method: str = ""  # "" matches every method
    path: str = ""  # matches when it is part of the path, with a final $ when it is its end
    status: int = 503
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    keep: int = -1


class FaultPlan:
    """The faults that are set, and how many requests each has seen. No fault is set at first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.set([], seed=0)

    def set(self, faults: list[Fault], *, seed: int) -> None:
        """Replaces the plan and starts counting anew."""
        with self._lock:
            self._faults = faults
            self._seen = [0] * len(faults)
            self._random = random.Random(seed)
            self.struck = 0

    def read(self, plan: dict[str, object]) -> None:
        """Sets the plan from JSON: {"seed": 1, "faults": [{"kind": "status", "at": 3, "status": 429}]}. Raises ValueError."""
        known = {f.name for f in fields(Fault)}
        listed = plan.get("faults", [])
        if not isinstance(listed, list) or not all(isinstance(item, dict) and set(item) <= known for item in listed):
            raise ValueError(f"faults: a list of objects with keys {sorted(known)}")
        faults = [Fault(**item) for item in listed]
        if wrong := [fault.kind for fault in faults if fault.kind not in KINDS]:
            raise ValueError(f"kind {wrong[0]!r}: one of {KINDS}")
        self.set(faults, seed=int(str(plan.get("seed", 0))))

    def show(self) -> dict[str, object]:
        """The plan as JSON, and how often it has struck."""
        with self._lock:
            return {
                "faults": [asdict(fault) for fault in self._faults],
                "seen": list(self._seen),
                "struck": self.struck,
            }

    def pick(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, if any."""
        with self._lock:
            for number, fault in enumerate(self._faults):
                if (fault.method and fault.method != method) or not _lies_in(fault.path, path):
                    continue
                self._seen[number] += 1
                if fault.at == self._seen[number] or (fault.rate and self._random.random() < fault.rate):
                    self.struck += 1
                    return fault
            return None


def _lies_in(part: str, path: str) -> bool:
    return path.endswith(part[:-1]) if part.endswith("$") else part in path
