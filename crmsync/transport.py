"""Below both client libraries: whatever a server sends, its answer ends, in time and in size, before anything reads it.

urllib3's read timeout begins anew with each byte that comes, and nothing limits what a body unpacks to: one byte a second, or a
small body that unpacks to gigabytes, would hold a run for ever. Here a whole answer has one deadline, its headers included, and one
limit of size, counted after unpacking.
"""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse as Answer
from io import BufferedReader, BytesIO, RawIOBase
from socket import socket
from typing import Any
from urllib.parse import urlsplit

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPHeaderDict, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from crmsync.clock import MICROS_PER_SECOND, system_clock, to_micros
from crmsync.errors import RetryLater

MOST_BYTES = 64 * 2**20  # a full page of records with their histories is a few
PART_BYTES = 2**16
OF_THE_JOURNEY = ("content-encoding", "content-length", "transfer-encoding")  # headers that say how a body travelled


class TooLarge(HTTPError):
    """An answer is larger than anything that a CRM has to say."""


def bound(pools: PoolManager, *, answer_s: float) -> None:
    """From now on answers come out of these pools whole, read within so many seconds of the question, or not at all."""

    class Timed(_TimedAnswer):
        within_s = answer_s

    class Plain(HTTPConnection):
        response_class = Timed

    class Secure(HTTPSConnection):
        response_class = Timed

    class PlainPool(_Whole):
        ConnectionCls = Plain

    class SecurePool(_Whole, HTTPSConnectionPool):
        ConnectionCls = Secure

    pools.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


class _TimedAnswer(Answer):
    """An answer that is read until its deadline. `within_s` after the request was sent."""

    within_s: float

    def __init__(self, sock: socket, *args: Any, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        until = time.monotonic() + self.within_s
        self.fp = BufferedReader(_Timed(self.fp.detach(), sock, until=until))


class _Timed(RawIOBase):
    """What a socket receives until a deadline. `until`: by the monotonic clock."""

    def __init__(self, raw: RawIOBase, connection: socket, *, until: float) -> None:
        self._raw, self._connection, self._until = raw, connection, until
        self._read_s = connection.gettimeout()

    def readable(self) -> bool:
        """It is what it is for."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """Waits for the next bytes, no longer than for any read and no later than the deadline."""
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer didn't end in time")
        self._connection.settimeout(min(left_s, self._read_s or left_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Lets go of the socket."""
        self._raw.close()
        super().close()


class _Whole(HTTPConnectionPool):
    """Connections whose answers are read whole before they are handed out."""

    def urlopen(self, method: str, url: str, *args: Any, **named: Any) -> BaseHTTPResponse:
        """One request and its answer. Raises urllib3's errors, TooLarge among them."""
        answer = super().urlopen(method, url, *args, **{**named, "preload_content": False})
        headers = HTTPHeaderDict(
            (name, value) for name, value in answer.headers.items() if name.lower() not in OF_THE_JOURNEY
        )
        return HTTPResponse(
            BytesIO(_whole(answer)),
            headers=headers,
            status=answer.status,
            reason=answer.reason,
            retries=answer.retries,
            preload_content=False,
            request_method=method,
            request_url=url,
        )


def _whole(answer: BaseHTTPResponse) -> bytearray:
    """The body of an answer, unpacked."""
    body = bytearray()
    for part in answer.stream(PART_BYTES, decode_content=True):
        body += part
        if len(body) > MOST_BYTES:
            answer.close()
            raise TooLarge(f"more than {MOST_BYTES} bytes")
    return body


def too_large(address: str, *, where: str) -> RetryLater:
    """A CRM's pages are far smaller: asking again would bring the same."""
    what = f"the answer of {address} is larger than {MOST_BYTES >> 20} MB"
    remedy = "see what answers at that address; the next run goes on from what is stored"
    return RetryLater("E209", what, where=where, remedy=remedy)


def elsewhere(headers: Mapping[str, str]) -> str:
    """What to say of an answer that points to another address. The rest of that address may hold secrets."""
    target = urlsplit(headers.get("Location") or "")
    return f"the answer points to {target.hostname or 'another address'}, and nothing is sent there"


def untrusted(error: BaseException) -> str:
    """Why TLS failed, in the words of the library that found it, such as "certificate has expired"."""
    reason = next(iter(error.args), error)
    return str(getattr(reason, "verify_message", "") or reason)


def told_at(headers: Mapping[str, str]) -> int | None:
    """The instant at which an answer was given, by the server's own clock, in micros; None where it doesn't tell."""
    return _instant(headers.get("Date") or "")


def wait_s(headers: Mapping[str, str]) -> float | None:
    """The seconds that an answer asks to wait, None where it asks for none. Retry-After may be a date on the server's clock."""
    text = (headers.get("Retry-After") or "").strip()
    if text.isdigit():
        return float(text)
    until = _instant(text)
    if until is None:
        return None
    now = told_at(headers) or system_clock()
    return max(0.0, (until - now) / MICROS_PER_SECOND)


def _instant(text: str) -> int | None:
    try:
        return to_micros(parsedate_to_datetime(text))
    except ValueError:  # no date, or one without a zone
        return None
