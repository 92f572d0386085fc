"""Connections that outlive a run: how long, and what ends them."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from crmsync.config import Config, CrmConfig
from crmsync.connections import KEPT_S, Connections


class Hand:
    """A stopwatch that is set by hand."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Hand:
    """How long this machine has run."""
    return Hand()


@pytest.fixture
def connections(clock: Hand) -> Connections:
    """Connections to one account, which nothing is sent to."""
    crm = CrmConfig(name="hub", kind="hubspot", options={"token": SecretStr("pat-test")})
    return Connections(Config(crm={"hub": crm}, file=Path("config.toml")), clock=clock)


@pytest.mark.parametrize(("after", "kept"), [(0, True), (KEPT_S - 1, True), (KEPT_S, False)])
def test_connection_is_kept_for_a_day(connections: Connections, clock: Hand, after: float, *, kept: bool) -> None:
    """What it knows of the account is at most a day old."""
    first = connections.to("hub")
    clock.now += after
    assert (connections.to("hub") is first) == kept


def test_dropped_connection_is_made_anew(connections: Connections) -> None:
    """Nothing that was kept counts any more."""
    first = connections.to("hub")
    connections.drop("hub")
    assert connections.to("hub") is not first
