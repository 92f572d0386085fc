"""A local HubSpot with the small world, and the real client library talking to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from hubspot import Client
from urllib3.util.retry import Retry

from crmsync.sandbox.clock import SandboxClock
from crmsync.sandbox.columns import World
from crmsync.sandbox.http import Server
from crmsync.sandbox.hubspot import HubSpotApp
from crmsync.sandbox.records import EffectLog
from tests.sandbox.hubspot.world import ZONE, hubspot_world
from tests.sandbox.salesforce.world import NOW

DEAL_WON, DEAL_OPEN, DEAL_LOST, DEAL_BARE = range(4)  # places of the small world's deals in `ids`
ANN_OWNER, BOB_OWNER, ANN_USER = "41000001", "41000002", "5000001"
DEALS = "/crm/v3/objects/deals"


@dataclass
class Local:
    """One running local HubSpot."""

    app: HubSpotApp
    clock: SandboxClock
    effects: EffectLog
    server: Server
    http: requests.Session
    ids: list[str] = field(default_factory=list)

    def client(self) -> Client:
        """The real client library, which retries nothing by itself."""
        url = self.server.url
        return Client.create(access_token="local-token", host=url, base_url=url, retry=Retry(0))

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """A request with the token, errors left as they are."""
        headers = {"Authorization": "Bearer local-token", **more.pop("headers", {})}
        return self.http.request(method, self.server.url + path, json=body, headers=headers, timeout=20, **more)

    def get(self, path: str, **query: Any) -> Any:
        """What a GET answers."""
        return self.send("GET", path, params=query).json()

    def post(self, path: str, body: Any) -> Any:
        """What a POST answers."""
        return self.send("POST", path, body).json()

    def find(self, kind: str, *filters: dict[str, Any], **more: Any) -> list[str]:
        """The ids that a search of one group finds, in its order."""
        body = {"filterGroups": [{"filters": list(filters)}] if filters else [], "limit": 200, **more}
        return [row["id"] for row in self.post(f"/crm/v3/objects/{kind}/search", body)["results"]]

    def versions(self, kind: str, crm_id: str, name: str) -> list[tuple[str, str]]:
        """(instant, value) of a property, newest first."""
        shown = self.get(f"/crm/v3/objects/{kind}/{crm_id}", propertiesWithHistory=name)
        return [(each["timestamp"], each["value"]) for each in shown["propertiesWithHistory"][name]]


@pytest.fixture
def serve() -> Iterator[Callable[..., Local]]:
    """Starts local HubSpots: serve(world, **options of HubSpotApp)."""
    running: list[Local] = []

    def start(world: World | None = None, **options: Any) -> Local:
        clock, effects = SandboxClock(NOW, frozen=True), EffectLog()
        app = HubSpotApp(world or hubspot_world(), clock, effects, **{"time_zone": ZONE, **options})
        http = requests.Session()
        http.trust_env = False
        server = Server(app)
        server.start()
        running.append(Local(app, clock, effects, server, http, [crm_id for _, crm_id in app.ids()]))
        return running[-1]

    yield start
    for local in running:
        local.http.close()
        local.server.stop()


@pytest.fixture
def local(serve: Callable[..., Local]) -> Local:
    """The local HubSpot of most tests."""
    return serve()


def condition(name: str, sign: str, *values: object) -> dict[str, Any]:
    """A filter of a search."""
    if sign in ("IN", "NOT_IN"):
        return {"propertyName": name, "operator": sign, "values": list(values)}
    return {"propertyName": name, "operator": sign, **dict(zip(("value", "highValue"), values, strict=False))}
