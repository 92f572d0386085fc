"""Reading with several calls under way: the same as one after the other, at any speed, and within every limit."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
import stamina

from crmsync import crm as crms
from crmsync import retry
from crmsync.crm import Crm
from crmsync.errors import RetryLater
from crmsync.sandbox.http import Request, Response, Server
from crmsync.store import dump
from crmsync.watch import Watch
from tests.crms.stores import opened, pull_into
from tests.crms.twins import Twin

LATENCY_S = 0.02
COMPANY_S = 0.5  # how long a request waits for others, at most: some have to be answered before others are asked
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 503},
    {"kind": "truncate"},
    {"kind": "reset"},
    {"kind": "lost"},
)


class Stopping(Watch):
    """Is told to stop once something is stored, as a signal would tell it."""

    def checkpoint(self) -> None:
        """The first page is stored."""
        self.stopping = True
        super().checkpoint()


class Counting:
    """An app that notes how many requests it had at once, at most, and waits for so many to come as are awaited."""

    def __init__(self, server: Server, awaited: int) -> None:
        self._app, self._came, self._awaited = server.app, threading.Condition(), awaited
        self._now = self.most = 0
        server.app = self

    def answer(self, request: Request) -> Response:
        """Handles one request, slowly enough for others to come."""
        with self._came:
            self._now += 1
            self.most = max(self.most, self._now)
            self._came.notify_all()
            self._came.wait_for(lambda: self.most >= self._awaited, timeout=COMPANY_S)
        time.sleep(LATENCY_S)
        response = self._app.answer(request)
        with self._came:
            self._now -= 1
        return response


def connected(room: Twin, parallel: int) -> Crm:
    """The room anew, with so many calls under way."""
    return crms.connect(room.config.model_copy(update={"parallel": parallel}))


def digest(room: Twin, folder: Path, parallel: int) -> str:
    """The canonical dump of a first pull."""
    with opened(folder, f"parallel-{parallel}-{time.monotonic_ns()}") as store:
        pull_into(store, connected(room, parallel))
        return dump.digest(store)


def test_parallel_pull_stores_what_a_serial_one_stores(many: Twin, tmp_path: Path) -> None:
    """The canonical dump is the same, without faults and with one request in ten failing."""
    serial, parallel = digest(many, tmp_path, 1), digest(many, tmp_path, 4)
    faults = [{**fault, "rate": 0.1 / len(FAULTS)} for fault in FAULTS]
    plan = many.served.server.faults
    plan.read({"seed": 1, "faults": faults})
    with stamina.set_testing(True, attempts=retry.ATTEMPTS):
        failing = digest(many, tmp_path, 4)
    struck = plan.struck
    plan.read({"faults": []})
    assert (parallel, failing, struck > 0) == (serial, serial, True)


@pytest.mark.parametrize("parallel", [1, 3])
def test_parallel_is_how_many_calls_are_under_way(live: Twin, tmp_path: Path, parallel: int) -> None:
    """Never more; and as many as that where there is enough to read."""
    counting = Counting(live.served.server, parallel)
    digest(live, tmp_path, parallel)
    assert counting.most == parallel


def test_parallel_pull_stops_at_a_checkpoint(live: Twin, tmp_path: Path) -> None:
    """What was under way then is read again: the next pull ends as an unbroken one."""
    with opened(tmp_path) as store:
        with pytest.raises(RetryLater, match="E602"):
            pull_into(store, connected(live, 4), watch=Stopping())
        pull_into(store, connected(live, 4))
        assert dump.digest(store) == digest(live, tmp_path, 1)
