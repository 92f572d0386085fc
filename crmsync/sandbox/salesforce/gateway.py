"""The HTTP side of the org: routes, and what every request goes through."""

from dataclasses import replace

from crmsync.sandbox.http import Handler, Request, Response, Routes
from crmsync.sandbox.salesforce.auth import Auth, soap_fault
from crmsync.sandbox.salesforce.bulk import Jobs
from crmsync.sandbox.salesforce.collections import Collections
from crmsync.sandbox.salesforce.composite import Composite
from crmsync.sandbox.salesforce.cursors import Cursors
from crmsync.sandbox.salesforce.description import Description
from crmsync.sandbox.salesforce.errors import Refused, limit_exceeded, not_found
from crmsync.sandbox.salesforce.limits import Limits
from crmsync.sandbox.salesforce.moments import http_date
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.replication import Replication
from crmsync.sandbox.salesforce.rest import Rest
from crmsync.sandbox.salesforce.tooling import Tooling
from crmsync.sandbox.salesforce.wire import ApiCall, check_version, only, versions

LONGEST = 16_384  # bytes of address and headers


class Gateway:
    """Answers requests: size, session, allowance, then the handler of the address."""

    def __init__(self, org: Org, auth: Auth, limits: Limits, rest: Rest) -> None:
        self.org, self.auth, self.limits = org, auth, limits
        self.open = Routes(self._open_routes())
        composite = ("POST", "/services/data/v{version}/composite", Composite(self._call).answer)
        self.api = Routes([*_api_routes(org, rest, limits), *_job_routes(Jobs(org, limits.jobs)), composite])

    def _open_routes(self) -> list[tuple[str, str, Handler]]:
        """Those that need no session of the API."""
        return [
            ("POST", "/services/oauth2/token", self.auth.token),
            ("GET", "/services/oauth2/userinfo", self._userinfo),
            ("POST", "/services/Soap/u/[^/]+", self._soap),
            ("GET", "/services/data", self._versions),
        ]

    def answer(self, request: Request) -> Response:
        """Handles one request: size, session, allowance, then the handler of its address."""
        try:
            response = self._answer(replace(request, path=request.path.rstrip("/") or "/"))
        except Refused as refused:
            response = refused.response()
        response.headers.setdefault("Date", http_date(self.org.clock.now()))
        return response

    def _answer(self, request: Request) -> Response:
        if request.size > LONGEST:
            return Response(414, "<html><head><title>414 URI Too Long</title></head><body></body></html>")
        found = self.open.find(request)
        if not isinstance(found, int):
            handler, parts = found
            return handler(request, **parts)
        user = self.auth.user(request)
        if not self.limits.calls.take():
            raise limit_exceeded()
        try:
            response = self._call(request, user)
        except Refused as refused:
            response = refused.response()
        response.headers.update(self.limits.header())
        return response

    def _call(self, request: Request, user: str) -> Response:
        found = self.api.find(request)
        if found == 404:
            raise not_found()
        if isinstance(found, int):
            message = f"HTTP Method '{request.method}' not allowed. Allowed are {self._allowed(request)}"
            raise Refused("METHOD_NOT_ALLOWED", message, status=405)
        handler, parts = found
        check_version(parts["version"])
        return handler(ApiCall(request, user, parts.pop("version")), **parts)

    def _allowed(self, request: Request) -> str:
        methods = ("GET", "POST", "PATCH", "DELETE")
        return ",".join(each for each in methods if not isinstance(self.api.find(replace(request, method=each)), int))

    def _versions(self, request: Request) -> Response:
        only(request)
        return Response(body=versions())

    def _soap(self, request: Request) -> Response:
        """Every version's login answers the same."""
        only(request)
        return soap_fault()

    def _userinfo(self, request: Request) -> Response:
        """Who the session is."""
        only(request)
        user = self.auth.user(request)
        users = self.org.tables["User"]
        columns = users.values(users.records.find_row(user), self.org.clock.now())
        shown = {"name": columns["Name"], "email": columns["Email"], "preferred_username": columns["Username"]}
        return Response(body={"user_id": user, "organization_id": self.org.org_id, "active": True, **shown})


def _api_routes(org: Org, rest: Rest, limits: Limits) -> list[tuple[str, str, Handler]]:
    """Those of the API: each counts against the allowance."""
    description, replication, tooling = Description(org), Replication(org), Tooling(org)
    cursors, collections = Cursors(org), Collections(org, rest)
    data = "/services/data/v{version}"
    return [
        ("GET", data, description.resources),
        ("GET", f"{data}/limits", limits.show),
        ("GET", f"{data}/query", cursors.query),
        ("GET", f"{data}/queryAll", cursors.query_all),
        ("GET", f"{data}/query/{{locator}}", cursors.more),
        ("GET", f"{data}/queryAll/{{locator}}", cursors.more),
        ("GET", f"{data}/sobjects", description.sobjects),
        ("GET", f"{data}/sobjects/{{name}}", description.basic),
        ("POST", f"{data}/sobjects/{{name}}", rest.make),
        ("GET", f"{data}/sobjects/{{name}}/describe", description.describe),
        ("GET", f"{data}/sobjects/{{name}}/deleted", replication.deleted),
        ("GET", f"{data}/sobjects/{{name}}/updated", replication.updated),
        ("GET", f"{data}/sobjects/{{name}}/{{crm_id}}", rest.get),
        ("PATCH", f"{data}/sobjects/{{name}}/{{crm_id}}", rest.update),
        ("DELETE", f"{data}/sobjects/{{name}}/{{crm_id}}", rest.remove),
        ("PATCH", f"{data}/composite/sobjects", collections.update),
        ("POST", f"{data}/composite/sobjects", collections.create),
        ("GET", f"{data}/composite/sobjects/{{name}}", collections.read),
        ("POST", f"{data}/composite/sobjects/{{name}}", collections.read),
        ("POST", f"{data}/tooling/sobjects/CustomField", tooling.make_field),
        ("GET", f"{data}/tooling/query", tooling.cursors.query),
        ("GET", f"{data}/tooling/query/{{locator}}", tooling.cursors.more),
        ("GET", f"{data}/tooling/sobjects/CustomField/{{crm_id}}", tooling.get_field),
    ]


def _job_routes(jobs: Jobs) -> list[tuple[str, str, Handler]]:
    """Those of Bulk API 2.0."""
    every, one = "/services/data/v{version}/jobs/query", "/services/data/v{version}/jobs/query/{crm_id}"
    return [
        ("POST", every, jobs.make),
        ("GET", every, jobs.listed),
        ("GET", one, jobs.show),
        ("PATCH", one, jobs.abort),
        ("DELETE", one, jobs.remove),
        ("GET", f"{one}/results", jobs.results),
        ("GET", f"{one}/resultPages", jobs.pages),
    ]
