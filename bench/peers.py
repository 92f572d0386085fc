"""Tools that people would use instead, installed by the bench into an environment of their own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bench.floor import Sent
from bench.loops import list_of

WANTED = ("dlt[duckdb,parquet]==1.31.0",)
WAYS = {"dlt": "rows", "dlt-arrow": "arrow"}


def install(folder: Path) -> Path:
    """An environment with the peers in it; gives its Python."""
    python = folder / "peers" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "peers")], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *WANTED], check=True)
    return python


def run(python: Path, who: str, kind: str, requests: list[Sent], *, ca_file: Path | None) -> dict[str, Any]:
    """What a peer needs for the lists among these requests."""
    folder = python.parents[2] / f"{who}-{kind}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    address = urlsplit(requests[0].url)
    spec = {
        "kind": kind,
        "way": WAYS[who],
        "host": f"{address.scheme}://{address.netloc}",
        "selector": "records" if kind == "salesforce" else "results",
        "lists": [_asked(sent) for sent in requests if _begins_a_list(kind, sent)],
        "folder": str(folder),
        "ca_file": str(ca_file) if ca_file else "",
    }
    file = folder / "spec.json"
    file.write_text(json.dumps(spec))
    script = Path(__file__).with_name("dlt_peer.py")
    done = subprocess.run([str(python), str(script), str(file)], stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _begins_a_list(kind: str, sent: Sent) -> bool:
    """Whether this is the first page of what a pull reads whole."""
    return "q=" in urlsplit(sent.url).query if kind == "salesforce" else list_of(sent) is not None


def _asked(sent: Sent) -> dict[str, Any]:
    address = urlsplit(sent.url)
    query: dict[str, Any] = {}
    for name, value in parse_qsl(address.query):
        query.setdefault(name, []).append(value)
    token = {"Authorization": sent.headers["Authorization"]}
    return {"path": address.path, "query": query, "headers": token}
