"""The Tooling API: making custom fields, and listing them."""

import re
from typing import Any

from crmsync.sandbox.http import Response
from crmsync.sandbox.salesforce.catalogue import custom_field
from crmsync.sandbox.salesforce.cursors import Cursors
from crmsync.sandbox.salesforce.errors import Refused, no_access, not_found
from crmsync.sandbox.salesforce.org import Org
from crmsync.sandbox.salesforce.schema import Field
from crmsync.sandbox.salesforce.table import Table
from crmsync.sandbox.salesforce.wire import ApiCall, only, read_object

_NAME = re.compile(r"([A-Za-z]\w*)\.([A-Za-z]\w*__c)")
_NUMBERS = {"Percent": "percent", "Currency": "currency", "Number": "double"}
_PLAIN = {"Date": "date", "DateTime": "datetime", "Checkbox": "boolean"}
_TEXTS = {"Text": ("string", 255), "TextArea": ("textarea", 255), "LongTextArea": ("textarea", 131_072)}
_KNOWN = frozenset(
    ("label", "type", "length", "precision", "scale", "description", "inlineHelpText", "required", "defaultValue", "visibleLines",
     "externalId", "unique", "trackHistory", "trackTrending", "valueSet")
)  # fmt: skip


class Tooling:
    """The handlers of tooling/. Custom fields that the org came with aren't listed."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.fields = org.empty_table(custom_field())
        self.cursors = Cursors(org, tables={"CustomField": self.fields})

    def make_field(self, call: ApiCall) -> Response:
        """POST tooling/sobjects/CustomField. The field exists from now on, seen by nobody until a permission set grants it."""
        only(call.request)
        if not self.org.rights.customizes():
            raise no_access("insufficient access rights on cross-reference id")
        body = read_object(call.request)
        if unknown := set(body) - {"FullName", "Metadata"}:
            raise Refused("INVALID_FIELD", f"No such column '{min(unknown)}' on sobject of type CustomField")
        match = _NAME.fullmatch(str(body.get("FullName", "")))
        metadata = body.get("Metadata")
        if match is None or not isinstance(metadata, dict):
            message = "FullName and Metadata are required: Object.Field__c"
            raise Refused("FIELD_INTEGRITY_EXCEPTION", message, fields=["FullName"])
        table = self.org.tables.get(match[1])
        if table is None or not table.schema.writable:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", f"Entity Enumeration Or ID: {match[1]}", fields=["FullName"])
        crm_id = self._add(table, read_metadata(match[2], metadata), call.user)
        return Response(201, {"id": crm_id, "success": True, "errors": [], "warnings": [], "infos": []})

    def _add(self, table: Table, field: Field, user: str) -> str:
        name = field.name.removesuffix("__c")
        with self.org.lock:
            if table.schema.field(field.name) is not None:
                message = f"There is already a field named {name} on {table.name}."
                raise Refused("DUPLICATE_DEVELOPER_NAME", message, fields=["DeveloperName"])
            table.schema.fields[field.name] = field
            values = {"DeveloperName": name, "TableEnumOrId": table.name}
            records = self.fields.records
            return records.make_id(records.make(values, at=self.org.clock.now(), who=user))

    def get_field(self, call: ApiCall, *, crm_id: str) -> Response:
        """GET tooling/sobjects/CustomField/ID."""
        only(call.request)
        now = self.org.clock.now()
        row = self.fields.row(crm_id, now)
        if row is None:
            raise not_found()
        values = self.fields.values(row, now)
        return Response(body={**values, "FullName": f"{values['TableEnumOrId']}.{values['DeveloperName']}__c"})


def read_metadata(name: str, metadata: dict[str, Any]) -> Field:
    """A custom field out of its Metadata. Raises FIELD_INTEGRITY_EXCEPTION and JSON_PARSER_ERROR."""
    if unknown := set(metadata) - _KNOWN:
        raise Refused("JSON_PARSER_ERROR", f"No such column '{min(unknown)}' on sobject of type Metadata")
    label, kind = metadata.get("label"), metadata.get("type")
    if not isinstance(label, str) or not label or len(label) > 40:
        raise Refused("FIELD_INTEGRITY_EXCEPTION", "Field Label: required, at most 40 characters", fields=["Label"])
    more: dict[str, Any] = {"label": label, "granted": False, "help_text": str(metadata.get("inlineHelpText") or "")}
    if kind in _NUMBERS:
        precision, scale = _whole(metadata, "precision", 18), _whole(metadata, "scale", 18)
        if scale > precision:
            raise Refused("FIELD_INTEGRITY_EXCEPTION", "The sum of length and decimal places must be at most 18")
        return Field(name, _NUMBERS[kind], precision=precision, scale=scale, **more)
    if kind in _TEXTS:
        type_, longest = _TEXTS[kind]
        length = longest if kind == "TextArea" else _whole(metadata, "length", longest)
        return Field(name, type_, length=length, filterable=kind != "LongTextArea", **more)
    if kind in _PLAIN:
        return Field(name, _PLAIN[kind], **more)
    raise Refused("FIELD_INTEGRITY_EXCEPTION", f"Invalid field type: {kind}", fields=["DataType"])


def _whole(metadata: dict[str, Any], key: str, most: int) -> int:
    value = metadata.get(key)
    if type(value) is not int or not 0 <= value <= most:
        raise Refused("FIELD_INTEGRITY_EXCEPTION", f"{key}: a whole number from 0 to {most} is required", fields=[key])
    return value
