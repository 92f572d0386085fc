"""Composite: up to 25 requests in one call, each with headers and an answer of its own, in their order."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.salesforce.errors import Refused
from crmsync.sandbox.salesforce.wire import ApiCall, only, read_object

MOST = 25
INHERITED = ("accept", "authorization", "content-type")  # a request within the call may not set them
_KEYS = {"method", "url", "referenceId", "body", "httpHeaders"}
_REFERENCE = re.compile(r"\w+", re.ASCII)

Run = Callable[[Request, str], Response]  # one request of a user


class Composite:
    """The handler of composite. References from one request to another and rolling back together are not served."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def answer(self, call: ApiCall) -> Response:
        """POST composite: 200 with an answer for each request, once the call is well formed. It counts as one call."""
        only(call.request)
        requests = [(part["referenceId"], _request(call.request, part)) for part in _parts(read_object(call.request))]
        return Response(body={"compositeResponse": [self._one(*each, user=call.user) for each in requests]})

    def _one(self, reference: str, request: Request, *, user: str) -> dict[str, Any]:
        try:
            response = self._run(request, user)
        except Refused as refused:
            response = refused.response()
        headers = {name: value for name, value in response.headers.items() if name != "Date"}
        told = {"body": response.body, "httpHeaders": headers, "httpStatusCode": response.status}
        return {**told, "referenceId": reference}


def _parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The requests of a call. Raises what makes it as a whole not well formed."""
    parts = body.get("compositeRequest")
    if unknown := set(body) - {"allOrNone", "collateSubrequests", "compositeRequest"}:
        raise Refused("JSON_PARSER_ERROR", f'Unrecognized field "{min(unknown)}" at [line:1, column:1]')
    if body.get("allOrNone", False) is not False:
        raise Refused("FUNCTIONALITY_NOT_ENABLED", "allOrNone is not served by this local org")
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise Refused("JSON_PARSER_ERROR", "compositeRequest: a list of objects is required at [line:1, column:1]")
    if len(parts) > MOST:
        raise Refused("LIMIT_EXCEEDED", f"The request can't contain more than {MOST} operations.")
    for part in parts:
        _check(part)
    if len({part["referenceId"] for part in parts}) < len(parts):
        raise Refused("DUPLICATE_VALUE", "Duplicate referenceId provided in composite request")
    return parts


def _check(part: dict[str, Any]) -> None:
    if unknown := set(part) - _KEYS:
        raise Refused("JSON_PARSER_ERROR", f'Unrecognized field "{min(unknown)}" at [line:1, column:1]')
    if missing := [key for key in ("method", "url", "referenceId") if not isinstance(part.get(key), str)]:
        raise Refused("MISSING_ARGUMENT", f"{missing[0]} is required in a composite request")
    if part["method"] not in ("GET", "POST", "PATCH", "DELETE"):
        raise Refused("INVALID_INPUT", f"Unsupported method: {part['method']}")
    if not _REFERENCE.fullmatch(part["referenceId"]):
        raise Refused("INVALID_INPUT", "Provided referenceId must contain only letters, numbers and underscores")
    if not part["url"].startswith("/services/data/v"):
        raise Refused("INVALID_INPUT", f"The url must begin with /services/data: {part['url']}")
    headers = part.get("httpHeaders", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise Refused("JSON_PARSER_ERROR", "httpHeaders: an object of texts is required at [line:1, column:1]")
    if wrong := [name for name in headers if name.lower() in INHERITED]:
        raise Refused("INVALID_HEADER", f"A composite subrequest may not set the header {wrong[0]}")


def _request(call: Request, part: dict[str, Any]) -> Request:
    address = urlsplit(part["url"])
    if address.path.rstrip("/").endswith("/composite"):
        raise Refused("INVALID_INPUT", "A composite request can't contain another")
    headers = {name.lower(): value for name, value in part.get("httpHeaders", {}).items()}
    inherited = {name: call.headers[name] for name in INHERITED if name in call.headers}
    body = json.dumps(part["body"]).encode() if "body" in part else b""
    return Request(part["method"], address.path, parse_qs(address.query), {**headers, **inherited}, body)
