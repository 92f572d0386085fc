"""The HTTP side of the portal: routes, and what every request goes through."""

import itertools
import uuid
from secrets import compare_digest

from crmsync.sandbox.http import Handler, Request, Response, Routes
from crmsync.sandbox.hubspot.account import Account
from crmsync.sandbox.hubspot.associations import Associations
from crmsync.sandbox.hubspot.errors import Refused, bad_token, no_credentials, no_resource
from crmsync.sandbox.hubspot.limits import Limits
from crmsync.sandbox.hubspot.moments import http_date
from crmsync.sandbox.hubspot.pipelines import Pipelines
from crmsync.sandbox.hubspot.portal import Portal
from crmsync.sandbox.hubspot.properties import Properties
from crmsync.sandbox.hubspot.reads import Reads
from crmsync.sandbox.hubspot.search import Search
from crmsync.sandbox.hubspot.wire import numbered
from crmsync.sandbox.hubspot.writes import Writes

LONGEST = 16_000  # bytes of address and headers


class Gateway:
    """Answers requests: size, token, limits, then the handler of the address. Both path families lead to one store."""

    def __init__(self, portal: Portal, limits: Limits, *, token: str) -> None:
        self.portal, self.limits, self.token = portal, limits, token
        self.reads = Reads(portal)
        self.associations = Associations(self.reads)
        self.writes = Writes(self.reads, self.associations.linking)
        self.routes = Routes([*self._record_routes(), *self._association_routes(), *_account_routes(portal)])
        self._numbers = itertools.count(1)

    def answer(self, request: Request) -> Response:
        """Handles one request."""
        correlation = str(uuid.UUID(int=next(self._numbers)))
        try:
            response = self._answer(request)
        except Refused as refused:
            response = refused.response(correlation)
        response.headers.setdefault("Date", http_date(self.portal.clock.now()))
        response.headers.setdefault("X-HubSpot-Correlation-Id", correlation)
        return response

    def _answer(self, request: Request) -> Response:
        if request.size > LONGEST:
            return Response(414, "<html><head><title>414 URI Too Long</title></head><body></body></html>")
        self._check_token(request)
        search = request.path.rstrip("/").endswith("/search")
        if over := self.limits.take(search=search):
            raise over
        response = self._call(numbered(request))
        if not search:
            response.headers.update(self.limits.headers())
        return response

    def _check_token(self, request: Request) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise no_credentials()
        if not compare_digest(token.strip().encode(), self.token.encode()):
            raise bad_token()

    def _call(self, request: Request) -> Response:
        found = self.routes.find(request)
        if found == 404:
            raise no_resource()
        if isinstance(found, int):
            raise Refused("VALIDATION_ERROR", "HTTP 405 Method Not Allowed", status=405)
        handler, parts = found
        return handler(request, **parts)

    def _record_routes(self) -> list[tuple[str, str, Handler]]:
        reads, writes, search = self.reads, self.writes, Search(self.reads)
        path = "/crm/v3/objects/{kind}"
        return [
            ("GET", path, reads.listed),
            ("POST", path, writes.create),
            ("POST", f"{path}/search", search.search),
            ("POST", f"{path}/merge", writes.merge),
            ("POST", f"{path}/batch/read", reads.batch),
            ("POST", f"{path}/batch/update", writes.batch_update),
            ("POST", f"{path}/batch/create", writes.batch_create),
            ("POST", f"{path}/batch/archive", writes.batch_archive),
            ("GET", f"{path}/{{crm_id}}", reads.one),
            ("PATCH", f"{path}/{{crm_id}}", writes.update),
            ("DELETE", f"{path}/{{crm_id}}", writes.archive),
        ]

    def _association_routes(self) -> list[tuple[str, str, Handler]]:
        associations = self.associations
        path = "/crm/v4/associations/{kind}/{to}"
        return [
            ("POST", f"{path}/batch/read", associations.batch_read),
            ("POST", f"{path}/batch/create", associations.batch_create),
            ("POST", f"{path}/batch/archive", associations.batch_archive),
            ("GET", f"{path}/labels", associations.labels),
            ("GET", "/crm/v[34]/objects/{kind}/{crm_id}/associations/{to}", associations.of_one),
        ]


def _account_routes(portal: Portal) -> list[tuple[str, str, Handler]]:
    properties, pipelines, account = Properties(portal), Pipelines(portal), Account(portal)
    return [
        ("GET", "/crm/v3/properties/{kind}", properties.listed),
        ("POST", "/crm/v3/properties/{kind}", properties.make),
        ("GET", "/crm/v3/properties/{kind}/groups", properties.groups),
        ("POST", "/crm/v3/properties/{kind}/groups", properties.make_group),
        ("GET", "/crm/v3/properties/{kind}/{name}", properties.one),
        ("GET", "/crm/v3/pipelines/{kind}", pipelines.listed),
        ("GET", "/crm/v3/pipelines/{kind}/{crm_id}", pipelines.one),
        ("GET", "/crm/v3/pipelines/{kind}/{crm_id}/stages", pipelines.stages),
        ("GET", "/crm/v3/owners", account.owners),
        ("GET", "/crm/v3/owners/{crm_id}", account.owner),
        ("GET", "/crm-object-schemas/v3/schemas", account.schemas),
        ("GET", "/crm-object-schemas/v3/schemas/{kind}", account.schema),
        ("GET", "/account-info/v3/details", account.details),
    ]
