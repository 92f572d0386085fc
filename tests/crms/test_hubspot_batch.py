"""Full reads that get histories by id, side by side with the list of ids."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from crmsync import crm as crms
from crmsync import retry
from crmsync.crm import Crm
from crmsync.store import dump
from tests.crms.stores import opened, pull_into
from tests.crms.test_parallel import FAULTS
from tests.crms.twins import Twin, twin


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A HubSpot with several pages of steps; tests leave its past as it is."""
    with twin("hubspot", tmp_path_factory.mktemp("batch"), deals=120) as served:
        yield served


def connected(room: Twin, histories: str, parallel: int) -> Crm:
    """The room anew."""
    options = {**room.config.options, "histories": histories}
    return crms.connect(room.config.model_copy(update={"options": options, "parallel": parallel}))


def digest(crm: Crm, folder: Path, name: str) -> str:
    """The canonical dump of a first pull."""
    with opened(folder, name) as store:
        pull_into(store, crm)
        return dump.digest(store)


def test_batches_bring_what_lists_bring(room: Twin, tmp_path: Path) -> None:
    """The canonical dump is the same, with one call under way, with several, and with one request in ten failing."""
    lists, serial, parallel = (
        digest(connected(room, histories, threads), tmp_path, f"{histories}-{threads}")
        for histories, threads in (("list", 4), ("batch", 1), ("batch", 4))
    )
    plan = room.served.server.faults
    plan.read({"seed": 2, "faults": [{**fault, "rate": 0.1 / len(FAULTS)} for fault in FAULTS]})
    with stamina.set_testing(True, attempts=retry.ATTEMPTS):
        failing = digest(connected(room, "batch", 4), tmp_path, "failing")
    struck = plan.struck
    plan.read({"faults": []})
    assert (serial, parallel, failing, struck > 0) == (lists, lists, lists, True)


def test_batches_wait_for_half_as_many_pages(room: Twin, tmp_path: Path) -> None:
    """A list of ids has 100 a page, and names no property's history."""
    connected(room, "batch", 1)
    before = len(room.served.server.journal)
    digest(connected(room, "batch", 1), tmp_path, "counted")
    asked = [entry for entry in room.served.server.journal[before:] if "limit" in entry.query and entry.method == "GET"]
    assert {entry.query["limit"][-1] for entry in asked} == {"100"}
    assert not any("propertiesWithHistory" in entry.query for entry in asked)
