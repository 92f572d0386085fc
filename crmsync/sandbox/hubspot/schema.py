"""What object types and properties are, and how the properties API shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crmsync.sandbox.hubspot.moments import instant_text

FIELD_TYPES = {  # property type -> the controls that people may see for it
    "string": ("text", "textarea", "html", "phonenumber", "file", "calculation_equation"),
    "number": ("number", "calculation_equation"),
    "date": ("date",),
    "datetime": ("date",),
    "bool": ("booleancheckbox", "calculation_equation"),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox", "calculation_equation"),
}
TRUTH = (("true", "Yes"), ("false", "No"))


@dataclass(frozen=True, slots=True)
class Property:
    """One property. `made_at` is 0 for HubSpot's own; `owners` means that its values are owner ids."""

    name: str
    type: str
    field_type: str
    label: str = ""
    group: str = ""
    description: str = ""
    options: tuple[tuple[str, str], ...] = ()  # (value, label)
    read_only: bool = False
    owners: bool = False
    unique: bool = False
    made_at: int = 0

    def show(self) -> dict[str, Any]:
        """Its definition as JSON."""
        own = not self.made_at
        return {
            "name": self.name,
            "label": self.label or self.name.replace("_", " ").capitalize(),
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [
                {"label": label, "value": value, "displayOrder": place, "hidden": False}
                for place, (value, label) in enumerate(self.options)
            ],
            "displayOrder": -1,
            "calculated": self.read_only and self.field_type == "calculation_equation",
            "externalOptions": self.owners,
            "hasUniqueValue": self.unique,
            "hidden": False,
            "hubspotDefined": own,
            "archived": False,
            "formField": False,
            "dataSensitivity": "non_sensitive",
            "modificationMetadata": {
                "archivable": not own,
                "readOnlyDefinition": own,
                "readOnlyValue": self.read_only,
                "readOnlyOptions": own,
            },
            **({} if own else {"createdAt": instant_text(self.made_at), "updatedAt": instant_text(self.made_at)}),
            **({"referencedObjectType": "OWNER"} if self.owners else {}),
        }


@dataclass(slots=True)
class ObjectType:
    """One object type: the names that it goes by, its properties, and the scopes that reading and writing it take."""

    name: str  # as in paths: deals
    single: str  # as in messages and association types: deal
    type_id: str
    properties: dict[str, Property]
    defaults: tuple[str, ...]  # what a record shows when nothing is asked for
    scope: str
    schema_scope: str
    modified: str = "hs_lastmodifieddate"
    groups: dict[str, str] = field(default_factory=dict)  # name -> label
    full_name: str = ""  # fully qualified; custom objects only
    primary: str = ""  # the property that names a record

    def names(self) -> Iterable[str]:
        """Every name that a path may use."""
        return {self.name, self.single, self.type_id, self.full_name} - {""}


def text(name: str, **more: Any) -> Property:
    """A line of text."""
    return Property(name, "string", "text", **more)


def number(name: str, **more: Any) -> Property:
    """A number."""
    return Property(name, "number", "number", **more)


def day(name: str, **more: Any) -> Property:
    """A calendar date, without a zone."""
    return Property(name, "date", "date", **more)


def instant(name: str, **more: Any) -> Property:
    """A date and time."""
    return Property(name, "datetime", "date", **more)


def choice(name: str, options: Iterable[str | tuple[str, str]], **more: Any) -> Property:
    """One of a list of values."""
    pairs = tuple((each, each) if isinstance(each, str) else each for each in options)
    return Property(name, "enumeration", "select", options=pairs, **more)


def flag(name: str, **more: Any) -> Property:
    """true or false."""
    return Property(name, "bool", "booleancheckbox", options=TRUTH, **more)


def owner(name: str = "hubspot_owner_id") -> Property:
    """The id of an owner."""
    return Property(name, "enumeration", "select", owners=True)


def by_system(*properties: Property) -> tuple[Property, ...]:
    """The same properties, read-only."""
    return tuple(replace(each, read_only=True) for each in properties)


def object_type(
    name: str,
    single: str,
    type_id: str,
    *properties: Property,
    defaults: Sequence[str] = (),
    group: str = "",
    **more: Any,
) -> ObjectType:
    """An object type with the listed properties and those that the system keeps on every one."""
    group = group or f"{single}information"
    made = by_system(
        number("hs_object_id"), instant("hs_createdate"), instant("hs_lastmodifieddate"), text("hs_object_source")
    )
    merged = by_system(text("hs_merged_object_ids"))
    every = {each.name: replace(each, group=group) for each in (*made, *merged, *properties)}
    shown = (*(defaults or ("hs_createdate",)), "hs_lastmodifieddate", "hs_object_id")
    groups = {group: f"{single.replace('_', ' ').capitalize()} information"}
    return ObjectType(name, single, type_id, every, shown, groups=groups, **more)
