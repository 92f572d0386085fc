"""Unique markers in the place of every secret, through the whole story and its faults: none of them comes out anywhere."""

import base64
import io
import logging
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
import stamina

from crmsync import config as configs
from crmsync import starter
from crmsync.cli import main
from crmsync.clock import parse_instant
from crmsync.sandbox import local as sandbox
from crmsync.sandbox.generate import generate
from crmsync.sandbox.guide import config
from crmsync.sandbox.http import App, Request, Response
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.local import HUBSPOT, SALESFORCE, LocalCrms
from crmsync.store import dump
from crmsync.store.engine import open_store
from crmsync.views import export, report

MARKS = {
    "salesforce-id": "canary-sf-id-5d1f",
    "salesforce-secret": "canary-sf-secret-9b2e",
    "hubspot-token": "canary-hub-token-71ac",
}
DATABASE, PASTED, WRONG = "canary-database-c40d", "canary-pasted-e8b3", "canary-wrong-3f67"
MODEL = 'features = ["age", "stage", "step_done", "buyer_idle", "overdue"]\n[penalty]\ngrid = [0.03]\n[write]\nprior = true\n'
STORY = (
    "fields --create", "check", "pull", "reconcile", "train", "score", "stage", "push --dry-run", "push", "status", "verify",
    "jobs", "run nightly", "undo 1", "explain nobody", "export run", "backtest --from 2026-01-05 --to 2026-02-02 --every 28",
)  # fmt: skip
REFUSED = {"undo 1": 2, "explain nobody": 2}  # the verbs of the story that end with a fault


class Echo:
    """A local CRM that quotes in its refusals what it was given, as servers do, and issues sessions that are looked for, too."""

    def __init__(self, app: App) -> None:
        self.app, self.refusing, self.issued = app, False, set[str]()

    def answer(self, request: Request) -> Response:
        """The app's answer, or a refusal that repeats the request."""
        if self.refusing and not request.path.endswith(("/token", "/services/data")):
            words = f"not with {request.headers.get('authorization', '')} and {request.body.decode(errors='replace')}"
            return Response(
                400, [{"errorCode": "NO", "message": words}] if "/services/" in request.path else {"message": words}
            )
        response = self.app.answer(request)
        if request.path.endswith("/token") and isinstance(response.body, dict):
            self.issued.add(str(response.body.get("access_token", MARKS["salesforce-id"])))
        return response


@dataclass
class Scene:
    """A workspace over both local CRMs, and everything that the program has said in it."""

    folder: Path
    local: LocalCrms
    echoes: dict[str, Echo]
    said: list[str] = field(default_factory=list)

    def tell(self, *verb: str) -> int:
        """A verb as a person and as a program sees it."""
        codes = []
        for more in ((), ("--json",), ("--debug",)):
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                codes.append(main(["--config", str(self.folder / "config.toml"), *verb, *more]))
            self.said += [out.getvalue(), err.getvalue()]
        return codes[0]

    def change(self, old: str, new: str) -> None:
        """Changes the config."""
        file = self.folder / "config.toml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def export(self) -> None:
        """Writes what the store holds to files in the workspace: each table, the dump, a page of HTML."""
        store = open_store(configs.load(self.folder / "config.toml").store)
        for table in export.names():
            export.to_file(store, table, self.folder / f"{table}.csv")
        (self.folder / "dump.txt").write_text("\n".join(dump.lines(store)))
        (self.folder / "page.html").write_text(report.page("page", "", report.sections(store)))
        store.close()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What every library logs, down to its debugging."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def scene(tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A new workspace on PostgreSQL, whose password stands in the URL."""
    monkeypatch.delenv("CRMSYNC_DEBUG", raising=False)
    for name, mark in MARKS.items():
        monkeypatch.setitem(sandbox.SECRETS, name, mark)
    world = generate(deals=200, seed=3, law=LAWS["milestones"], now=parse_instant("2026-06-01"))
    with LocalCrms(world, tmp_path / "crms", frozen=True, paced=False) as local, stamina.set_testing(True, attempts=1):
        starter.init(tmp_path / "work")
        url = postgresql_url.replace("://postgres:@", f"://postgres:{DATABASE}@")
        assert DATABASE in url
        (tmp_path / "work" / "config.toml").write_text(config(local).replace("sqlite:///crmsync.db", url))
        (tmp_path / "work" / "models" / "close.toml").write_text(MODEL)
        echoes = {name: Echo(served.server.app) for name, served in local.served.items()}
        for name, echo in echoes.items():
            local.served[name].server.app = echo
        yield Scene(tmp_path / "work", local, echoes)


def forms(secret: str) -> Iterator[bytes]:
    """How a secret may look on its way: plain, in a URL, in a header of basic authentication."""
    yield secret.encode()
    yield quote(secret, safe="").encode()
    pair = f"{MARKS['salesforce-id']}:{MARKS['salesforce-secret']}"
    yield base64.b64encode(pair.encode())


def wrong_token(scene: Scene) -> None:
    """Secrets that the CRMs refuse."""
    for name in MARKS:
        scene.local.secret_file(name).write_text(WRONG)
    assert scene.tell("pull") == 2
    for name, mark in MARKS.items():
        scene.local.secret_file(name).write_text(mark)


def quoting_server(scene: Scene) -> None:
    """Servers that repeat what they were sent in their refusals."""
    for echo in scene.echoes.values():
        echo.refusing = True
    assert scene.tell("pull") == 2
    assert scene.tell("check") == 2
    for echo in scene.echoes.values():
        echo.refusing = False


def unreachable(scene: Scene) -> None:
    """Addresses where nobody answers."""
    addresses = [scene.local.served[name].server.url for name in (SALESFORCE, HUBSPOT)]
    for url in addresses:
        scene.change(url, "http://127.0.0.1:9")
    assert (scene.tell("pull"), scene.tell("check")) == (75, 2)


def database_down(scene: Scene) -> None:
    """A database that nobody serves, with the password in its URL."""
    scene.change("/test_", "/no_test_")
    assert scene.tell("status") == 2
    scene.change("/no_test_", "/test_")


def pasted(scene: Scene) -> None:
    """A secret in the place of a reference, and one in a place where no secret belongs."""
    scene.change('token = "file:', f'token = "{PASTED}" # "file:')
    assert scene.tell("pull") == 2
    scene.change(f'token = "{PASTED}" # "file:', 'token = "file:')
    scene.change('api_version = "2026-09"', f'api_version = "{PASTED}"\nlook_back_s = "{PASTED}"')
    assert scene.tell("check") == 2
    (scene.folder / "config.toml").write_text((scene.folder / "config.toml").read_text().replace(PASTED, "pasted"))


FAULTS: tuple[Callable[[Scene], None], ...] = (wrong_token, quoting_server, database_down, unreachable, pasted)


def test_no_secret_comes_out_anywhere(scene: Scene, logged: io.StringIO) -> None:
    """Neither on stdout or stderr, as JSON or with --debug, nor in logs, tables, exports, dump and HTML; whatever goes wrong."""
    codes = {verb: scene.tell(*verb.split()) for verb in STORY}
    assert {verb: code for verb, code in codes.items() if code} == REFUSED
    scene.export()
    for fault in FAULTS:
        fault(scene)
    config_file = scene.folder / "config.toml"
    config_file.write_text(config_file.read_text().replace(DATABASE, ""))  # it stands there by this test's own doing
    secrets = {*MARKS.values(), DATABASE, PASTED, WRONG}.union(*(echo.issued for echo in scene.echoes.values()))
    written = [file.read_bytes() for file in scene.folder.rglob("*") if file.is_file()]
    everything = b"\n".join([*map(str.encode, scene.said), logged.getvalue().encode(), *written])
    assert len(secrets) > len(MARKS) + 3
    assert [secret for secret in secrets for form in forms(secret) if form in everything] == []
    assert len(everything) > 500_000
