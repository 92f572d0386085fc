"""The floor under a pull: its own requests and rows once more, with nothing between them but a parser and an INSERT."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from urllib3 import HTTPConnectionPool, PoolManager

from crmsync.store.engine import sqlite_library

TABLES = ("label", "person", "stage", "deal", "milestone", "fact", "held", "quarantine")
LOCATOR = re.compile(r"/query/[^/]+$")  # a following page of Salesforce: each query's locator is its own


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it left."""

    method: str
    url: str
    headers: dict[str, str]
    body: str


@contextmanager
def recording(file: Path) -> Iterator[None]:
    """Writes every request that urllib3 sends in this process, a JSON object a line."""
    untouched = HTTPConnectionPool.urlopen
    with file.open("w") as lines:

        def urlopen(self: Any, method: str, url: str, body: Any = None, headers: Any = None, **named: Any) -> Any:
            text = body.decode() if isinstance(body, bytes) else body or ""
            address = url if "://" in url else f"{self.scheme}://{self.host}:{self.port}{url}"
            kept = {name: str(value) for name, value in dict(headers or {}).items() if name != "Content-Length"}
            lines.write(json.dumps(asdict(Sent(method, address, kept, text))) + "\n")
            return untouched(self, method, url, body, headers, **named)

        HTTPConnectionPool.urlopen = urlopen  # type: ignore[method-assign]
        try:
            yield
        finally:
            HTTPConnectionPool.urlopen = untouched  # type: ignore[method-assign]


def recorded(file: Path) -> list[Sent]:
    """The requests of a recording."""
    return [Sent(**json.loads(line)) for line in file.read_text().splitlines()]


def ready(requests: list[Sent], filled: Path, empty: Path, *, ca_file: Path | None) -> Callable[[], tuple[int, int]]:
    """What asks for the same pages and inserts the same rows, once it is called. Gives its calls and the records in the answers."""
    pool = PoolManager(ca_certs=str(ca_file) if ca_file else None, retries=False)
    library = sqlite_library()
    source, target = library.connect(str(filled)), library.connect(str(empty), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        target.execute(f"PRAGMA {pragma}")
    for (statement,) in source.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    ):
        target.execute(statement)
    total = sum(source.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES)  # noqa: S608
    rows, share = _rows(source), -(-total // len(requests))

    def work() -> tuple[int, int]:
        read, more = 0, ""
        for sent in requests:
            url = urljoin(sent.url, more) if more and LOCATOR.search(sent.url) else sent.url
            answer = pool.request(sent.method, url, headers=sent.headers, body=sent.body or None)
            assert answer.status < 300, (answer.status, sent.url)
            told = json.loads(answer.data) if answer.data else {}
            read += _records(told, sent.url)
            more = told.get("nextRecordsUrl", "") if isinstance(told, dict) else ""
            _insert(target, islice(rows, share))
        return len(requests), read

    return work


def _records(told: Any, url: str) -> int:
    """How many records an answer lists; those that only belong to others, such as associations, don't count."""
    if not isinstance(told, dict) or re.search(r"associations|batch/read|/search", urlsplit(url).path):
        return 0
    return len(told.get("records") or told.get("results") or ())


def _rows(source: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for table in TABLES:
        yield from ((table, row) for row in source.execute(f"SELECT * FROM {table}"))  # noqa: S608


def _insert(target: Any, rows: Iterator[tuple[str, tuple[Any, ...]]]) -> None:
    by_table: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for table, row in rows:
        by_table[table].append(row)
    target.execute("BEGIN IMMEDIATE")
    for table, listed in by_table.items():
        marks = ", ".join("?" * len(listed[0]))
        target.executemany(f"INSERT INTO {table} VALUES ({marks})", listed)  # noqa: S608
    target.execute("COMMIT")
