"""What only a test or a curious user asks of the local CRMs: their clock, faults, effects, requests, truth, and a person's edit.

Served at an address of its own, so that nothing of it can leak into what a CRM answers.

    GET  /clock                      PUT {"at": "2026-01-31T08:00:00Z", "forward_s": 60, "frozen": true} moves it
    GET  /faults/salesforce          PUT {"seed": 1, "faults": [{"kind": "status", "rate": 0.1, "status": 503}]}
    GET  /requests/salesforce        how many, and the newest
    PUT  /latency/hubspot            {"seconds": 0.08}
    GET  /effects?since=0            every change made through the CRMs or by people
    GET  /truth?at=INSTANT           the chance of each open deal given all that the CRMs show then, where the world's law is known
    POST /edit/hubspot               {"object": "deals", "id": "1", "values": {...}, "who": "..."}; /delete, /restore likewise
    POST /delay/hubspot              {"object": "deals", "id": "1", "until": INSTANT}: till then nobody sees the record
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.http import Request, Response, Routes, Server
from crmsync.sandbox.hubspot.errors import Refused as HubSpotRefused
from crmsync.sandbox.records import EffectLog, Value
from crmsync.sandbox.salesforce.errors import Refused as SalesforceRefused

NEWEST = 100  # requests that are shown
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Truth = Callable[[int], Iterator[tuple[str, str, float]]]  # instant -> CRM, id there, chance of being won


class People(Protocol):
    """What people do at the screens of a local CRM."""

    def edit(self, kind: str, crm_id: str, values: Mapping[str, Value], /, *, who: str) -> None:
        """Changes a record."""

    def delete(self, kind: str, crm_id: str, /, *, who: str) -> None:
        """Deletes or archives a record."""

    def restore(self, kind: str, crm_id: str, /, *, who: str) -> None:
        """Takes it back."""

    def delay(self, kind: str, crm_id: str, /, *, until: int) -> None:
        """Hides it until an instant, as a long transaction does."""


@dataclass(frozen=True, slots=True)
class Served:
    """One local CRM that runs."""

    server: Server
    people: People


class Control:
    """Answers at the control address."""

    def __init__(
        self, clock: SandboxClock, effects: EffectLog, crms: Mapping[str, Served], *, truth: Truth | None
    ) -> None:
        self.clock, self.effects, self.crms, self.truth = clock, effects, crms, truth
        self._routes = Routes(
            [
                ("GET", "/clock", self.show_clock),
                ("PUT", "/clock", self.set_clock),
                ("GET", "/faults/{crm}", self.show_faults),
                ("PUT", "/faults/{crm}", self.set_faults),
                ("GET", "/requests/{crm}", self.show_requests),
                ("PUT", "/latency/{crm}", self.set_latency),
                ("GET", "/effects", self.show_effects),
                ("GET", "/truth", self.show_truth),
                ("POST", "/{act}/{crm}", self.act),
            ]
        )

    def answer(self, request: Request) -> Response:
        """Handles one request; what can't be understood is told with 400."""
        found = self._routes.find(request)
        if isinstance(found, int):
            return Response(found, {"error": f"no such address; see {[path for _, path, _ in self._routes.listed]}"})
        handler, parts = found
        if "crm" in parts and parts["crm"] not in self.crms:
            return Response(404, {"error": f"no CRM {parts['crm']!r} runs here; one of {sorted(self.crms)}"})
        try:
            return handler(request, **parts)
        except SalesforceRefused as refused:
            return refused.response()
        except HubSpotRefused as refused:
            return refused.response("control")
        except (ValueError, KeyError, TypeError) as fault:
            return Response(400, {"error": f"{type(fault).__name__}: {fault}"})

    def show_clock(self, _request: Request) -> Response:
        """The local CRMs' present."""
        return Response(body={"now": to_text(self.clock.now()), "frozen": self.clock.frozen})

    def set_clock(self, request: Request) -> Response:
        """Moves, stops or starts the clock."""
        told = request.json()
        at = None if told.get("at") is None else read_instant(str(told["at"]))
        self.clock.set(at=at, forward_s=float(told.get("forward_s", 0)), frozen=told.get("frozen"))
        return self.show_clock(request)

    def show_faults(self, _request: Request, *, crm: str) -> Response:
        """The plan of faults, and how often it has struck."""
        return Response(body=self.crms[crm].server.faults.show())

    def set_faults(self, request: Request, *, crm: str) -> Response:
        """Replaces the plan of faults."""
        self.crms[crm].server.faults.read(request.json())
        return self.show_faults(request, crm=crm)

    def show_requests(self, _request: Request, *, crm: str) -> Response:
        """How many requests a CRM has had, and the newest of them."""
        server = self.crms[crm].server
        return Response(body={"requests": server.requests, "newest": [asdict(e) for e in server.journal[-NEWEST:]]})

    def set_latency(self, request: Request, *, crm: str) -> Response:
        """Lets every answer of a CRM wait so long."""
        self.crms[crm].server.latency_s = float(request.json()["seconds"])
        return Response(body={"seconds": self.crms[crm].server.latency_s})

    def show_effects(self, request: Request) -> Response:
        """What was changed since the start, or since a number."""
        since = int(request.query.get("since", ["0"])[-1])
        listed = [{**asdict(effect), "at": to_text(effect.at)} for effect in self.effects.since(since)]
        return Response(body={"effects": listed, "next": since + len(listed)})

    def show_truth(self, request: Request) -> Response:
        """The truth of every open deal at an instant, by default the present one."""
        if self.truth is None:
            return Response(404, {"error": "nobody knows the truth of a world that was loaded"})
        asked = request.query.get("at")
        at = read_instant(asked[-1]) if asked else self.clock.now()
        rows = [{"crm": crm, "crm_id": crm_id, "probability": chance} for crm, crm_id, chance in self.truth(at)]
        return Response(body={"at": to_text(at), "deals": rows})

    def act(self, request: Request, *, act: str, crm: str) -> Response:
        """What a person does at the screen of a CRM."""
        told: dict[str, Any] = request.json()
        people, kind, crm_id = self.crms[crm].people, told["object"], str(told["id"])
        if act == "edit":
            people.edit(kind, crm_id, told["values"], who=str(told["who"]))
        elif act in ("delete", "restore"):
            getattr(people, act)(kind, crm_id, who=str(told["who"]))
        elif act == "delay":
            people.delay(kind, crm_id, until=read_instant(str(told["until"])))
        else:
            return Response(404, {"error": "one of edit, delete, restore, delay"})
        return Response(204)


def read_instant(text: str) -> int:
    """An ISO instant with its zone as micros. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r}: an instant needs a zone, such as 2026-01-31T08:00:00Z")
    return (found - _EPOCH) // timedelta(microseconds=1)


def to_text(micros: int) -> str:
    """Micros as an ISO instant."""
    return (_EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
