"""The HTTP side of the local CRMs: requests in, answers out, faults between. Standard library only, one thread a connection."""

import gzip
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from crmsync.sandbox.faults import Fault, FaultPlan
from crmsync.sandbox.spoil import SPOILERS, spoilt

GZIP_FROM = 2_000  # bytes; smaller answers aren't worth it


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `query` keeps repeated parameters; header names are lower-case; `size` is the bytes of address and headers."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    size: int = 0

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """The body as a form; the last of repeated fields counts."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@dataclass(slots=True)
class Response:
    """One answer: `body` is sent as JSON, or as it is when it is bytes or text; None sends no body.

    `headers` may hold a `Date` by the CRM's own clock; without one the machine's time is sent.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class App(Protocol):
    """What a server serves."""

    def answer(self, request: Request) -> Response:
        """Handles one request."""


Handler = Callable[..., Response]


class Routes:
    """A list of (method, path pattern, handler) that can be printed. `{name}` in a pattern matches one part of a path."""

    def __init__(self, routes: list[tuple[str, str, Handler]]) -> None:
        self.listed = [(method, pattern, handler.__name__) for method, pattern, handler in routes]
        self._routes = [
            (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)), handler)
            for method, pattern, handler in routes
        ]

    def find(self, request: Request) -> tuple[Handler, dict[str, str]] | int:
        """The handler of a request and the parts of its path, or 404 or 405."""
        status = 404
        for method, pattern, handler in self._routes:
            if match := pattern.fullmatch(request.path):
                if method == request.method:
                    return handler, {name: unquote(part) for name, part in match.groupdict().items()}
                status = 405
        return status


@dataclass(frozen=True, slots=True)
class Entry:
    """One request in a server's journal."""

    number: int
    method: str
    path: str
    query: dict[str, list[str]]
    status: int
    fault: str


class Server:
    """Serves one app on a loopback port until `stop`. Counts and keeps every request (the newest `journal_size` of them)."""

    journal_size = 10_000

    def __init__(self, app: App, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.app, self.tls = app, tls
        self.faults = FaultPlan()
        self.latency_s = 0.0
        self.journal: list[Entry] = []
        self.requests = 0
        self._lock = threading.Lock()
        self._http = _Loopback(("127.0.0.1", port), _Connection)
        self._http.server = self
        self.port = self._http.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> None:
        """Begins to answer, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stops answering and frees the port."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def note(self, request: Request, status: int, fault: Fault | None) -> None:
        """Keeps a request in the journal."""
        with self._lock:
            self.requests += 1
            self.journal.append(
                Entry(self.requests, request.method, request.path, request.query, status, fault.kind if fault else "")
            )
            del self.journal[: -self.journal_size]


class _Loopback(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    server: Server

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is its own business; anything else is a defect of the local CRM and must be seen."""
        import sys

        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Loopback

    def setup(self) -> None:
        """The TLS handshake happens in the connection's own thread, so that a slow client holds up nobody else."""
        if self.server.server.tls is not None:
            self.request.settimeout(30)
            self.request = self.server.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """Closes the TLS socket too: the server below only knows the plain one, which the handshake has emptied."""
        super().finish()
        self.request.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Requests are kept in the journal, not printed."""

    def _serve(self) -> None:
        server, request = self.server.server, self._read()
        fault = server.faults.pick(request.method, request.path)
        kind = fault.kind if fault else ""
        time.sleep(server.latency_s + (fault.seconds if fault and kind == "latency" else 0.0))
        if kind == "reset":
            response = Response(0)
        elif fault and kind == "status":
            response = Response(fault.status, fault.body or None, fault.headers)
        else:
            response = server.app.answer(request)
        server.note(request, response.status, fault)
        if kind in ("reset", "lost"):
            self._drop()
        elif fault and kind in SPOILERS:
            self._spoil(fault, *_packed(response, request), status=response.status)
        else:
            self._send(response, request)
            self.close_connection = self.close_connection or kind == "leave"

    def _read(self) -> Request:
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qs(address.query, keep_blank_values=True)
        size = len(self.path) + sum(len(name) + len(value) + 4 for name, value in self.headers.items())
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return Request(self.command, address.path, query, headers, body, size)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815 - the standard library's names

    def _send(self, response: Response, request: Request) -> None:
        headers, data = _packed(response, request)
        self._head(
            response.status, headers if response.status == 204 else {**headers, "Content-Length": str(len(data))}
        )
        if request.method != "HEAD":
            self.wfile.write(data)

    def _spoil(self, fault: Fault, headers: dict[str, str], data: bytes, *, status: int) -> None:
        """Sends what a fault makes of an answer, as long as the client takes it, then hangs up."""
        headers, parts = spoilt(fault, headers, data)
        self._head(status, headers)
        for part in parts:
            self.wfile.write(part)
        self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {"Date": self.date_time_string(), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _drop(self) -> None:
        """Closes the connection so that the client sees a reset, not a clean end."""
        self.wfile.flush()
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _packed(response: Response, request: Request) -> tuple[dict[str, str], bytes]:
    """An answer's headers, and its body as it travels."""
    body = response.body
    kind = "text/html" if isinstance(body, str | bytes) else "application/json"
    if body is None:
        data = b""
    elif isinstance(body, bytes):
        data = body
    else:
        data = body.encode() if isinstance(body, str) else json.dumps(body, separators=(",", ":")).encode()
    headers = {"Content-Type": f"{kind};charset=UTF-8", **response.headers}
    if len(data) < GZIP_FROM or "gzip" not in request.headers.get("accept-encoding", ""):
        return headers, data
    return {**headers, "Content-Encoding": "gzip"}, gzip.compress(data, compresslevel=1)
