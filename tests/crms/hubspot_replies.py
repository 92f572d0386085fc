"""A HubSpot that answers what a test lays out, for replies that the local CRM doesn't give."""

from typing import Any

from pydantic import SecretStr

from crmsync.config import CrmConfig
from crmsync.crms.hubspot import HubSpot, connect
from crmsync.records import Cursor, Page
from crmsync.sandbox.http import Request, Response, Server

OBJECTS, ASSOCIATIONS = "/crm/objects/2026-09", "/crm/associations/2026-09"
ACCOUNT, PIPELINES = "/account-info/2026-09/details", "/crm/pipelines/2026-09/deals"
PROPERTIES = "/crm/properties/2026-09"
TOKEN = "pat-secret"
CREATED = "2026-01-05T09:00:00.000Z"
DETAILS = {"portalId": 77, "timeZone": "America/New_York", "companyCurrency": "EUR"}


def stage(crm_id: str, probability: str, closed: str) -> dict[str, Any]:
    """A stage as HubSpot describes it."""
    return {"id": crm_id, "label": crm_id, "metadata": {"probability": probability, "isClosed": closed}}


STAGES = [stage("new", "0.2", "false"), stage("won", "1.0", "true"), stage("lost", "0.0", "true")]


class Replies:
    """Answers by path; several answers laid for a path come one after the other, the last one stays. Unlaid: an empty list."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._laid: dict[str, list[Response]] = {}
        self.lay(ACCOUNT, DETAILS)
        self.lay(PIPELINES, {"results": [{"id": "sales", "stages": STAGES}]})

    def lay(self, path: str, *bodies: object, status: int = 200) -> None:
        """Lays out the answers for a path."""
        self._laid[path] = [body if isinstance(body, Response) else Response(status, body) for body in bodies]

    def rows(self, kind: str, *rows: dict[str, Any]) -> None:
        """Lays out the records of an object type; none are archived."""
        self.lay(f"{OBJECTS}/{kind}", {"results": list(rows)}, {"results": []})

    def link(self, kind: str, to: str, *pairs: tuple[str, str]) -> None:
        """Lays out associations, by id and in the blocks of the records that were laid out before."""
        results = [{"from": {"id": a}, "to": [{"toObjectId": int(b), "associationTypes": []}]} for a, b in pairs]
        self.lay(f"{ASSOCIATIONS}/{kind}/{to}/batch/read", {"results": results})
        for listed in self._laid.get(f"{OBJECTS}/{kind}", [])[:1]:
            for record in listed.body["results"]:
                linked = [{"id": b, "type": "linked"} for a, b in pairs if a == record["id"]]
                record["associations"] = {to: {"results": linked}}

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        self.requests.append(request)
        laid = self._laid.get(request.path) or [Response(200, {"results": []})]
        return _showing(request, laid.pop(0) if len(laid) > 1 else laid[0])


def _showing(request: Request, response: Response) -> Response:
    """A record shows each property that was asked for, as null where it is blank."""
    asked = request.query.get("properties", []) if request.method == "GET" else request.json().get("properties", [])
    for record in response.body["results"] if isinstance(response.body, dict) and "results" in response.body else ():
        if "properties" in record:
            record["properties"] = {**dict.fromkeys(asked), **record["properties"]}
    return response


def crm(server: Server, *, options: dict[str, Any] | None = None, **config: Any) -> HubSpot:
    """An account served by a local server, without limits of our own."""
    given = {
        "token": SecretStr(TOKEN),
        "base_url": server.url,
        "calls_per_10s": 0,
        "searches_per_s": 0,
        **(options or {}),
    }
    return connect(CrmConfig(name="hub", kind="hubspot", options=given, **config))


def row(
    crm_id: str, properties: dict[str, str], *, history: dict[str, list[tuple[str, str]]] | None = None
) -> dict[str, Any]:
    """A record; `history` gives (instant, value) pairs, newest first as HubSpot does."""
    dated = {
        name: [
            {"timestamp": at, "value": value, "sourceType": "CRM_UI", "updatedByUserId": 5} for at, value in versions
        ]
        for name, versions in (history or {}).items()
    }
    now = {name: versions[0]["value"] for name, versions in dated.items()}
    return {
        "id": crm_id,
        "properties": {**now, **properties},
        "propertiesWithHistory": dated,
        "createdAt": CREATED,
        "updatedAt": CREATED,
        "archived": False,
    }


def pull(hubspot: HubSpot, stream: str, since: Cursor | None = None) -> Page:
    """Everything that a pull of a stream brings, as one page with the last cursor."""
    whole = Page(stream, Cursor())
    for page in hubspot.pull(stream, since=since):
        whole.cursor = page.cursor
        whole.read += page.read
        for name in ("deals", "milestones", "people", "stages", "facts", "held", "gone", "bad"):
            getattr(whole, name).extend(getattr(page, name))
    return whole
