"""Connections that outlive a run: how long, and what ends them."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from crmsync.clock import MICROS_PER_DAY
from crmsync.config import Config, CrmConfig
from crmsync.connections import Connections

T0 = 1_780_000_000_000_000


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Hand:
    """This machine's clock."""
    return Hand()


@pytest.fixture
def connections(clock: Hand) -> Connections:
    """Connections to one account, which nothing is sent to."""
    crm = CrmConfig(name="hub", kind="hubspot", options={"token": SecretStr("pat-test")})
    return Connections(Config(crm={"hub": crm}, file=Path("config.toml")), clock=clock)


@pytest.mark.parametrize(
    ("after", "kept"), [(0, True), (MICROS_PER_DAY - 1, True), (MICROS_PER_DAY, False), (-1, False)]
)
def test_connection_is_kept_for_a_day(connections: Connections, clock: Hand, after: int, *, kept: bool) -> None:
    """What it knows of the account is at most a day old, also after the clock was set back."""
    first = connections.to("hub")
    clock.now += after
    assert (connections.to("hub") is first) == kept


def test_dropped_connection_is_made_anew(connections: Connections) -> None:
    """Nothing that was kept counts any more."""
    first = connections.to("hub")
    connections.drop("hub")
    assert connections.to("hub") is not first
