"""Requests read as HubSpot reads them: repeated and comma-separated lists, True as well as true, JSON bodies."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crmsync.sandbox.http import Request
from crmsync.sandbox.hubspot.errors import invalid, no_resource

VERSIONS = ("2026-03", "2026-09")
_DATED = re.compile(r"/crm/(objects|properties|pipelines|owners|associations)/(\d{4}-\d\d)((?:/.*)?)")
_TAIL = re.compile(r"/(crm-object-schemas|account-info)/(\d{4}-\d\d)((?:/.*)?)")


def numbered(request: Request) -> Request:
    """The request with a dated path turned into the numbered one that means the same. Raises 404 for unknown versions."""
    path = request.path.rstrip("/") or "/"
    if match := _DATED.fullmatch(path):
        family, version, rest = match.groups()
        path = f"/crm/{'v4' if family == 'associations' else 'v3'}/{family}{rest}"
    elif match := _TAIL.fullmatch(path):
        family, version, rest = match.groups()
        path = f"/{family}/v3{rest}"
    else:
        version = VERSIONS[0]
    if version not in VERSIONS:
        raise no_resource()
    return replace(request, path=path)


def names(request: Request, key: str) -> list[str]:
    """A list parameter: repeated, comma-separated, or both; each name once."""
    found = [name for text in request.query.get(key, ()) for name in text.split(",") if name]
    return list(dict.fromkeys(found))


def flag(request: Request, key: str) -> bool:
    """A boolean parameter, false by default."""
    text = request.query.get(key, ["false"])[-1].lower()
    if text not in ("true", "false"):
        raise invalid(f"Unable to parse value for query parameter: {key}")
    return text == "true"


def whole(request: Request, key: str, default: int) -> int:
    """A number parameter."""
    text = request.query.get(key, [str(default)])[-1]
    if not text.isdigit():
        raise invalid(f"Unable to parse value for query parameter: {key}")
    return int(text)


def read_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object."""
    try:
        body = json.loads(request.body)
    except ValueError:
        raise invalid("Invalid input JSON on line 1, column 1: Unexpected character") from None
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON on line 1, column 1: Cannot deserialize instance from START_ARRAY token")
    return body


def read_inputs(body: Mapping[str, Any], most: int, *, what: str = "batch request") -> list[dict[str, Any]]:
    """The inputs of a batch. A body without any is no error: nothing is done."""
    inputs = body.get("inputs") or []
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise invalid("Invalid input JSON on line 1, column 1: Cannot deserialize value of `inputs`")
    if len(inputs) > most:
        raise invalid(f"The maximum number of inputs supported in a {what} is {most}. Received {len(inputs)}.")
    return inputs


def ids_of(inputs: list[dict[str, Any]]) -> list[str]:
    """The ids of inputs as texts."""
    if any(type(each.get("id")) not in (str, int) for each in inputs):
        raise invalid('Invalid input JSON on line 1, column 1: Some required fields were not set: ["id"]')
    return [str(each["id"]) for each in inputs]


def text_list(body: Mapping[str, Any], key: str) -> list[str]:
    """A list of texts in a body, each once."""
    listed = body.get(key) or []
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise invalid(f"Invalid input JSON on line 1, column 1: Cannot deserialize value of `{key}`")
    return list(dict.fromkeys(listed))
