"""The errors of HubSpot's API: a JSON object with status, message, category, and more where the API gives more."""

import json
from collections.abc import Sequence
from typing import Any

from crmsync.sandbox.http import Response

SCOPES_PAGE = "https://developers.hubspot.com/scopes"


class Refused(Exception):
    """A request that is answered with an error. `more` are further keys of the body, such as `errors` or `context`."""

    def __init__(self, category: str, message: str, *, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.category, self.message, self.status, self.more = category, message, status, more

    def response(self, correlation: str) -> Response:
        """The answer; `correlation` is the id that HubSpot's support would ask for."""
        body = {"status": "error", "message": self.message, "correlationId": correlation, **self.more}
        return Response(self.status, {**body, "category": self.category} if self.category else body)

    def row(self, ids: Sequence[str]) -> dict[str, Any]:
        """The error as one row of a batch's answer carries it."""
        return {
            "status": "error",
            "category": self.category,
            "message": self.message,
            "context": {"ids": list(ids)},
        }


def invalid(message: str, **more: Any) -> Refused:
    """400, for a request that makes no sense."""
    return Refused("VALIDATION_ERROR", message, **more)


def invalid_property(name: str, code: str, message: str) -> Refused:
    """400, for a property or value of a write; the whole call fails, and the row at fault isn't named."""
    told = {"isValid": False, "message": message, "error": code, "name": name, "localizedErrorMessage": message}
    errors = [{"message": message, "code": code, "context": {"propertyName": [name]}}]
    return invalid(f"Property values were not valid: {json.dumps([told])}", errors=errors)


def missing_object(label: str) -> Refused:
    """For ids in a batch that name no record."""
    message = f"Could not get some {label} objects, they may be deleted or not exist. Check that ids are valid."
    return Refused("OBJECT_NOT_FOUND", message, status=404)


def no_record(crm_id: str) -> Refused:
    """404, for a single record."""
    return Refused("OBJECT_NOT_FOUND", f"Object not found.  objectId are usually numeric: {crm_id}", status=404)


def no_resource() -> Refused:
    """404, for an address that doesn't exist."""
    return Refused("OBJECT_NOT_FOUND", "resource not found", status=404)


def no_credentials() -> Refused:
    """401, without a bearer token."""
    message = (
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details "
        "at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
    )
    return Refused("INVALID_AUTHENTICATION", message, status=401)


def bad_token() -> Refused:
    """401, for a token that nobody gave out."""
    return Refused("INVALID_AUTHENTICATION", "The access token provided is not valid", status=401)


def missing_scopes(scopes: Sequence[str]) -> Refused:
    """403, for a right that the token doesn't have."""
    message = (
        "This app hasn't been granted all required scopes to make this call. "
        f"Read more about required scopes here: {SCOPES_PAGE}."
    )
    told = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredScopes": list(scopes)},
    }
    return Refused("MISSING_SCOPES", message, status=403, errors=[told], links={"scopes": SCOPES_PAGE})


def over_limit(policy: str, group: str) -> Refused:
    """429. `policy` is TEN_SECONDLY_ROLLING, SECONDLY (searches) or DAILY."""
    word = {"TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "SECONDLY": "secondly", "DAILY": "daily"}[policy]
    more = {"errorType": "RATE_LIMIT", "policyName": policy, "groupName": group}
    return Refused("RATE_LIMITS", f"You have reached your {word} limit.", status=429, **more)
