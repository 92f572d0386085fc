"""The properties API: what properties and groups there are, and making new ones."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crmsync.sandbox.http import Request, Response
from crmsync.sandbox.hubspot.display import API_WRITER
from crmsync.sandbox.hubspot.errors import Refused, invalid
from crmsync.sandbox.hubspot.kind import Kind
from crmsync.sandbox.hubspot.portal import Portal
from crmsync.sandbox.hubspot.schema import FIELD_TYPES, TRUTH, Property
from crmsync.sandbox.hubspot.wire import flag, read_object
from crmsync.sandbox.records import Effect

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
Json = dict[str, Any]


class Properties:
    """The handlers of property definitions and groups."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def _kind(self, name: str, action: str = "read") -> Kind:
        kind = self.portal.kind(name)
        self.portal.scopes.require([f"{kind.schema.schema_scope}.{action}"])
        return kind

    def listed(self, request: Request, *, kind: str) -> Response:
        """GET properties/TYPE. Nothing is archived here."""
        found = self._kind(kind)
        shown = [] if flag(request, "archived") else [prop.show() for prop in list(found.schema.properties.values())]
        return Response(body={"results": shown})

    def one(self, _request: Request, *, kind: str, name: str) -> Response:
        """GET properties/TYPE/NAME."""
        prop = self._kind(kind).schema.properties.get(name)
        if prop is None:
            message = f"Property {name} does not exist"
            raise Refused("OBJECT_NOT_FOUND", message, status=404, subCategory="Properties.PROPERTY_NOT_FOUND")
        return Response(body=prop.show())

    def make(self, request: Request, *, kind: str) -> Response:
        """POST properties/TYPE."""
        found = self._kind(kind, "write")
        body = read_object(request)
        with self.portal.lock:
            prop = replace(read_property(found, body), made_at=self.portal.clock.now())
            if prop.name in found.schema.properties:
                raise _conflict(f"A property named '{prop.name}' already exists.")
            found.schema.properties[prop.name] = prop
        self._note(found, f"property {prop.name}")
        return Response(201, prop.show())

    def groups(self, _request: Request, *, kind: str) -> Response:
        """GET properties/TYPE/groups."""
        found = self._kind(kind)
        return Response(body={"results": [_group(name, label) for name, label in found.schema.groups.items()]})

    def make_group(self, request: Request, *, kind: str) -> Response:
        """POST properties/TYPE/groups."""
        found = self._kind(kind, "write")
        body = read_object(request)
        name, label = _required(body, "name"), _required(body, "label")
        with self.portal.lock:
            if name in found.schema.groups:
                raise _conflict(f"A property group named '{name}' already exists.")
            found.schema.groups[name] = label
        self._note(found, f"property group {name}")
        return Response(201, _group(name, label))

    def _note(self, kind: Kind, what: str) -> None:
        self.portal.effects.add(
            Effect(self.portal.clock.now(), "hubspot", kind.name, "", what, None, "there", API_WRITER)
        )


def read_property(kind: Kind, body: Mapping[str, Any]) -> Property:
    """A definition of a request's body. Raises 400 for one that HubSpot wouldn't take."""
    name, label, group = (_required(body, key) for key in ("name", "label", "groupName"))
    type_, field_type = _required(body, "type"), _required(body, "fieldType")
    if not _NAME.fullmatch(name):
        raise invalid(f"Property name '{name}' is invalid: lower-case letters, digits and underscores only")
    if field_type not in FIELD_TYPES.get(type_, ()):
        raise invalid(f"The fieldType {field_type} is not valid for the property type {type_}")
    if group not in kind.schema.groups:
        raise invalid(f"Property group '{group}' does not exist", subCategory="Properties.GROUP_NOT_FOUND")
    listed = body.get("options") or []
    if not isinstance(listed, list) or not all(isinstance(each, dict) and each.get("value") for each in listed):
        raise invalid("Property options need a label and a value each")
    options = (
        TRUTH if type_ == "bool" else tuple((each["value"], each.get("label") or each["value"]) for each in listed)
    )
    description = str(body.get("description") or "")
    return Property(
        name, type_, field_type, label, group, description, options, unique=bool(body.get("hasUniqueValue"))
    )


def _required(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise invalid(f'Invalid input JSON on line 1, column 1: Some required fields were not set: ["{key}"]')
    return value


def _conflict(message: str) -> Refused:
    return Refused("CONFLICT", message, status=409)


def _group(name: str, label: str) -> Json:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}
