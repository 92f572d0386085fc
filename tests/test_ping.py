"""The dead man's switch, over real HTTP on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from crmsync import config as configs
from crmsync.config import PingConfig, StoreConfig
from crmsync.errors import BadConfig
from crmsync.ping import FAIL, START, SUCCESS, Ping, address
from crmsync.store import notices
from crmsync.store.engine import Store, open_store
from tests.receiver import Receiver, receiving

LOST = {("nightly", True): 1}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = open_store(StoreConfig(url=f"sqlite:///{tmp_path / 'store.db'}"))
    yield opened
    opened.close()


@pytest.fixture
def switch() -> Iterator[Receiver]:
    """A receiver of pings."""
    with receiving() as told:
        yield told


def ping(store: Store, url: str) -> Ping:
    """Pings an address as the config has it."""
    return Ping(PingConfig.model_construct(url=SecretStr(url)), store, lambda: 0)


@pytest.mark.parametrize(
    ("url", "end", "wanted"),
    [
        ("https://hc.example/uuid", START, "https://hc.example/uuid/start"),
        ("https://hc.example/uuid/", SUCCESS, "https://hc.example/uuid"),
        ("https://hc.example/key/{job}?create=1", FAIL, "https://hc.example/key/a%20b%2Fc/fail?create=1"),
    ],
)
def test_address_names_the_job_and_how_far_it_is(url: str, end: str, wanted: str) -> None:
    """One address serves all jobs; a job's name can't change where a ping goes."""
    assert address(url, "a b/c", end) == wanted


def test_ping_tells_start_success_and_failure(store: Store, switch: Receiver) -> None:
    """Each at its own path, the failure with its words; nothing is counted as lost."""
    for end, body in ((START, ""), (SUCCESS, ""), (FAIL, "E202 refused")):
        ping(store, f"{switch.url}/{{job}}").tell("nightly", end, body)
    assert switch.came == [("/nightly/start", ""), ("/nightly", ""), ("/nightly/fail", "E202 refused")]
    assert notices.failed(store) == {}


@pytest.mark.parametrize("status", [302, 404, 500])
def test_ping_that_is_refused_is_counted(store: Store, switch: Receiver, status: int) -> None:
    """Whatever the answer, it is asked once, goes nowhere else, and is counted."""
    switch.status = status
    ping(store, switch.url).tell("nightly", SUCCESS)
    assert (switch.paths, notices.failed(store)) == (["/"], LOST)


def test_ping_to_nobody_is_counted(store: Store) -> None:
    """A switch that is down never raises."""
    ping(store, "http://127.0.0.1:9/x").tell("nightly", SUCCESS)
    assert notices.failed(store) == LOST


def test_ping_doesnt_wait_longer_than_its_limit(
    store: Store, switch: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A switch that never answers is left behind, and counted."""
    monkeypatch.setattr("crmsync.ping.LIMIT_S", 0.3)
    switch.wait_s = 5.0
    ping(store, switch.url).tell("nightly", SUCCESS)
    assert notices.failed(store) == LOST


def test_ping_to_nowhere_does_nothing(store: Store) -> None:
    """Without an address nothing is sent, nothing is counted."""
    Ping(PingConfig(), store, lambda: 0).tell("nightly", START)
    assert notices.failed(store) == {}


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://hc.example/uuid", True),
        ("http://127.0.0.1:8000/x", True),
        ("http://[::1]:8000/x", True),
        ("http://hc.example/uuid", False),
        ("http://127.0.0.1.evil.example/x", False),
        ("ftp://127.0.0.1/x", False),
        ("https:///x", False),
        ("uuid", False),
    ],
)
def test_ping_goes_in_the_clear_to_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, *, fine: bool
) -> None:
    """Anything else is refused with file and line, and without the address, which is a secret."""
    monkeypatch.setenv("PING_URL", url)
    (tmp_path / "config.toml").write_text('[ping]\nurl = "env:PING_URL"\n')
    if fine:
        assert configs.load(tmp_path / "config.toml").ping.url == SecretStr(url)
        return
    with pytest.raises(BadConfig, match=r"config.toml:2: ping.url: an address starts with https://") as refused:
        configs.load(tmp_path / "config.toml")
    assert url not in str(refused.value)
