"""A local Salesforce with the small world, and the real client library talking to it over TLS."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.columns import World
from crmsync.sandbox.http import Server
from crmsync.sandbox.records import EffectLog
from crmsync.sandbox.salesforce import SalesforceApp
from crmsync.sandbox.tls import CA_FILE, server_context
from tests.sandbox.salesforce.world import NOW, small_world

DEAL_WON, DEAL_OPEN, DEAL_LOST, DEAL_BARE = range(4)  # places of the small world's deals in `ids`


@dataclass
class Local:
    """One running local Salesforce."""

    app: SalesforceApp
    clock: SandboxClock
    effects: EffectLog
    server: Server
    http: requests.Session
    ids: list[str] = field(default_factory=list)

    def login(self, **client: str) -> Salesforce:
        """The real client library with a session of its own."""
        answer = self.post("/services/oauth2/token", data={"grant_type": "client_credentials"} | client)
        token = answer.json()["access_token"]
        return Salesforce(session_id=token, instance_url=self.server.url, version="62.0", session=self.http)

    def post(self, path: str, **more: Any) -> requests.Response:
        """A POST as the connected app."""
        return self.http.post(self.server.url + path, auth=("local-client", "local-secret"), timeout=20, **more)

    def get(self, sf: Salesforce, path: str, **more: Any) -> requests.Response:
        """A GET within a session, errors left as they are."""
        headers = {"Authorization": f"Bearer {sf.session_id}", **more.pop("headers", {})}
        return self.http.get(f"{self.server.url}/services/data/v62.0/{path}", headers=headers, timeout=20, **more)

    def send(self, sf: Salesforce, method: str, path: str, **more: Any) -> requests.Response:
        """A write within a session, errors left as they are."""
        headers = {"Authorization": f"Bearer {sf.session_id}", **more.pop("headers", {})}
        url = f"{self.server.url}/services/data/v62.0/{path}"
        return self.http.request(method, url, headers=headers, timeout=20, **more)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """One throw-away authority for all tests."""
    folder = tmp_path_factory.mktemp("tls")
    return server_context(folder), folder / CA_FILE


@pytest.fixture
def serve(certificates: tuple[ssl.SSLContext, Path]) -> Iterator[Callable[..., Local]]:
    """Starts local Salesforces: serve(world, **options of SalesforceApp)."""
    context, ca_file = certificates
    running: list[Local] = []

    def start(world: World | None = None, **options: Any) -> Local:
        clock, effects = SandboxClock(NOW, frozen=True), EffectLog()
        app = SalesforceApp(world or small_world(), clock, effects, **options)
        http = requests.Session()
        http.trust_env = False
        http.verify = str(ca_file)
        server = Server(app, tls=context)
        server.start()
        running.append(Local(app, clock, effects, server, http, [crm_id for _, crm_id in app.ids()]))
        return running[-1]

    yield start
    for local in running:
        local.http.close()
        local.server.stop()


@pytest.fixture
def local(serve: Callable[..., Local]) -> Local:
    """The local Salesforce of most tests."""
    return serve()


@pytest.fixture
def sf(local: Local) -> Salesforce:
    """The real client library, logged in."""
    return local.login()


def ask(sf: Salesforce, soql: str, **more: Any) -> list[dict[str, Any]]:
    """The records of a query, without attributes."""
    return [_bare(record) for record in sf.query_all_iter(soql, **more)]


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items() if name != "attributes"}
    return [_bare(each) for each in value] if isinstance(value, list) else value
