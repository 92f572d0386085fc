"""Requests read strictly, and the API versions that they may name."""

import json
from dataclasses import dataclass
from typing import Any

from crmsync.sandbox.http import Request
from crmsync.sandbox.salesforce.errors import Refused, not_found

OLDEST, NEWEST = 31, 68  # API versions that are served
RETIRED_FROM = 21
_SEASONS = ("Winter", "Spring", "Summer")


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A request of a session, by the API version that its address names."""

    request: Request
    user: str
    version: str


def versions() -> list[dict[str, str]]:
    """What GET /services/data lists: version 68 is Winter '27."""
    listed = []
    for number in range(OLDEST, NEWEST + 1):
        season, year = (number - 68) % 3, 27 + (number - 68) // 3
        label = f"{_SEASONS[season]} '{year:02}"
        listed.append({"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"})
    return listed


def check_version(version: str) -> None:
    """Raises 410 for a retired version, 404 for one that isn't served."""
    whole, dot, rest = version.partition(".")
    number = int(whole) if whole.isdigit() and dot and rest == "0" else 0
    if RETIRED_FROM <= number < OLDEST:
        raise Refused(
            "UNSUPPORTED_API_VERSION", f"The requested API version {version} is no longer supported.", status=410
        )
    if not OLDEST <= number <= NEWEST:
        raise not_found()


def read_json(request: Request) -> Any:
    """The body as JSON. NaN and Infinity, which Python's own reader lets through, are no JSON."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused("UNSUPPORTED_MEDIA_TYPE", f"Content type {kind or 'none'} not supported", status=415)
    try:
        return json.loads(request.body, parse_constant=refuse)
    except ValueError:
        raise Refused(
            "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no valid JSON"
        ) from None


def read_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object."""
    body = read_json(request)
    if not isinstance(body, dict):
        raise Refused("JSON_PARSER_ERROR", "Cannot deserialize instance of complex type from START_ARRAY value [")
    return body


def only(request: Request, *known: str) -> None:
    """Refuses query parameters that the resource doesn't know, so that a misspelt one can't go unnoticed."""
    if unknown := [name for name in request.query if name not in known]:
        raise Refused("INVALID_PARAMETER", f"Unknown query parameter: {unknown[0]}")
