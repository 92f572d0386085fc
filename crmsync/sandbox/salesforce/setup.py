"""Rules of the set-up objects: permission sets, their grants and their assignments."""

from collections.abc import Mapping

from crmsync.sandbox.records import Value
from crmsync.sandbox.salesforce.errors import Refused
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.table import Table

_ALWAYS = 2**62
_UNIQUE = {
    "PermissionSet": ("Name",),
    "FieldPermissions": ("ParentId", "Field"),
    "ObjectPermissions": ("ParentId", "SobjectType"),
    "PermissionSetAssignment": ("AssigneeId", "PermissionSetId"),
}


def check_setup(org: Org, table: Table, values: Mapping[str, Value]) -> None:
    """Raises when a new row of a set-up object makes no sense or is there already."""
    if table.name not in _UNIQUE:
        return
    if table.name == "FieldPermissions":
        _check_field(org, values)
    records = table.records
    rows = records.rows(_ALWAYS)
    for row in rows[~table.sweep.gone(rows, _ALWAYS)].tolist():
        there = records.values(row, _ALWAYS)
        if all(there.get(field) == values.get(field) for field in _UNIQUE[table.name]):
            raise _duplicate(table, records.make_id(row))


def _check_field(org: Org, values: Mapping[str, Value]) -> None:
    entity, _, name = str(values["Field"]).partition(".")
    table = org.tables.get(entity)
    field = table.schema.fields.get(name) if table else None
    if field is None or entity != values["SobjectType"]:
        message = f"Field Name: bad value for restricted picklist field: {values['Field']}"
        raise Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, fields=["Field"])
    if field.required:
        message = f"You cannot deploy to a required field: {values['Field']}"
        raise Refused("FIELD_INTEGRITY_EXCEPTION", message, fields=["Field"])
    if values.get("PermissionsEdit") and not values.get("PermissionsRead"):
        message = "Field permissions: a field that may be edited must be readable"
        raise Refused("FIELD_INTEGRITY_EXCEPTION", message, fields=["PermissionsEdit"])


def _duplicate(table: Table, crm_id: str) -> Refused:
    if table.name == "PermissionSet":
        message = "The name of the permission set is already in use: pick another one"
        return Refused("DUPLICATE_DEVELOPER_NAME", message, fields=["Name"])
    return Refused(
        "DUPLICATE_VALUE", f"duplicate value found: <unknown> duplicates value on record with id: {crm_id}", fields=[]
    )
