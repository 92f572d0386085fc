"""What lies below the client libraries: answers end in time, and what their headers tell of time."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import urllib3
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from crmsync.clock import parse_instant
from crmsync.transport import bound, told_at, wait_s

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Filling: " + b"x" * 1_000 + b"\r\n\r\n"
PAUSE_S = 0.02
NOON = {"Date": "Mon, 01 Jun 2026 12:00:00 GMT"}


@pytest.fixture
def slow() -> Iterator[str]:
    """A server whose headers come a byte at a time; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            for place in range(len(HEAD)):
                try:
                    connection.sendall(HEAD[place : place + 1])
                except OSError:  # the client has left, as it should
                    return
                time.sleep(PAUSE_S)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread.join(5)
    listening.close()
    assert not thread.is_alive()


def test_bound_holds_headers_to_the_deadline_too(slow: str) -> None:
    """Headers that trickle within the read timeout end with the answer's deadline."""
    with urllib3.PoolManager(retries=False, timeout=20.0) as pools:
        bound(pools, answer_s=0.3)
        with pytest.raises(ReadTimeoutError):
            pools.request("GET", slow)


CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"a": [1,\r\n4\r\n 2]}\r\n0\r\n\r\n'
WHOLE = b'{"a": [1, 2]}'


@pytest.fixture
def cutting() -> Iterator[str]:
    """A server that cuts a chunked answer after one byte more for each connection, and gives the whole one last."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for kept in range(len(CHUNKED) + 1):
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(CHUNKED[:kept])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread.join(5)
    listening.close()


def test_bound_takes_no_chunked_answer_that_was_cut(cutting: str) -> None:
    """An answer in chunks comes whole, once its last one has come, or has no body, where its headers were cut: that is no JSON."""
    told: list[bytes] = []
    with urllib3.PoolManager(retries=False, timeout=5.0) as pools:
        bound(pools, answer_s=5.0)
        for _ in range(len(CHUNKED) + 1):
            with suppress(ProtocolError):
                told.append(pools.request("GET", cutting, headers={"Connection": "close"}).data)
    assert set(told) == {b"", WHOLE}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": "Mon, 01 Jun 2026 12:00:30 GMT", **NOON}, 30.0),
        ({"Retry-After": "Mon, 01 Jun 2026 11:00:00 GMT", **NOON}, 0.0),
        ({"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 01 Jun 2026 12:00:30", **NOON}, None),
    ],
)
def test_wait_s_reads_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, or a date on the server's own clock; one that has passed asks for no wait, and what is neither asks for nothing."""
    assert wait_s(headers) == seconds


def test_told_at_is_the_servers_clock() -> None:
    """The Date header as micros; None where it is missing or no date."""
    assert (told_at(NOON), told_at({}), told_at({"Date": "noon"})) == (
        parse_instant("2026-06-01T12:00:00Z"),
        None,
        None,
    )
