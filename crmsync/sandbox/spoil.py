"""Answers that go wrong on their way: cut short, a byte at a time, without end, or not unpackable. The head says all is well."""

import time
import zlib
from collections.abc import Callable, Iterator, Mapping

from crmsync.sandbox.faults import Fault

BLOCK = b" " * 2**16  # blanks are JSON's own filling: only the size tells that something is wrong
NOT_GZIP = b"this was never packed"

Headers = dict[str, str]
Spoilt = tuple[Headers, Iterator[bytes]]


def spoilt(fault: Fault, headers: Mapping[str, str], data: bytes) -> Spoilt:
    """What comes instead of a whole answer: its headers, and the parts of its body as they come."""
    return SPOILERS[fault.kind](fault, {**headers, "Content-Length": str(len(data))}, data)


def _truncate(fault: Fault, headers: Headers, data: bytes) -> Spoilt:
    return headers, iter([data[: len(data) // 2 if fault.keep < 0 else fault.keep]])


def _trickle(fault: Fault, headers: Headers, data: bytes) -> Spoilt:
    return headers, _slowly(data, fault.seconds)


def _slowly(data: bytes, pause_s: float) -> Iterator[bytes]:
    for place in range(len(data)):
        yield data[place : place + 1]
        time.sleep(pause_s)


def _endless(_fault: Fault, headers: Headers, _data: bytes) -> Spoilt:
    return _without_length(headers), _blocks()


def _bomb(_fault: Fault, headers: Headers, _data: bytes) -> Spoilt:
    return {**_without_length(headers), "Content-Encoding": "gzip"}, _packed(_blocks())


def _garble(_fault: Fault, headers: Headers, _data: bytes) -> Spoilt:
    return {**headers, "Content-Encoding": "gzip", "Content-Length": str(len(NOT_GZIP))}, iter([NOT_GZIP])


def _without_length(headers: Headers) -> Headers:
    """The body then ends where the connection does."""
    return {name: value for name, value in headers.items() if name != "Content-Length"}


def _blocks() -> Iterator[bytes]:
    while True:
        yield BLOCK


def _packed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for block in blocks:
        if part := packer.compress(block):
            yield part


SPOILERS: dict[str, Callable[[Fault, Headers, bytes], Spoilt]] = {
    "truncate": _truncate,
    "trickle": _trickle,
    "endless": _endless,
    "bomb": _bomb,
    "garble": _garble,
}
