"""What a notice says, by mail too, and what of the addresses can be seen to be wrong before the first one is sent."""

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_string, policy
from pathlib import Path

import pytest
from pydantic import SecretStr

from crmsync import alerts
from crmsync.alerts import Alerts, problem, words
from crmsync.config import AlertsConfig, StoreConfig
from crmsync.store import notices
from crmsync.store.engine import open_store
from crmsync.views.health import FAILING, FINE, Health


def job(state: str, why: str = "") -> Health:
    """A job in a state."""
    return Health("nightly", state, why, None, None, 0, 0.0, 86_400.0, 0)


def config(*urls: str) -> AlertsConfig:
    """Alerts to these addresses."""
    return AlertsConfig(urls=tuple(SecretStr(url) for url in urls))


def test_words_are_two_lines_that_steer_nothing() -> None:
    """A CRM's words in a fault can neither forge a header nor a line."""
    assert words(job(FAILING, "E203 no right\r\nBcc: x\x1b[2J")) == (
        "crmsync: job nightly is failing",
        "E203 no right\\x0d\\x0aBcc: x\\x1b[2J",
    )
    assert words(job(FINE))[1] == "the last run did its work"


def test_problem_names_an_address_by_its_place_only() -> None:
    """The address itself holds a password."""
    assert problem(config("jsons://example.com/x", "nosuch://secret")).startswith("apprise can't read address 2 of")
    assert [problem(each) for each in (config(), config("jsons://example.com/x"))] == ["", ""]


def test_problem_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library comes with an extra."""
    monkeypatch.setattr(alerts, "find_spec", lambda _name: None)
    assert problem(config("jsons://example.com/x")).endswith('-> pip install "crmsync[alerts]"')


class _Mail(socketserver.StreamRequestHandler):
    """The least of a mail server: takes every message."""

    taken: list[str] = []  # noqa: RUF012 - shared by all connections on purpose

    def handle(self) -> None:
        self.wfile.write(b"220 local\r\n")
        while line := self.rfile.readline().strip():
            if line.upper() == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.taken.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            if line.upper() == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 fine\r\n")


@pytest.fixture
def mail() -> Iterator[int]:
    """The port of a mail server."""
    _Mail.taken.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_notice_arrives_by_mail(tmp_path: Path, mail: int) -> None:
    """With the job and its state as the subject, and the fault as the text."""
    store = open_store(StoreConfig(url=f"sqlite:///{tmp_path / 'store.db'}"))
    url = f"mailto://127.0.0.1:{mail}?from=crmsync@example.com&to=ops@example.com&smtp=127.0.0.1&mode=insecure&format=text"
    Alerts(config(url), store, lambda: 0).look(job(FAILING, "E202 refused"))
    told = notices.told(store, "nightly")
    store.close()
    assert told is not None
    message = message_from_string(*_Mail.taken, policy=policy.default)
    assert (message["Subject"], message.get_content().strip()) == ("crmsync: job nightly is failing", "E202 refused")
