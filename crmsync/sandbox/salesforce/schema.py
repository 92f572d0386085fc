"""What objects and fields are, and how describe shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "anyType": "xsd:anyType",
}
_NEVER = {  # what no field of this org has
    "calculatedFormula": None,
    "controllerName": None,
    "relationshipOrder": None,
    **dict.fromkeys(
        (
            *("externalId", "unique", "caseSensitive", "autoNumber", "dependentPicklist", "cascadeDelete"),
            *("restrictedDelete", "htmlFormatted", "encrypted", "highScaleNumber", "deprecatedAndHidden"),
        ),
        False,
    ),
}
NUMBERS = frozenset({"int", "double", "currency", "percent"})
TEXTS = frozenset({"string", "picklist", "textarea", "email", "phone", "url", "combobox", "anyType"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `type` is describe's word; `length` counts characters, `precision` all digits, `scale` those after the point."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    writable: bool = True  # by people and the API; False for what the system keeps
    createable: bool | None = None  # only when it differs from `writable`
    calculated: bool = False
    filterable: bool = True
    values: tuple[str, ...] = ()
    restricted: bool = False
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    default: str | float | bool | None = None
    tracked: bool = False  # its changes are kept in the object's history
    help_text: str = ""
    granted: bool = True  # seen by everybody; a field made over the API is seen by nobody at first

    @property
    def custom(self) -> bool:
        """Whether it was made by the org."""
        return self.name.endswith("__c")

    @property
    def can_create(self) -> bool:
        """Whether a new record may carry it."""
        return self.writable if self.createable is None else self.createable

    def describe(self, *, editable: bool, values: Sequence[str] | None = None) -> dict[str, Any]:
        """Its row in describe's `fields`, for a user who may or may not edit it; `values` are the org's own for a picklist."""
        listed = self.values if values is None else values
        number = self.type in NUMBERS
        return {
            "name": self.name,
            "label": self.label or self.name.removesuffix("__c").replace("_", " "),
            "type": self.type,
            "soapType": _SOAP.get(self.type, "xsd:string"),
            "length": self.length,
            "byteLength": self.length * 3,
            "digits": self.precision if self.type == "int" else 0,
            "precision": self.precision if number else 0,
            "scale": self.scale,
            "nillable": not self.required and self.type not in ("id", "boolean"),
            "defaultedOnCreate": self.default is not None or self.type == "boolean" or not self.can_create,
            "defaultValue": self.default,
            "createable": editable and self.can_create,
            "updateable": editable and self.writable,
            "permissionable": not self.required and self.type != "id" and self.name not in SYSTEM_FIELDS,
            "calculated": self.calculated,
            "custom": self.custom,
            "restrictedPicklist": self.restricted,
            "picklistValues": [
                {
                    "value": value,
                    "label": value,
                    "active": True,
                    "defaultValue": value == self.default,
                    "validFor": None,
                }
                for value in listed
            ],
            "referenceTo": list(self.reference_to),
            "relationshipName": self.relationship,
            "polymorphicForeignKey": len(self.reference_to) > 1,
            "inlineHelpText": self.help_text or None,
            **self._uses(),
            **_NEVER,
        }

    def _uses(self) -> dict[str, bool]:
        """What a query may do with it."""
        sortable = self.filterable and self.type not in ("textarea", "anyType")
        return {
            "filterable": self.filterable,
            "sortable": sortable,
            "groupable": sortable and self.type not in NUMBERS,
            "aggregatable": sortable,
            "idLookup": self.type == "id",
            "nameField": self.name in ("Name", "Subject"),
        }


def text(name: str, length: int = 255, **more: Any) -> Field:
    """A line of text."""
    return Field(name, "string", length=length, **more)


def picklist(name: str, values: Iterable[str] = (), **more: Any) -> Field:
    """A choice among values; an unlisted one is refused only when it is `restricted`."""
    return Field(name, "picklist", length=255, values=tuple(values), **more)


def money(name: str, **more: Any) -> Field:
    """An amount in the record's currency."""
    return Field(name, "currency", precision=18, scale=2, **more)


def percent(name: str, *, precision: int = 5, scale: int = 1, **more: Any) -> Field:
    """A number of hundredths: 63.2 is 63.2 %."""
    return Field(name, "percent", precision=precision, scale=scale, **more)


def number(name: str, *, precision: int = 18, scale: int = 0, **more: Any) -> Field:
    """A number."""
    return Field(name, "double", precision=precision, scale=scale, **more)


def integer(name: str, **more: Any) -> Field:
    """A whole number."""
    return Field(name, "int", precision=9, **more)


def day(name: str, **more: Any) -> Field:
    """A calendar date, without a zone."""
    return Field(name, "date", **more)


def instant(name: str, **more: Any) -> Field:
    """A date and time, UTC, to the second."""
    return Field(name, "datetime", **more)


def flag(name: str, **more: Any) -> Field:
    """True or false, never blank."""
    return Field(name, "boolean", **more)


def reference(name: str, to: str | tuple[str, ...], **more: Any) -> Field:
    """The id of another record; a path goes through it by its relationship name."""
    names = (to,) if isinstance(to, str) else to
    relationship = name.removesuffix("__c") + "__r" if name.endswith("__c") else name.removesuffix("Id")
    return Field(name, "reference", length=18, reference_to=names, relationship=relationship, **more)


def by_system(*fields: Field) -> tuple[Field, ...]:
    """The same fields, read-only."""
    return tuple(replace(each, writable=False) for each in fields)


ID = Field("Id", "id", length=18, writable=False)
DELETED = Field("IsDeleted", "boolean", writable=False)
CREATED = by_system(instant("CreatedDate"), reference("CreatedById", "User"))
MODIFIED = by_system(instant("LastModifiedDate"), reference("LastModifiedById", "User"))
STAMPED = by_system(instant("SystemModstamp"))
SYSTEM = (ID, DELETED, *CREATED, *MODIFIED, *STAMPED)
SYSTEM_FIELDS = frozenset(each.name for each in SYSTEM)


@dataclass(slots=True)
class SObject:
    """One object: its fields by name, its children by relationship name, and what may be done with its records."""

    name: str
    prefix: str
    fields: dict[str, Field]
    label: str = ""
    plural: str = ""
    children: dict[str, tuple[str, str]] = field(default_factory=dict)  # relationship -> (object, its reference field)
    writable: bool = True
    deletable: bool = True
    updateable: bool | None = None

    @property
    def custom(self) -> bool:
        """Whether it was made by the org."""
        return self.name.endswith("__c")

    @property
    def can_update(self) -> bool:
        """Whether records may be changed once they are made."""
        return self.writable if self.updateable is None else self.updateable

    @property
    def can_delete(self) -> bool:
        """Whether records may be deleted."""
        return self.writable and self.deletable

    def field(self, name: str) -> Field | None:
        """A field by name, in any case."""
        found = self.fields.get(name)
        if found is None:
            found = next((each for each in self.fields.values() if each.name.lower() == name.lower()), None)
        return found

    def summary(self, version: str, *, rights: dict[str, bool]) -> dict[str, Any]:
        """Its row in the list of objects; `rights` says what the user may do."""
        label = self.label or self.name.removesuffix("__c").replace("_", " ")
        address = f"/services/data/v{version}/sobjects/{self.name}"
        return {
            "name": self.name,
            "label": label,
            "labelPlural": self.plural or label + "s",
            "keyPrefix": self.prefix,
            "custom": self.custom,
            "createable": self.writable and rights["create"],
            "updateable": self.can_update and rights["edit"],
            "deletable": self.can_delete and rights["delete"],
            "undeletable": self.can_delete and rights["delete"],
            "queryable": True,
            "retrieveable": True,
            "replicateable": "SystemModstamp" in self.fields or "CreatedDate" in self.fields,
            "searchable": self.writable,
            "triggerable": self.writable,
            "mergeable": False,
            "layoutable": self.writable,
            "activateable": False,
            "feedEnabled": False,
            "hasSubtypes": False,
            "isSubtype": False,
            "mruEnabled": self.writable,
            "customSetting": False,
            "deprecatedAndHidden": False,
            "urls": {
                "sobject": address,
                "describe": f"{address}/describe",
                "rowTemplate": f"{address}/{{ID}}",
            },
        }


def sobject(name: str, prefix: str, *fields: Field, system: Sequence[Field] = SYSTEM, **more: Any) -> SObject:
    """An object whose fields are the system's own and the ones listed."""
    return SObject(name, prefix, {each.name: each for each in (*system, *fields)}, **more)
