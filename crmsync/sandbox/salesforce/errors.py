"""The errors of the REST API: a JSON list of {message, errorCode}, with the words that an org uses."""

from collections.abc import Sequence
from typing import Any

from crmsync.sandbox.http import Response


class Refused(Exception):
    """A request that is answered with an error. `fields` are the fields at fault, where the API names them."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.fields = code, message, status, fields

    def response(self) -> Response:
        """The answer as the REST API gives it."""
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            body["fields"] = list(self.fields)
        return Response(self.status, [body])

    def row(self) -> dict[str, Any]:
        """The error as one row of a collection's answer carries it."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


def not_found(message: str = "The requested resource does not exist") -> Refused:
    """404, for an address or a record."""
    return Refused("NOT_FOUND", message, status=404)


def session_expired() -> Refused:
    """401, also for a token that never was one."""
    return Refused("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def limit_exceeded() -> Refused:
    """403, when the calls of the last 24 hours are used up."""
    return Refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)


def no_access(message: str) -> Refused:
    """403, when the object right for a write is missing."""
    return Refused("INSUFFICIENT_ACCESS_OR_READONLY", message, status=403)


def no_column(field: str, entity: str) -> Refused:
    """400, for a field that a query names and that doesn't exist or may not be seen: the two look the same."""
    return Refused(
        "INVALID_FIELD",
        f"No such column '{field}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append "
        "the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
    )


def no_type(entity: str) -> Refused:
    """400, for an object that a query names and that doesn't exist or may not be read."""
    return Refused(
        "INVALID_TYPE",
        f"sObject type '{entity}' is not supported. If you are attempting to use a custom object, be sure to append the "
        "'__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
    )


def no_relationship(name: str) -> Refused:
    """400, for a relationship in a field path that doesn't exist."""
    return Refused(
        "INVALID_FIELD",
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, be "
        "sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for "
        "the appropriate names.",
    )


def no_child(name: str) -> Refused:
    """400, for a child relationship in a subquery that doesn't exist."""
    return Refused(
        "INVALID_TYPE",
        f"Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to use a custom "
        "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the "
        "describe call for the appropriate names.",
    )


def malformed_query(message: str) -> Refused:
    """400, for text that isn't SOQL."""
    return Refused("MALFORMED_QUERY", message)


def malformed_id(field: str, value: object) -> Refused:
    """400, for a reference that isn't an id of the right kind."""
    return Refused("MALFORMED_ID", f"{field}: id value of incorrect type: {value}", fields=[field])


def deleted(fields: Sequence[str] = ()) -> Refused:
    """For a write to a record in the recycle bin."""
    return Refused("ENTITY_IS_DELETED", "entity is deleted", status=404, fields=fields)
